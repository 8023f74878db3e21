"""Fades, measured: how much of a picture is left on each frame between black (or white) and the clear picture.

A fade multiplies the light of every part of a picture by one number, whatever moves in it. So the light of each frame
is compared with that of the next, part by part, and the middle of what the parts say is taken: what comes, goes or
flickers in one corner does not count, nor do words that stand over the picture. From frame to frame this tells how
light runs, up to where it is as it stays.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from reinterpret.light import COLUMNS, ROWS

# Parts of a picture that are darker than this, in levels, say nothing of how much darker the next frame is.
_LEAST_LIGHT = 0.3
# The fade is over where light rises by less than this share of what it has risen by so far, frame by frame in the mean,
# over the next frames: so many of them, in shares of the fade so far, and in seconds at least.
_FLAT_SHARE, _AHEAD_SHARE, _AHEAD_SECONDS = 0.25, 1 / 6, 1 / 8
# What is so much lighter soon after is part of it still.
_RISING = 1.004
# As long as there is less light than this share of what comes within some seconds, a fade goes on.
_DARK_SHARE, _DARK_SECONDS = 0.2, 1.0
# A picture next to black which has this share of the light a moment later has been cut to.
_HARD_SHARE = 0.7
# Words that stand over a picture while it fades: as light as this, in levels, as steady for so long, and no more of the
# picture than that.
_WORD_LEVEL, _STEADY_SHARE, _STEADY_SECONDS, _MOST_WORDS = 20.0, 0.8, 1 / 3, 0.4
# What is beside them is a picture if it is as light as this before it fades: in levels, and in shares of the words.
_LEAST_FADING, _FADING_SHARE = 3.0, 0.3
# Pictures so far apart are compared: what moves between them is still about where it was.
_STEP_SECONDS = 1 / 8
# Parts that say less, and more, than all others, in shares of the light.
_TRIMMED = 0.2
# Nobody sees the difference.
_CLEAR = 0.985
# Longer fades than this are no fades.
LONGEST_SECONDS = 10.0


def fade_gains(light: np.ndarray, frame_rate: float, *, darkest: float = 1.0, words: bool = True) -> tuple[float, ...]:
    """What is left of a picture on each frame of a fade, the darkest first; nothing where it begins at once.

    light: K x C, how far each part of a picture is from black, in levels, the frame next to the black first; or from
    white, if the fade is to white. C: ROWS x COLUMNS. darkest: what may be left at most on the first frame, for it to
    be a fade. words: whether some may stand over it.
    """
    light = light[: round(LONGEST_SECONDS * frame_rate)]
    if len(light) < 2:
        return ()
    if words:
        light = light[:, ~_words(light, max(2, round(_STEADY_SECONDS * frame_rate)))]
    curve = light_curve(light, frame_rate)
    ahead = max(2, round(_AHEAD_SECONDS * frame_rate))
    soon = curve[1 : ahead + 2].max()
    if soon <= 0 or curve[0] > _HARD_SHARE * soon:
        return ()
    length = _length(curve, frame_rate, ahead)
    gains = np.clip(curve[:length] / max(curve[length], 1e-9), 0, 1)
    clear = np.flatnonzero(gains < _CLEAR)
    if len(clear) == 0 or gains[0] > darkest:
        return ()
    return tuple(round(float(gain), 4) for gain in gains[: clear[-1] + 1])


def _words(light: np.ndarray, frames: int) -> np.ndarray:
    """C: which parts have words on them that stand while the picture fades, or are next to one that has.

    frames: so many of the first are looked at to see what stands.
    """
    first = light[:frames]
    steady = (first.min(axis=0) > _WORD_LEVEL) & (first.min(axis=0) > _STEADY_SHARE * first.max(axis=0))
    over = near(steady)
    none = np.zeros_like(steady)
    if not steady.any() or steady.mean() > _MOST_WORDS or over.all():
        return np.asarray(none)
    # Where there is no picture beside them, or it does not fade, they stand over nothing.
    rest = light[:, ~over].mean(axis=1)
    if rest.max() < max(_LEAST_FADING, _FADING_SHARE * float(first[:, over].mean())):
        return np.asarray(none)
    return np.asarray(over) if rest[0] < _HARD_SHARE * rest[:frames].max() else np.asarray(none)


def near(parts: np.ndarray) -> np.ndarray:
    """Of ROWS x COLUMNS parts of a picture, flat: those that are marked, and those next to them."""
    padded = np.pad(parts.reshape(ROWS, COLUMNS), 1)
    found = np.zeros((ROWS, COLUMNS), bool)
    for down in range(3):
        for right in range(3):
            found |= padded[down : down + ROWS, right : right + COLUMNS]
    return np.asarray(found.ravel())


def light_curve(light: np.ndarray, frame_rate: float) -> np.ndarray:
    """How much light each of K frames has, K float64, as a share of the last. light: see `fade_gains`.

    From frame to frame compression leaves many parts as they were, and changes them later: a few frames further on all
    of them tell. In between most of them do, in the mean.
    """
    count = len(light)
    knots = np.unique(np.append(np.arange(0, count, max(1, round(_STEP_SECONDS * frame_rate))), count - 1))
    shares = [_share(light[one], light[other]) for one, other in pairwise(knots)]
    at_knots = np.append(np.cumprod(shares[::-1])[::-1], 1.0)
    curve = np.empty(count)
    curve[knots] = at_knots
    for (one, other), first, last in zip(pairwise(knots), at_knots, at_knots[1:], strict=False):
        for number in range(one + 1, other):
            part = (number - one) / (other - one)
            # Of each knot: the brighter one is the safer measure, where one of them is nearly black.
            since, until = (_share(light[number], light[knot], trimmed=True) for knot in (one, other))
            curve[number] = (1 - part) * first * since + part * last * until if first > 0 else last * until
    return curve


def _share(one: np.ndarray, other: np.ndarray, *, trimmed: bool = False) -> float:
    """What share of the light of a picture another has: the median over the parts, by how light they are.

    trimmed: the mean over most of the parts instead, which follows when they change one after the other.
    """
    weights = one + other
    seen = other > _LEAST_LIGHT
    if not seen.any():
        return float((one.mean() + 1e-3) / (other.mean() + 1e-3))
    shares, weights = one[seen] / other[seen], weights[seen]
    order = np.argsort(shares)
    sums = np.cumsum(weights[order]) / weights.sum()
    if not trimmed:
        return float(shares[order][np.searchsorted(sums, 0.5)])
    kept = order[(sums >= _TRIMMED) & (sums <= 1 - _TRIMMED)]
    return float(np.average(shares[kept], weights=weights[kept])) if len(kept) else float(np.median(shares))


def _length(curve: np.ndarray, frame_rate: float, ahead: int) -> int:
    """How many frames from the darkest on the fade has; at least one, and fewer than there are."""
    last = len(curve) - 1
    coming = round(_DARK_SECONDS * frame_rate)
    length, reach = 1, ahead
    while length < last:
        reach = min(max(ahead, round(_AHEAD_SHARE * length)), last - length)
        step = min(ahead, reach)
        # The middle one: light may begin to change in another way soon after the fade.
        rises = curve[length + step : length + reach + 1] - curve[length : length + reach + 1 - step]
        dark = curve[length] < _DARK_SHARE * curve[length : length + coming].max()
        if not dark and np.median(rises) / step < _FLAT_SHARE * (curve[length] - curve[0]) / length:
            break
        length += 1
    # Up to the very top, as the rise may have been over a little too early.
    top = min(last, length + reach)
    while length < top:
        coming_up = curve[length + 1 : min(top, length + ahead) + 1]
        if coming_up.max() <= _RISING * curve[length]:
            break
        length += 1 + int(coming_up.argmax())
    return length
