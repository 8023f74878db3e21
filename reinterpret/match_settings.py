"""How a trailer is to be answered: the settings of `match`, checked when they are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from reinterpret.assignment import Rules
from reinterpret.cues import PRESETS, cue_names, preset_weights
from reinterpret.errors import UsageError
from reinterpret.face_preference import FacePolicy
from reinterpret.pace import ShortPolicy
from reinterpret.places import FadePolicy, WipePolicy

TitlePolicy = Literal["keep", "match", "black"]

MOST_VARIATIONS = 9


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """How a trailer is to be answered."""

    weights: Mapping[str, float] = field(default_factory=lambda: PRESETS["balanced"])
    """What each cue counts, by its name."""
    suggestions: int = 10
    """Kept for each shot."""
    short: ShortPolicy = "slow"
    """Archive shots that are too short: `slow` them down, to half speed at most, then hold the last frame; `next`: take
    another wherever there is one; `hold` the last frame; `second`: a second shot follows. The rules say what each
    costs."""
    fill: float | None = None
    """Trailer shots longer than this, in seconds, are answered by two archive shots."""
    titles: TitlePolicy = "keep"
    """Title cards of the trailer: `keep` them, `match` them like any shot, or leave them `black`."""
    fades: FadePolicy = "follow"
    """Fades of the trailer: laid on its matches as they are (`follow`), or none (`cut`)."""
    wipes: WipePolicy = "dissolve"
    """What wipes of the trailer become: a `dissolve` over the same frames, or a `cut`."""
    faces: FacePolicy = "prefer"
    """Close-ups of faces: a face of the archive is preferred for them (`prefer`), or faces count as all else does."""
    echo: bool = True
    """A shot that returns in the trailer is answered by the same archive shot each time."""
    rules: Rules = Rules()  # noqa: RUF009 - frozen
    only: tuple[str, ...] = ()
    """Films (by path, file name or fingerprint) that alone may answer."""
    without: tuple[str, ...] = ()
    """Films that may not."""
    folders: tuple[Path, ...] = ()
    """Folders below which films must lie to answer."""
    include_trailer: bool = False
    """Whether the archive may answer a trailer with itself."""
    text_ok: bool = False
    """Whether lettering, logos, plates and counters may answer; else they do only where there is nothing else."""

    def __post_init__(self) -> None:
        if self.suggestions < 1:
            raise UsageError(f"at least one suggestion must be kept for each shot, got {self.suggestions}")
        if self.fill is not None and not (math.isfinite(self.fill) and self.fill > 0):
            raise UsageError(f"shots are filled with two from a number of seconds above 0 on, got {self.fill}")
        for what, value, known in (
            ("short clips", self.short, ShortPolicy),
            ("titles", self.titles, TitlePolicy),
            ("fades", self.fades, FadePolicy),
            ("wipes", self.wipes, WipePolicy),
            ("faces", self.faces, FacePolicy),
        ):
            if value not in get_args(known):
                raise UsageError(f"unknown policy {value!r} for {what}; choose one of {', '.join(get_args(known))}")
        known_cues = {name: self.weights[name] for name in cue_names() if name in self.weights}
        if len(known_cues) < len(self.weights) or not all(map(math.isfinite, known_cues.values())):
            raise UsageError(f"weights are numbers for some of {', '.join(cue_names())}, got {dict(self.weights)}")
        if min(known_cues.values(), default=0.0) < 0 or not any(known_cues.values()):
            raise UsageError(f"weights are 0 or more, and at least one is above 0, got {dict(self.weights)}")


def variations(settings: MatchSettings, asked: str) -> dict[str, MatchSettings]:
    """Settings for several edits of one trailer, by name.

    asked: how many, such as `4`: the best edit and others of similar quality, by seed; or what is to count, such as
    `balanced,content,colour`. Raises UsageError.
    """
    if asked.isascii() and asked.isdigit():
        count = int(asked[:3])
        if not 2 <= count <= MOST_VARIATIONS:
            raise UsageError(f"there can be 2 to {MOST_VARIATIONS} variations, got {asked}")
        first = settings.rules.seed or 0
        seeds = range(first + 1, first + count)
        return {"best": settings} | {
            f"seed {seed}": replace(settings, rules=replace(settings.rules, seed=seed)) for seed in seeds
        }
    names = [name.strip() for name in asked.split(",")]
    if not 2 <= len(set(names)) == len(names) <= MOST_VARIATIONS:
        raise UsageError(
            f"variations are a number such as 4, or 2 to {MOST_VARIATIONS} different cues such as content,colour, "
            f"got {asked!r}"
        )
    return {name: replace(settings, weights=preset_weights(name)) for name in names}
