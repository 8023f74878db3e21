"""Cues: what likeness means. Each makes one unit vector of what is known about a shot.

A cue is a module with a function that takes what the decoding pass gathered and returns a unit vector; the
vectors of all cues are concatenated in the index, so that a query can weigh them.
"""

from __future__ import annotations

CUES = ("content",)
"""In the order in which the index holds them."""
