"""Transitions: scores of every frame go in, the boundaries between shots come out, of whatever network they are.

A network says of each frame how likely it is the first after a hard cut, and how likely it lies within a dissolve,
a fade or a wipe. `TransitionFinder` takes this frame by frame and makes boundaries of it by the same few rules:

- A cut is a local peak above the threshold, which is 1 - sensitivity.
- A gradual transition is a run of frames whose gradual scores together exceed the threshold somewhere and half of it
  everywhere. Where a cut lies at either end of a fade, it has begun or ended hard, unless a picture lies between the
  cut and the black; of a cut and any other run around it the more certain is meant; a run of one or two frames at a cut
  is that cut. A wipe of a few frames must be certain.
- A picture on which nothing can be seen, black or white, is evidence of its own: as a shot where it lasts, and
  where it is short, as the middle of one fade from the first frame that is darkened to the last.
- Black and white with nothing but dust and words in them belong to a fade next to them, up to a cut where it ends hard.
  A picture in the dark, or in glaring light, belongs to one only where it lies between two.
- A transition at the first or the last frame of the film makes no shot, and only trims the one that is there.

Between two boundaries lies at least one frame that belongs to neither.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from reinterpret.shots.shot import Boundary, Transition

GRADUAL: tuple[Transition, ...] = ("dissolve", "fade", "wipe")
"""What the columns of the gradual scores stand for."""

# A run of frames goes on for as long as its score is above this share of the threshold.
_RUN_SHARE = 0.5
# So many frames below that, or so many frames with something to see in black, do not end a run.
_BRIDGED_FRAMES = 2
# Shorter runs at a cut are what compression and changes of the frame rate make of a cut.
_SHORTEST_GRADUAL = 3
# A wipe is made to be seen. What passes through the picture in fewer frames is mostly a body or a hand, unless the
# network is quite certain.
_SHORTEST_WIPE, _CERTAIN = 6, 0.75
# Closer to a run than this, a cut leaves no room for a shot between them.
_EDGE_FRAMES = 2
# The slow dissolves of feature films take three seconds. What lasts longer is taken to be over, and not looked at
# until it is: neither memory nor the delay may depend on it.
_LONGEST_GRADUAL_SECONDS = Fraction(4)
# Black that lasts is a shot of its own, and stays black in a reinterpretation.
FLAT_SHOT_SECONDS = Fraction(1, 2)
# Black for a moment between two pictures is where one ends, whatever the scores say: titles are too small for those.
# White may be a flash, and a black frame or two a splice or a blink.
_SHORTEST_BLACK_FRAMES = 4
# Of a boundary that only a black picture speaks for.
_FLAT_CONFIDENCE = 0.5
# Sensitivities of 0 and 1 would leave nothing and everything.
_LOWEST_THRESHOLD, _HIGHEST_THRESHOLD = 0.01, 0.99
# Black and white in video range are 16 and 235; this leaves room for what transfers make of them, and for the noise
# that is left on frames as small as these.
_BLACK_MEAN, _WHITE_MEAN = 26, 225
_EVEN = 4
# White flickers on old film, and has dust on it.
_WORN_WHITE_MEAN = 205
# Dust, words and the noise of worn film cover up to 7 in a hundred pixels, what is to be seen on a picture that is as
# dark, or as bright, 14 and more.
_LARGEST_DUST = 0.1

_Neighbour = Literal["picture", "flat", "film"]
"""What lies next to a stretch: pictures of a shot, a flat shot, or the edge of the film."""


@dataclass(frozen=True, slots=True)
class FrameScores:
    """What a network says of N frames, one after the other."""

    cut: np.ndarray
    """N numbers from 0 to 1: that the frame is the first of a new shot after a hard cut."""
    gradual: np.ndarray
    """N x 3 numbers from 0 to 1: that the frame lies within a dissolve, a fade, a wipe."""
    flat: np.ndarray
    """N integers: what `flat_picture` says of the frame."""

    def __post_init__(self) -> None:
        count = len(self.cut)
        if (self.cut.shape, self.gradual.shape, self.flat.shape) != ((count,), (count, len(GRADUAL)), (count,)):
            raise ValueError(
                f"expected N, N x {len(GRADUAL)} and N values, got "
                f"{self.cut.shape}, {self.gradual.shape} and {self.flat.shape}"
            )

    def __len__(self) -> int:
        return len(self.cut)


BLACK, WHITE, FADED, DIM = 1, 2, 3, 4
_NOTHING, _LITTLE = (BLACK, WHITE), (BLACK, WHITE, FADED)


def flat_picture(luma: np.ndarray) -> int:
    """Whether nothing can be seen on a frame (H x W uint8, video range): BLACK or WHITE; FADED: little; else DIM or 0.

    Black bars around white do not count as something to see; a picture that is only just coming up does. FADED is as
    dark or as bright as the others, but has something on it that may be dust, or words; DIM has more: it is a picture
    in the dark, or one that is not quite gone.
    """
    import cv2

    mean = cv2.mean(luma)[0]
    sample = luma[::2, ::2]  # tells as much as all of it
    if mean < _BLACK_MEAN:
        return BLACK if _is_even(sample, mean) else _faded(sample)
    row, column = len(sample) // 2, sample.shape[1] // 2
    if mean < _WHITE_MEAN // 2 or sample[row - 4 : row + 4, column - 4 : column + 4].max(initial=0) <= _WORN_WHITE_MEAN:
        return 0  # most frames, known for less than the rest costs
    lit = sample > _BLACK_MEAN + _EVEN
    inner = sample[lit.any(axis=1)][:, lit.any(axis=0)][1:-1, 1:-1]  # where bars end there is some of both
    mean = inner.mean() if inner.size else 0
    if mean > _WHITE_MEAN and _is_even(inner, mean):
        return WHITE
    return _faded(inner) if mean > _WORN_WHITE_MEAN else 0


def _faded(sample: np.ndarray) -> int:
    """What is as dark, or as bright, as black and white: FADED or DIM."""
    # The median, counted: sorting takes as long as all else that is done for a frame.
    up_to = np.bincount(sample.ravel()).cumsum()
    median = int(np.searchsorted(up_to, [(sample.size - 1) // 2, sample.size // 2], side="right").sum()) // 2
    return FADED if _standing_out(sample, median, 2 * _EVEN) < sample.size * _LARGEST_DUST else DIM


def _is_even(sample: np.ndarray, mean: float) -> bool:
    """Whether no more than one pixel in a thousand stands out: there is less of a small title than one thinks."""
    return _standing_out(sample, int(mean), _EVEN) <= sample.size // 1000


def _standing_out(sample: np.ndarray, level: int, by: int) -> int:
    """How many pixels differ from a level by more than so much."""
    return int(np.count_nonzero(np.abs(sample.astype(np.int16) - level) > by))


class TransitionFinder:
    """Makes boundaries of the scores of a film's frames, while they come in. Any chunking gives the same."""

    delay_frames: int
    """A boundary is reported at most this many frames after the first frame of its transition."""

    def __init__(self, *, frame_rate: Fraction, sensitivity: float, gradual_needs_cut: bool = False) -> None:
        """gradual_needs_cut: for networks whose cut score tells which runs are transitions, by a peak within."""
        self._rules = _Rules(
            threshold=min(max(1 - sensitivity, _LOWEST_THRESHOLD), _HIGHEST_THRESHOLD),
            long_frames=max(2, round(FLAT_SHOT_SECONDS * frame_rate)),
            gradual_needs_cut=gradual_needs_cut,
        )
        self._longest = max(4 * _SHORTEST_GRADUAL, round(_LONGEST_GRADUAL_SECONDS * frame_rate))
        # Black is over when a few frames show something, and so is all else.
        self.delay_frames = self._longest + self._rules.long_frames + 2 * (_BRIDGED_FRAMES + 1)
        self._awaited: deque[_Frame] = deque()  # frames that may yet turn out to be no peak, or black
        self._number = 0  # of the frame after the last that was taken from there
        self._last_cut = 0.0
        self._stretch: deque[_Frame] = deque()  # frames in which something is going on
        self._stretch_start = 0
        self._after_flat = False  # whether a flat shot ends where the stretch begins
        self._certain = False  # whether anything in the stretch exceeds the threshold
        self._quiet = 0  # frames at its end in which nothing is going on
        self._dim = 0  # of those, the first that are dim
        self._flat, self._flat_frames = 0, 0  # what `flat_picture` says, and for how long it has said so
        self._spent = False  # whether something gradual has gone on for too long
        self._calm = 0  # frames since it was last seen to go on
        self._claimed = 0  # the frame after the last transition

    def feed(self, scores: FrameScores) -> list[Boundary]:
        """Take the next frames and return the boundaries that have become certain, in order."""
        boundaries: list[Boundary] = []
        cut = np.clip(np.nan_to_num(scores.cut), 0, 1).tolist()
        gradual = np.clip(np.nan_to_num(scores.gradual), 0, 1).tolist()
        for one, three, flat in zip(cut, gradual, scores.flat.tolist(), strict=True):
            clear = flat if flat in _NOTHING else 0
            self._await(_Frame(one, tuple(three), min(1.0, sum(three)), clear, flat in _LITTLE, flat > 0))
            if len(self._awaited) > _BRIDGED_FRAMES + 1:
                boundaries += self._take(self._awaited.popleft())
        return boundaries

    def finish(self) -> list[Boundary]:
        """The film is over: return what is left, in order."""
        boundaries: list[Boundary] = []
        while self._awaited:
            boundaries += self._take(self._awaited.popleft())
        return boundaries + self._close(len(self._stretch), "film")

    def _await(self, frame: _Frame) -> None:
        """Put a frame in line; if it is flat, so are the few frames between it and the last that was the same."""
        awaited = self._awaited
        awaited.append(frame)
        if not frame.flat:
            return
        between = 0
        while between + 2 <= len(awaited) and not awaited[-between - 2].flat:
            between += 1
        if between + 2 <= len(awaited) and awaited[-between - 2].flat == frame.flat:
            for position in range(-between - 1, -1):
                awaited[position] = awaited[position]._replace(flat=frame.flat)

    def _take(self, frame: _Frame) -> list[Boundary]:
        """The next frame, of which all is known."""
        boundaries: list[Boundary] = []
        if frame.flat == 0 or frame.flat != self._flat:
            # Nothing is torn apart while a picture is black: that is soon over, or a shot.
            if self._flat_frames >= self._rules.long_frames:
                self._after_flat, self._certain, self._stretch_start = True, True, self._number
            elif len(self._stretch) >= self._longest:
                boundaries += self._close(len(self._stretch), "picture")
                self._spent, self._calm = True, 0
            self._flat, self._flat_frames = frame.flat, 0
        frame = self._unless_spent(self._peak_only(frame))
        self._number += 1
        self._flat_frames += frame.flat > 0
        if self._flat_frames <= self._rules.long_frames:
            boundaries += self._extend(frame)
        return boundaries

    def _peak_only(self, frame: _Frame) -> _Frame:
        """The frame with its cut score if that is a peak, else with none."""
        following = self._awaited[0].cut if self._awaited else 0.0
        before, self._last_cut = self._last_cut, frame.cut
        peak = frame.cut >= self._rules.threshold and before < frame.cut >= following
        return frame if peak else frame._replace(cut=0.0)

    def _unless_spent(self, frame: _Frame) -> _Frame:
        if not self._spent:
            return frame
        self._calm = self._calm + 1 if frame.gradual < self._rules.low else 0
        self._spent = self._calm <= _BRIDGED_FRAMES
        return frame._replace(gradual=0.0, kinds=_NO_KIND)

    def _extend(self, frame: _Frame) -> list[Boundary]:
        """Add a frame to the stretch if anything is going on, and close it when nothing is any more."""
        rules, stretch = self._rules, self._stretch
        active = bool(frame.cut or frame.flat or frame.gradual >= rules.low)
        if not (active or stretch or self._after_flat):
            return []
        if not stretch:
            self._stretch_start, self._quiet, self._dim = self._number - 1, 0, 0
        stretch.append(frame)
        self._certain = self._certain or bool(frame.cut or frame.flat or frame.gradual >= rules.threshold)
        # For as long as a fade may take to end hard, black and white go on being part of it.
        lingers = frame.dim and self._dim == self._quiet < rules.long_frames
        self._quiet, self._dim = (0, 0) if active else (self._quiet + 1, self._dim + lingers)
        if self._flat_frames == rules.long_frames:
            return self._close(len(stretch) - rules.long_frames, "flat")
        if self._quiet - self._dim > _BRIDGED_FRAMES:
            return self._close(len(stretch) - self._quiet, "picture")
        if not self._certain and len(stretch) > self._longest // 2:
            stretch.popleft()
            self._stretch_start += 1
        return []

    def _close(self, stop: int, after: _Neighbour) -> list[Boundary]:
        """What went on in the stretch; at its frame `stop` begins what comes after."""
        frames, start, count = list(self._stretch), self._stretch_start, self._number
        before: _Neighbour = "flat" if self._after_flat else "film" if start <= _BRIDGED_FRAMES else "picture"
        self._stretch.clear()
        self._after_flat = self._certain = False
        if not frames:
            return []
        pieces = _edged(_pieces(frames, stop, self._rules, before, after), stop, before, after)
        boundaries = []
        for piece in pieces:
            boundary = self._boundary(piece, start, count if after == "film" else None)
            if boundary is not None:
                boundaries.append(boundary)
                self._claimed = boundary.end_frame
        return boundaries

    def _boundary(self, piece: _Piece, offset: int, count: int | None) -> Boundary | None:
        """A piece as a boundary, unless no frame would be left before it, or after it of `count`."""
        start, end = piece.start + offset, piece.end + offset
        if piece.kind == "start":
            return None if end == count else Boundary(0, "start", 0, end)
        start = max(start, self._claimed + 1)
        if piece.at_end:
            return Boundary(end, piece.kind, start, end, piece.confidence) if start < end else None
        if start > end or end == count:
            return None
        if piece.kind == "cut":
            return Boundary.cut(start, piece.confidence)
        return Boundary.gradual(piece.kind, start, end, piece.confidence)


@dataclass(frozen=True, slots=True)
class _Rules:
    threshold: float
    long_frames: int
    """So long is a flat picture that is a shot."""
    gradual_needs_cut: bool

    @property
    def low(self) -> float:
        return self.threshold * _RUN_SHARE


class _Frame(NamedTuple):
    cut: float
    kinds: tuple[float, ...]
    gradual: float
    flat: int
    faded: bool
    dim: bool
    """Or faded, or flat."""


_NO_KIND = (0.0,) * len(GRADUAL)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something that happens in a stretch: a boundary in the making. Frames count from the start of the stretch."""

    start: int
    end: int
    kind: Transition
    confidence: float
    at_end: bool = False
    """Whether the film ends with it."""


def _pieces(frames: list[_Frame], stop: int, rules: _Rules, before: _Neighbour, after: _Neighbour) -> list[_Piece]:
    """Cuts, runs and fades through short black, in order; before `stop`, or there."""
    pieces = []
    for piece in _cuts_and_runs(frames, rules, from_film_start=before == "film"):
        if piece.start <= stop + _BRIDGED_FRAMES:
            pieces.append(_Piece(min(piece.start, stop), min(piece.end, stop), piece.kind, piece.confidence))
    for start, end in _flat_runs(frames[:stop]):
        near = [p for p in pieces if p.start <= end + _BRIDGED_FRAMES and p.end >= start - _BRIDGED_FRAMES]
        at_edge = (before != "picture" and start <= _BRIDGED_FRAMES) or (
            after != "picture" and end >= stop - _BRIDGED_FRAMES
        )
        black = end - start >= _SHORTEST_BLACK_FRAMES and all(frame.flat == BLACK for frame in frames[start:end])
        if near or at_edge or black:
            confidence = max([_FLAT_CONFIDENCE, *(piece.confidence for piece in near)])
            start, end = min([start, *(p.start for p in near)]), max([end, *(p.end for p in near)])
            pieces = [piece for piece in pieces if piece not in near]
            pieces.append(_Piece(start, end, "fade", confidence))
    return sorted(pieces, key=lambda piece: (piece.start, piece.end))


def _edged(pieces: list[_Piece], stop: int, before: _Neighbour, after: _Neighbour) -> list[_Piece]:
    """The same, with what borders on a flat shot, or on the edge of the film, brought up to it."""
    if before == "flat":
        near = [piece for piece in pieces if piece.start <= _BRIDGED_FRAMES]
        end = max((piece.end for piece in near if piece.kind != "cut"), default=0)
        pieces = [_beside_flat(0, end, near), *pieces[len(near) :]]
    elif before == "film":
        near = [piece for piece in pieces if piece.start <= _BRIDGED_FRAMES and piece.kind != "cut"]
        pieces = [piece for piece in pieces if piece not in near and piece.start > 0]
        ends = [piece.end for piece in near if piece.kind == "fade"]  # a dissolve takes two shots, and here is one
        if ends:
            pieces.insert(0, _Piece(0, max(ends), "start", 1.0))
    if after == "picture" or (before == "film" and stop == 0):
        return pieces
    near = [piece for piece in pieces if piece.end >= stop - _BRIDGED_FRAMES]
    if near and near[0].kind == "start":
        return [_Piece(0, stop, "start", 1.0)]
    gradual = [piece for piece in near if piece.kind != "cut"]
    start = min((piece.start for piece in gradual), default=stop)
    if after == "flat":
        return [piece for piece in pieces if piece not in near] + [_beside_flat(start, stop, near)]
    pieces = [piece for piece in pieces if piece not in gradual and (piece.start < start or not gradual)]
    faded = [piece for piece in gradual if piece.kind == "fade"]
    if faded:
        start, confidence = min(piece.start for piece in faded), max(piece.confidence for piece in faded)
        pieces.append(_Piece(start, stop, "fade", confidence, at_end=True))
    return pieces


def _beside_flat(start: int, end: int, evidence: list[_Piece]) -> _Piece:
    """Where a flat shot begins or ends: at once, or over some frames."""
    confidence = max([_FLAT_CONFIDENCE, *(piece.confidence for piece in evidence)])
    return _Piece(start, end, "fade" if start < end else "cut", confidence)


def _cuts_and_runs(frames: list[_Frame], rules: _Rules, *, from_film_start: bool) -> list[_Piece]:
    """What the scores alone say, in order: no two of these overlap.

    Where a cut lies in a run, or next to it, there is no shot between them and only one of them is meant: the more
    certain of the two.
    """
    cuts = [number for number, frame in enumerate(frames) if frame.cut]
    pieces = []
    for run in _gradual_runs(frames, rules):
        start, end, near = run.start, run.end, _near(cuts, run.start, run.end)
        if run.kind == "fade" and not rules.gradual_needs_cut:
            start, end, near = _hard_ends(start, end, cuts, frames, from_film_start and start <= _BRIDGED_FRAMES)
        if near and end - start < _SHORTEST_GRADUAL:
            continue
        if rules.gradual_needs_cut and not near:
            continue
        if run.kind == "wipe" and end - start < _SHORTEST_WIPE and run.confidence < _CERTAIN:
            continue
        inside = [cut for cut in near if run.kind != "fade" or start + _EDGE_FRAMES < cut < end - _EDGE_FRAMES]
        if not rules.gradual_needs_cut and any(frames[cut].cut > run.confidence for cut in inside):
            continue
        cuts = [cut for cut in cuts if cut not in near]
        begin, stop = min([start, *near]), max([end, *near])
        confidences = [frames[cut].cut for cut in near] + ([] if rules.gradual_needs_cut else [run.confidence])
        pieces.append(_Piece(begin, stop, run.kind, max(confidences)))
    pieces += [_Piece(cut, cut, "cut", frames[cut].cut) for cut in cuts]
    return sorted(pieces, key=lambda piece: (piece.start, piece.end))


def _near(cuts: list[int], start: int, end: int) -> list[int]:
    """Which cuts lie in a run or next to it."""
    return [cut for cut in cuts if start - _EDGE_FRAMES <= cut <= end + _EDGE_FRAMES]


def _hard_ends(
    start: int, end: int, cuts: list[int], frames: list[_Frame], from_black: bool
) -> tuple[int, int, list[int]]:
    """A fade begins and ends hard where nothing lies between it and a cut but black or white: its range, and such cuts.

    from_black: whether what lies before it, if anything, is black. A cut next to the fade with a picture between it and
    the black is another boundary, and what was the fade's on its other side is not.
    """
    first, last = start, end
    while first > 0 and frames[first - 1].faded:
        first -= 1
    while last < len(frames) and frames[last].faded:
        last += 1
    start, end = first if first in cuts else start, last if last in cuts else end
    faded = [number for number in range(start, end) if frames[number].faded]
    near = []
    for cut in _near(cuts, start, end):
        if cut <= start + _EDGE_FRAMES and faded and faded[0] > cut + _EDGE_FRAMES:
            start = max(start, cut + 1)
        elif cut >= end - _EDGE_FRAMES and (from_black or faded) and max([0, *faded]) < cut - _EDGE_FRAMES - 1:
            end = min(end, cut - 1)
        else:
            near.append(cut)
    return start, end, near


def _run(start: int, end: int, frames: list[_Frame]) -> _Piece:
    """A gradual transition over some frames; as certain as the more certain half of them."""
    run = frames[start:end]
    sums = [sum(column) for column in zip(*(frame.kinds for frame in run), strict=True)]
    highest = sorted((frame.gradual for frame in run), reverse=True)[: (len(run) + 1) // 2]
    return _Piece(start, end, GRADUAL[sums.index(max(sums))], sum(highest) / len(highest))


def _gradual_runs(frames: list[_Frame], rules: _Rules) -> list[_Piece]:
    """Gradual transitions by the scores alone; two fades with nothing but black or white between them are one."""
    going = [number for number, frame in enumerate(frames) if frame.gradual >= rules.low]
    runs: list[_Piece] = []
    for start, end in _bridged(going, _BRIDGED_FRAMES):
        if not any(frame.gradual >= rules.threshold for frame in frames[start:end]):
            continue
        run, last = _run(start, end, frames), runs[-1] if runs else None
        if last and last.kind == run.kind == "fade" and all(frame.dim for frame in frames[last.end : start]):
            runs[-1] = _run(last.start, end, frames)
        else:
            runs.append(run)
    return runs


def _flat_runs(frames: list[_Frame]) -> Iterator[tuple[int, int]]:
    """Runs of frames, half-open, on which nothing can be seen."""
    return _bridged([number for number, frame in enumerate(frames) if frame.flat], 0)


def _bridged(numbers: list[int], longest_gap: int) -> Iterator[tuple[int, int]]:
    """Ascending numbers as ranges, half-open, over gaps up to a length."""
    start = 0
    for position, number in enumerate(numbers):
        if position + 1 == len(numbers) or numbers[position + 1] - number - 1 > longest_gap:
            yield numbers[start], number + 1
            start = position + 1
