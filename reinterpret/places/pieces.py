"""Pieces: the frames between black and white, parted where the trailer's shots meet.

A boundary that a detector found at a black frame, or a little beside it, is where the black is: it parts nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from reinterpret.clip_transitions import FadeColour
from reinterpret.embeddings import Film
from reinterpret.places.grid_light import GridLight
from reinterpret.places.place import PlaceKind
from reinterpret.shots.shot import Transition

# A boundary this close to black or white, in frames, is where that begins or ends.
_NEAR_FRAMES = 2
_FLAT_KINDS = ("black", "white")


@dataclass(frozen=True, slots=True)
class Joint:
    """Where two shots of the trailer meet, on its grid."""

    frame: int
    transition: Transition
    start: int
    end: int
    """The frames, half-open, that belong to neither shot alone; those of a cut are none."""
    colour: FadeColour | None = None
    """In what two scenes meet that fade into each other; black or white frames do not part them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames, half-open, that become one place, or go to their neighbours."""

    first: int
    end: int
    kind: PlaceKind
    row: int | None = None
    joint: Joint | None = None
    """Where it joins the piece before; None behind black, behind white and at the beginning of the film."""


@dataclass(frozen=True, slots=True)
class _ShotFrames:
    """A shot on the grid."""

    first: int
    end: int
    body: tuple[int, int]
    kind: str


def lit_pieces(film: Film, light: GridLight) -> list[Piece]:
    """All frames of a trailer as pieces, in order: black, white, and what lies between, parted at the joints."""
    shots = _shots_on_grid(film, light)
    meetings = list(_meetings(film, shots))
    given = film.detection.cuts is not None
    pieces: list[Piece] = []
    for kind, first, end in light.runs():
        if kind != "lit":
            pieces.append(Piece(first, end, kind))
            continue
        dark = first > 0, end < light.frame_count
        inside = [
            meeting.joint
            for meeting in meetings
            if first < meeting.joint.frame < end and not _is_flat(meeting, first, end, dark, given=given)
        ]
        pieces += _parted(first, end, inside, shots)
    return pieces


def rowed(piece: Piece, film: Film, light: GridLight) -> Piece:
    """A scene with the shot that most of its frames belong to."""
    return replace(piece, row=_row(piece.first, piece.end, _shots_on_grid(film, light)))


def scene_row(piece: Piece, film: Film, light: GridLight) -> int | None:
    """The shot, of those that show a scene, that is nearest to some frames; None if there is none."""

    def near(row: int) -> tuple[int, int]:
        shot = shots[row]
        return min(shot.end, piece.end) - max(shot.first, piece.first), shot.body[1] - shot.body[0]

    shots = _shots_on_grid(film, light)
    rows = [row for row, shot in enumerate(shots) if shot.kind not in ("title", *_FLAT_KINDS)]
    return max(rows, key=near, default=None)


def body_of(film: Film, light: GridLight, row: int, within: tuple[int, int]) -> tuple[int, int]:
    """The frames of the body of a shot that lie within others; all of these if there are none."""
    shot = film.shots[row]
    first = max(light.frame_of(shot.body_start_frame), within[0])
    end = min(light.frame_of(shot.body_end_frame), within[1])
    return (first, end) if first < end else within


def joined(one: Piece, other: Piece, film: Film, light: GridLight) -> Piece:
    """Two pieces next to each other as one, which is the shot of which there is more."""

    def clear(piece: Piece) -> int:
        assert piece.row is not None
        first, end = body_of(film, light, piece.row, (piece.first, piece.end))
        return end - first

    longer = max((one, other), key=clear)
    return Piece(one.first, other.end, longer.kind, longer.row, one.joint)


def linked(pieces: Sequence[Piece]) -> list[Piece]:
    """The same with neighbours of one colour as one, and with the joints where the pieces now begin."""
    kept: list[Piece] = []
    for piece in pieces:
        if kept and piece.kind == kept[-1].kind and piece.kind in _FLAT_KINDS:
            kept[-1] = replace(kept[-1], end=piece.end)
            continue
        joint = piece.joint
        if not kept or kept[-1].kind in _FLAT_KINDS or piece.kind in _FLAT_KINDS:
            joint = None
        elif joint is None:
            joint = Joint(piece.first, "cut", piece.first, piece.first)
        elif joint.frame != piece.first:
            first = piece.first
            joint = Joint(first, joint.transition, min(joint.start, first), max(joint.end, first))
        kept.append(replace(piece, joint=joint))
    return kept


def _shots_on_grid(film: Film, light: GridLight) -> list[_ShotFrames]:
    return [
        _ShotFrames(
            light.frame_of(shot.start_frame),
            light.frame_of(shot.end_frame),
            (light.frame_of(shot.body_start_frame), light.frame_of(shot.body_end_frame)),
            kind,
        )
        for shot, kind in zip(film.shots, film.kinds, strict=True)
    ]


class _Meeting(NamedTuple):
    joint: Joint
    before: _ShotFrames
    after: _ShotFrames


def _meetings(film: Film, shots: Sequence[_ShotFrames]) -> Iterator[_Meeting]:
    """Where each shot but the first joins the one before."""
    for (before, after), shot in zip(pairwise(shots), film.shots[1:], strict=True):
        start, end = min(before.body[1], after.first), max(after.body[0], after.first)
        if shot.transition == "cut":
            start = end = after.first
        yield _Meeting(Joint(after.first, shot.transition, start, end), before, after)


def _is_flat(meeting: _Meeting, first: int, end: int, flat: tuple[bool, bool], *, given: bool) -> bool:
    """Whether what was found as a boundary is where black, or white, begins or ends.

    first, end: the lit frames among which it is; flat: whether black or white is before them, and after. given: whether
    a person has said where the boundaries are.
    """
    joint, (before, after) = meeting.joint, flat
    near = _NEAR_FRAMES if joint.transition in ("cut", "fade") and not given else 0
    if joint.transition == "cut":
        if (before and joint.frame - first <= near) or (after and end - joint.frame <= near):
            return True
    elif (before and joint.start - near < first) or (after and end < joint.end + near):
        return True
    # What is left of a black shot beside its black is a picture that comes, or goes.
    return (before and meeting.before.kind in _FLAT_KINDS and meeting.before.first <= first) or (
        after and meeting.after.kind in _FLAT_KINDS and end <= meeting.after.end
    )


def _parted(first: int, end: int, inside: Sequence[Joint], shots: Sequence[_ShotFrames]) -> Iterator[Piece]:
    """Lit frames, parted at the joints inside them."""
    edges = [first, *(joint.frame for joint in inside), end]
    for (start, stop), joint in zip(pairwise(edges), [None, *inside], strict=True):
        row = _row(start, stop, shots)
        yield Piece(start, stop, "title" if shots[row].kind == "title" else "scene", row, joint)


def _row(first: int, end: int, shots: Sequence[_ShotFrames]) -> int:
    """The shot that shows most of some frames clearly, or else at all; black ones only where there is no other."""

    def shown(number: int) -> tuple[bool, int, int]:
        shot = shots[number]
        clear = min(shot.body[1], end) - max(shot.body[0], first)
        whole = min(shot.end, end) - max(shot.first, first)
        return shot.kind not in _FLAT_KINDS and whole > 0, max(clear, 0), whole

    return max(range(len(shots)), key=shown)
