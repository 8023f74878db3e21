"""The way from a trailer's light to its places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple, get_args

import numpy as np

from reinterpret.clip_transitions import Dissolve, Fade, FadeColour
from reinterpret.embeddings import Film
from reinterpret.places.fades import LONGEST_SECONDS, fade_gains
from reinterpret.places.grid_light import GridLight
from reinterpret.places.pieces import Joint, Piece, body_of, joined, linked, lit_pieces, rowed, scene_row
from reinterpret.places.place import FadePolicy, Place, PlaceKind, WipePolicy
from reinterpret.places.titles import TitleGround
from reinterpret.places.wipes import is_wipe
from reinterpret.timebase import frame_at

# Nobody sees a picture that has no more light than this in the mean, and differs by no more from part to part: levels.
_FAINT_LEVEL, _FAINT_DEVIATION = 10.0, 2.5
# Where two pictures meet in the dark, no more than this share of the light of either is left.
_MET_SHARE = 0.6
# Frames beside a cut that are looked at to see how light the pictures there are.
_BESIDE_FRAMES = 8
# A scene that sinks below so many levels, and this share of what it has before and after, within some seconds on either
# side, and comes back as a picture less alike than that, is two.
_VALLEY_LEVEL, _VALLEY_SHARE, _VALLEY_SECONDS, _ALIKE = 6.0, 0.15, 1.0, 0.6
# A scene beside a title, or in its midst, that is shorter than this has no shot of its own, and is left black.
_LEAST_SCENE_SECONDS = 0.25
# Fewer frames than these that are in doubt between a title and a scene go to the scene.
_DOUBTFUL_FRAMES = 3
# Words on black for a shorter time than this are left to the scene that they are in.
_LEAST_TITLE_SECONDS = 0.4
# Beside a cut, or the edge of the film, a picture that has this share of its light left has not been faded.
_FADED_SHARE = 0.3
# And beside black one that has more than this: the shortest fade, of one frame, has half.
_BEGUN_SHARE = 0.55


def places_of(film: Film, *, fades: FadePolicy = "follow", wipes: WipePolicy = "dissolve") -> tuple[Place, ...]:
    """What of a trailer becomes one clip each; they tile its grid.

    Without light, as of a film of a library, its shots as they are. fades: `cut` leaves the frames of a fade to the
    picture, which begins and ends hard. wipes: what becomes of them.
    """
    if film.light is None:
        return _shots_as_places(film)
    light = GridLight(film, film.light)
    pieces = _without_false_wipes(lit_pieces(film, light), film, light)
    pieces = _with_titles_found(_with_valleys(pieces, film, light), light)
    pieces = _with_titles_alone(pieces, film, light)
    pieces = _met(_as_black(pieces, light), light)
    return _finished(pieces, film, light, fades=fades, wipes=wipes)


def _shots_as_places(film: Film) -> tuple[Place, ...]:
    """Each shot that is on the grid for a frame at least."""
    slots = [frame_at(shot.span.start, film.grid.rate) for shot in film.shots]
    edges = [shot.start_frame for shot in film.shots]
    if film.grid.frame_count != film.shots[-1].end_frame or slots != [film.grid.slot(edge) for edge in edges]:
        edges = [min(slot, film.grid.frame_count) for slot in slots]
    places = []
    for row, (first, end) in enumerate(pairwise([*edges, film.grid.frame_count])):
        if first < end:
            found = film.kinds[row]
            kind: PlaceKind = found if found in ("title", "black", "white") else "scene"
            places.append(Place(first, end, kind, None if kind in ("black", "white") else row, (first, end)))
    return tuple(places)


def _without_false_wipes(pieces: Sequence[Piece], film: Film, light: GridLight) -> list[Piece]:
    """What passes the lens is no wipe: both sides of it are one shot."""
    kept: list[Piece] = []
    for piece in pieces:
        joint = piece.joint
        if joint is not None and joint.transition == "wipe" and not is_wipe(light, joint.start, joint.end):
            kept[-1] = joined(kept[-1], piece, film, light)
        else:
            kept.append(piece)
    return kept


def _with_titles_found(pieces: Sequence[Piece], light: GridLight) -> list[Piece]:
    """Titles on black that no shot of their own was found for, cut out of the scenes that they are in."""
    least = max(2, round(_LEAST_TITLE_SECONDS * light.frame_rate))
    found: list[Piece] = []
    for piece in pieces:
        if piece.kind != "scene":
            found.append(piece)
            continue
        lettered = np.array([light.look(frame) == "letters" for frame in range(piece.first, piece.end)])
        start = piece.first
        for first, end in _runs(lettered):
            first, end = first + piece.first, end + piece.first
            if end - first < least or not lettered[first - piece.first]:
                continue
            ground = TitleGround(light, first, end)
            if not (ground.is_black and ground.own(first, end).all()):
                continue
            if start < first:
                found.append(replace(piece, first=start, end=first))
            found.append(replace(piece, first=first, end=end, kind="title"))
            start = end
        if start < piece.end:
            found.append(replace(piece, first=start))
    return linked(found)


def _with_valleys(pieces: Sequence[Piece], film: Film, light: GridLight) -> list[Piece]:
    """Scenes that sink nearly to black and come back as another picture are two, if no boundary was found there."""
    found: list[Piece] = []
    for piece, after in zip(pieces, [*pieces[1:], None], strict=True):
        joints = [joint for joint in (piece.joint, after.joint if after else None) if joint is not None]
        # A fade that was found parts them where it is darkest.
        valleys = [
            valley
            for valley in (_valleys(piece, light) if piece.kind == "scene" else ())
            if not any(joint.start - 1 <= valley <= joint.end + 1 for joint in joints)
        ]
        edges = [piece.first, *valleys, piece.end]
        for first, end in pairwise(edges):
            joint = piece.joint if first == piece.first else Joint(first, "fade", first, first, "black")
            part = replace(piece, first=first, end=end, joint=joint)
            found.append(rowed(part, film, light) if len(edges) > 2 else part)
    return found


def _valleys(piece: Piece, light: GridLight) -> list[int]:
    """The frames in a scene at which another picture begins to come out of what is nearly black."""
    reach = round(_VALLEY_SECONDS * light.frame_rate)
    amounts = light.amounts[piece.first : piece.end]
    found = []
    for first, end in _runs(amounts < _VALLEY_LEVEL):
        least = first + int(amounts[first:end].argmin())
        before, after = amounts[max(0, least - reach) : first], amounts[end : least + reach]
        if amounts[first] >= _VALLEY_LEVEL or not len(before) or not len(after):
            continue
        if amounts[least] > _VALLEY_SHARE * min(before.max(), after.max()):
            continue
        sides = piece.first + first - len(before) + int(before.argmax()), piece.first + end + int(after.argmax())
        if _alike(*light.levels_of(np.array(sides))[:, light.picture.ravel()]) < _ALIKE:
            start = max(piece.first, piece.first + least - 2)
            levels = light.levels(start, min(piece.end, piece.first + least + 3))
            darkest = piece.first + least
            found.append(darkest + _first_of_another(levels, darkest - start))
    return [frame for frame in found if piece.first < frame < piece.end]


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two pictures, -1 to 1."""
    first, second = one - one.mean(), other - other.mean()
    return float((first * second).mean() / (first.std() * second.std() + 1e-6))


def _with_titles_alone(pieces: Sequence[Piece], film: Film, light: GridLight) -> list[Piece]:
    """Titles with nothing but their own frames: the others go to the scene next to them, or else are black."""
    alone = {number: _alone(pieces, number, film, light) for number in range(len(pieces)) if _is_title(pieces, number)}
    kept: list[Piece] = []
    for number, piece in enumerate(pieces):
        if number in alone:
            kept += alone[number]
            continue
        first, end = piece.first, piece.end
        if piece.kind == "scene" and number - 1 in alone:
            first = alone[number - 1][-1].end
        if piece.kind == "scene" and number + 1 in alone:
            end = alone[number + 1][0].first
        if first < end:
            kept.append(replace(piece, first=first, end=end))
    return linked(kept)


def _is_title(pieces: Sequence[Piece], number: int) -> bool:
    return 0 <= number < len(pieces) and pieces[number].kind == "title"


def _alone(pieces: Sequence[Piece], number: int, film: Film, light: GridLight) -> list[Piece]:
    """The title alone, and what else there is in its midst, or beside it where it borders on no scene.

    That is black, or, if there is time to see it, a scene.
    """
    piece = pieces[number]
    assert piece.row is not None
    first, end = _reach(pieces, number)
    body = body_of(film, light, piece.row, (piece.first, piece.end))
    ground = TitleGround(light, *body)
    own = ground.own(first, end)
    within = np.flatnonzero(own[body[0] - first : body[1] - first]) + body[0] - first
    if len(within) == 0:
        return [replace(piece, kind="scene")]
    lead, trail = _reaching(own, int(within[0]), int(within[-1]) + 1)
    # Neither the title's, as something may be left of the scene, nor the scene's, of which next to nothing is.
    doubtful = own | ground.doubtful(first, end)
    wide = _reaching(doubtful, lead, trail)
    if lead - wide[0] >= _DOUBTFUL_FRAMES:
        lead = wide[0]
    if wide[1] - trail >= _DOUBTFUL_FRAMES:
        trail = wide[1]
    # Where no scene goes on, what is not the title's own is parted from it.
    if number == 0 or piece.joint is None or pieces[number - 1].kind != "scene":
        own[:lead], lead = False, 0
    if number + 1 == len(pieces) or pieces[number + 1].joint is None or pieces[number + 1].kind != "scene":
        own[trail:], trail = False, len(own)
    parts = []
    for start, stop in _runs(own[lead:trail]):
        part = Piece(first + lead + start, first + lead + stop, "title", piece.row, piece.joint)
        if not own[lead + start]:
            part = replace(part, kind="scene", row=scene_row(part, film, light))
            brief = part.end - part.first < _LEAST_SCENE_SECONDS * light.frame_rate
            if part.row is None or brief or ground.doubtful(part.first, part.end).all():
                part = replace(part, kind="black", row=None)
        parts.append(part)
    return parts


def _reaching(values: np.ndarray, first: int, end: int) -> tuple[int, int]:
    """A range, half-open, as far on both sides as values are true."""
    while first > 0 and values[first - 1]:
        first -= 1
    while end < len(values) and values[end]:
        end += 1
    return first, end


def _reach(pieces: Sequence[Piece], number: int) -> tuple[int, int]:
    """The frames that may be a title's: its own, and those on which it and the scenes next to it are mixed.

    Of a scene no more than the half.
    """
    piece = pieces[number]
    first, end = piece.first, piece.end
    if piece.joint is not None and pieces[number - 1].kind == "scene":
        before = pieces[number - 1]
        first = min(first, max(piece.joint.start, (before.first + before.end + 1) // 2))
    if number + 1 < len(pieces) and pieces[number + 1].kind == "scene":
        after = pieces[number + 1]
        if after.joint is not None:
            end = max(end, min(after.joint.end, (after.first + after.end) // 2))
    return first, end


def _runs(values: np.ndarray) -> list[tuple[int, int]]:
    """Where values stay the same: half-open ranges that tile them."""
    return list(pairwise([0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]))


def _as_black(pieces: Sequence[Piece], light: GridLight) -> list[Piece]:
    """Pieces with so little light that nobody sees anything are black."""
    return linked(
        [
            Piece(piece.first, piece.end, "black") if piece.kind == "scene" and _is_faint(piece, light) else piece
            for piece in pieces
        ]
    )


def _is_faint(piece: Piece, light: GridLight) -> bool:
    frames = np.arange(piece.first, piece.end)
    for some in (frames[:: max(1, len(frames) // 16)], frames):
        levels = light.levels_of(some)[:, light.picture.ravel()]
        if levels.shape[1] and np.any((levels.mean(axis=1) > _FAINT_LEVEL) | (levels.std(axis=1) > _FAINT_DEVIATION)):
            return False
    return True


def _met(pieces: Sequence[Piece], light: GridLight) -> list[Piece]:
    """Two scenes that fade into each other without a frame of black (or white) meet where it is darkest.

    If it is not dark there, it is a dissolve; and so it is if they go over through some other colour.
    """
    kept = list(pieces)
    for number, (before, piece) in enumerate(pairwise(pieces), start=1):
        joint, before = piece.joint, replace(before, first=kept[number - 1].first)
        if joint is None or joint.colour is not None or "title" in (before.kind, piece.kind):
            continue
        if joint.transition == "cut":
            met = _through_colour(before, piece, joint, light)
        elif joint.transition == "fade":
            met = _meeting(before, piece, joint, light)
        else:
            continue
        kept[number - 1] = replace(before, end=met.frame)
        kept[number] = replace(piece, first=met.frame, joint=met)
    return kept


def _meeting(before: Piece, after: Piece, joint: Joint, light: GridLight) -> Joint:
    """Where two scenes meet in the dark, or in white; if they do not, the dissolve that it is."""
    first, end = max(joint.start - 1, before.first), min(joint.end + 1, after.end)
    colours: tuple[FadeColour, ...] = get_args(FadeColour)
    for colour, levels in zip(colours, (light.levels, light.from_white), strict=True):
        amount = levels(first, end).mean(axis=1)
        earlier = levels(max(first - _BESIDE_FRAMES, before.first), first + 1).mean()
        later = levels(end - 1, min(end + _BESIDE_FRAMES, after.end)).mean()
        least = int(amount.argmin())
        if amount[least] > _MET_SHARE * min(earlier, later):
            continue
        frame = first + least + _first_of_another(levels(first, end), least)
        frame = int(min(max(frame, before.first + 1), after.end - 1))
        return Joint(frame, "fade", frame, frame, colour)
    return replace(joint, transition="dissolve")


def _through_colour(before: Piece, after: Piece, joint: Joint, light: GridLight) -> Joint:
    """Where two scenes meet on a frame of one even colour, into which the one goes and from which the other comes.

    As an edit can show it: a dissolve over the same frames. Where there is no such frame it stays the cut that it is.
    """
    first, end = joint.frame, joint.frame
    while first > before.first + 1 and light.is_even(first - 1):
        first -= 1
    while end < after.end - 1 and light.is_even(end):
        end += 1
    if first == end:
        return joint
    most = round(LONGEST_SECONDS * light.frame_rate)
    colour = light.levels(first, end).mean(axis=0)
    goes = np.abs(light.levels(max(before.first, first - most), first) - colour)[::-1]
    comes = np.abs(light.levels(end, min(after.end, end + most)) - colour)
    start, stop = (len(fade_gains(far, light.frame_rate, words=False)) for far in (goes, comes))
    if start + stop == 0:
        return joint
    return Joint(joint.frame, "dissolve", first - start, end + stop)


def _first_of_another(levels: np.ndarray, darkest: int) -> int:
    """Where about the darkest of N frames the picture changes to another: relative to it, -1 to 2."""
    details = levels / (levels.mean(axis=1, keepdims=True) + 1e-3)
    places = [at for at in range(darkest - 1, darkest + 3) if 0 < at < len(levels)]
    changes = [float(np.abs(details[at] - details[at - 1]).mean()) for at in places]
    return places[int(np.argmax(changes))] - darkest if places else 0


def _finished(
    pieces: Sequence[Piece], film: Film, light: GridLight, *, fades: FadePolicy, wipes: WipePolicy
) -> tuple[Place, ...]:
    """Pieces as places: with their fades, then with dissolves where there is room for them."""
    mixed = ("dissolve", "wipe") if wipes == "dissolve" else ("dissolve",)
    places: list[Place] = []
    for before, piece, after in zip([None, *pieces[:-1]], pieces, [*pieces[1:], None], strict=True):
        begins = ends = None
        if fades == "follow" and piece.row is not None:
            begins = _fade(piece, _edges(piece, before, piece.joint, film, light), light, backwards=False)
            joint = None if after is None else after.joint
            ends = _fade(piece, _edges(piece, after, joint, film, light), light, backwards=True)
            begins, ends = _fitting(begins, ends, piece.end - piece.first)
        body = piece.first + len(begins or ()), piece.end - len(ends or ())
        place = Place(piece.first, piece.end, piece.kind, piece.row, body, begins, ends)
        if places and place.kind == places[-1].kind == "scene" and piece.joint and piece.joint.transition in mixed:
            places[-1], place = _dissolved(places[-1], place, piece.joint)
        places.append(place)
    return tuple(places)


class _Edge(NamedTuple):
    """What a picture comes out of, or goes into."""

    colour: FadeColour
    darkest: float
    """What may be left of it at most on the frame at the edge, for it to be a fade."""
    parts: np.ndarray | None = None
    """C: those of the picture that tell; all of them if it is None."""


def _edges(piece: Piece, beside: Piece | None, joint: Joint | None, film: Film, light: GridLight) -> list[_Edge]:
    """What a piece may come out of, or go into, at one end; nothing where it does not fade. joint: if they are joined.

    Next to black it may be white that it has gone into, if there is little left of it, and the other way round.
    """
    if beside is not None and beside.kind in ("black", "white"):
        colours: tuple[FadeColour, ...] = ("white", "black") if beside.kind == "white" else ("black", "white")
        return [_Edge(colours[0], _BEGUN_SHARE), _Edge(colours[1], _FADED_SHARE)]
    if piece.kind == "title":
        return []
    if beside is None or joint is None:
        return [_Edge("black", _FADED_SHARE)]
    darkest = _FADED_SHARE if joint.transition == "cut" else _BEGUN_SHARE
    if beside.kind == "title":
        assert beside.row is not None
        ground = TitleGround(light, *body_of(film, light, beside.row, (beside.first, beside.end)))
        return [_Edge("white" if ground.light_ground else "black", darkest, ground.free)]
    return [] if joint.transition in ("dissolve", "wipe") else [_Edge(joint.colour or "black", darkest)]


def _fade(piece: Piece, edges: Sequence[_Edge], light: GridLight, *, backwards: bool) -> Fade | None:
    """How a piece comes out of the first of some edges out of which it fades, or goes into it (backwards)."""
    most = round(LONGEST_SECONDS * light.frame_rate)
    first, end = piece.first, min(piece.end, piece.first + most)
    if backwards:
        first, end = max(piece.first, piece.end - most), piece.end
    for edge in edges:
        levels = (light.from_white if edge.colour == "white" else light.levels)(first, end)
        levels = levels if edge.parts is None else levels * edge.parts
        gains = fade_gains(levels[::-1] if backwards else levels, light.frame_rate, darkest=edge.darkest)
        if gains:
            return Fade(edge.colour, gains[::-1] if backwards else gains)
    return None


def _fitting(fade_in: Fade | None, fade_out: Fade | None, frames: int) -> tuple[Fade | None, Fade | None]:
    """Fades that do not overlap: each gives up what is clearest of it, the longer one more."""
    begins, ends = list(fade_in.gains if fade_in else ()), list(fade_out.gains if fade_out else ())
    while len(begins) + len(ends) > frames:
        if begins and (not ends or begins[-1] >= ends[0]):
            begins.pop()
        else:
            ends.pop(0)
    return (
        Fade(fade_in.colour, tuple(begins)) if fade_in and begins else None,
        Fade(fade_out.colour, tuple(ends)) if fade_out and ends else None,
    )


def _dissolved(before: Place, place: Place, joint: Joint) -> tuple[Place, Place]:
    """Two scenes with the dissolve between them, as far as there is room for it in both."""
    earlier = min(joint.frame - joint.start, before.body[1] - before.body[0])
    later = min(joint.end - joint.frame, place.body[1] - place.body[0])
    if earlier + later < 1 or before.fade_out is not None or place.fade_in is not None:
        return before, place
    return (
        replace(before, body=(before.body[0], before.body[1] - earlier)),
        replace(place, body=(place.body[0] + later, place.body[1]), dissolve=Dissolve(earlier, later)),
    )
