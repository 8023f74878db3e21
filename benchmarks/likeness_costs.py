"""What cues cost: films are embedded as they always are, and what each part takes is timed on the way."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from reinterpret.cues import CUES
from reinterpret.cues.courses import CourseMeter
from reinterpret.cues.motion_meter import MotionMeter
from reinterpret.embeddings import embed_video
from reinterpret.encoders import Encoder
from reinterpret.shots import Detection
from reinterpret.video import Video

ENCODER = "encoder"
MEASURING = "movement, measured"
LAYOUT = "course, measured"


@dataclass(frozen=True)
class Costs:
    """What was timed."""

    milliseconds: dict[str, float]
    """A shot: every cue by its name, measuring movement and layouts, and the encoder."""
    shots: int
    footage_seconds: float
    whole_seconds: float
    """Of embedding all films, with decoding and looking for cuts."""

    @property
    def cue_share(self) -> float:
        """Of the whole: the cues and what is measured for them alone, as if nothing ran beside anything else."""
        parts = sum(value for name, value in self.milliseconds.items() if name != ENCODER)
        return parts * self.shots / 1000 / self.whole_seconds


def measure_costs(videos: Sequence[Video], encoder: Encoder, detection: Detection) -> Costs:
    """Embed some films, one after the other."""
    taken: dict[str, float] = defaultdict(float)
    shots = 0
    with ExitStack() as stack:
        for cue in CUES:
            stack.enter_context(_timed(cue, "vector", cue.name, taken))
        stack.enter_context(_timed(MotionMeter, "feed", MEASURING, taken))
        stack.enter_context(_timed(CourseMeter, "feed", LAYOUT, taken))
        stack.enter_context(_timed(encoder, "look", ENCODER, taken))
        began = time.perf_counter()
        for video in videos:
            shots += len(embed_video(video, encoder, detection=detection).shots)
        whole = time.perf_counter() - began
    footage = float(sum(video.duration for video in videos))
    return Costs({name: seconds * 1000 / shots for name, seconds in taken.items()}, shots, footage, whole)


@contextmanager
def _timed(owner: Any, method: str, name: str, taken: dict[str, float]) -> Iterator[None]:
    """Count the seconds spent in a method, of an object or a class, while this lasts."""
    inner: Callable[..., Any] = getattr(owner, method)
    own = method in vars(owner)

    def timed(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            taken[name] += time.perf_counter() - began

    setattr(owner, method, timed)
    try:
        yield
    finally:
        if own:
            setattr(owner, method, inner)
        else:
            delattr(owner, method)


def costs_table(costs: Costs) -> str:
    """A line for each part."""
    lines = [f"{'cost':<22}{'ms a shot':>10}"]
    lines += [f"{name:<22}{value:>10.2f}" for name, value in costs.milliseconds.items()]
    lines.append(
        f"embedding {costs.footage_seconds:.0f} s of film, {costs.shots} shots, takes {costs.whole_seconds:.1f} s; "
        f"cues are {costs.cue_share:.0%} of it, the encoder left out"
    )
    return "\n".join(lines)
