"""Controls: what is set and a pressed key go in, what is set then comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reinterpret.live.matcher import STILL_PRESETS
from reinterpret.live.stage import LAYOUTS, StageLayout


@dataclass(frozen=True, slots=True)
class Controls:
    """What a person at the keyboard has a say in."""

    layout: StageLayout = "side-by-side"
    by: str | None = "balanced"
    """The name of the preset; None while weights of one's own count."""
    mirror: bool = False
    frozen: bool = False
    """Whether both pictures stand still."""
    recording: bool = False
    stats: bool = False
    stills: int = 0
    """How many stills were asked for."""
    leave: bool = False


def pressed(controls: Controls, key: int) -> Controls:
    """What is set after a key (its ASCII code); keys that mean nothing change nothing."""
    action = _ACTIONS.get(chr(key).lower())
    return controls if action is None else action(controls)


def _next_layout(controls: Controls) -> Controls:
    return replace(controls, layout=LAYOUTS[(LAYOUTS.index(controls.layout) + 1) % len(LAYOUTS)])


def _next_cue(controls: Controls) -> Controls:
    at = -1 if controls.by is None else STILL_PRESETS.index(controls.by)
    return replace(controls, by=STILL_PRESETS[(at + 1) % len(STILL_PRESETS)])


def _leave(controls: Controls) -> Controls:
    return replace(controls, leave=True)


_ACTIONS: dict[str, Callable[[Controls], Controls]] = {
    "l": _next_layout,
    "c": _next_cue,
    "m": lambda controls: replace(controls, mirror=not controls.mirror),
    "f": lambda controls: replace(controls, frozen=not controls.frozen),
    " ": lambda controls: replace(controls, frozen=not controls.frozen),
    "s": lambda controls: replace(controls, stills=controls.stills + 1),
    "r": lambda controls: replace(controls, recording=not controls.recording),
    "t": lambda controls: replace(controls, stats=not controls.stats),
    "q": _leave,
    "\x1b": _leave,
}

KEYS = (
    "keys: l layout, c cue, m mirror, f or space freeze, s save a still, r record, t figures (--stats), q or Esc leave"
)
"""For people."""
