"""Titles of a trailer that are kept: which frames are a title's own, with nothing of a scene in them."""

from __future__ import annotations

import numpy as np

from reinterpret.places.fades import near
from reinterpret.places.grid_light import GridLight, border

_LETTERS = ("letters", "mark")
_MOST_FRAMES = 64
# Levels: a part of the picture that is further from the ground than this, in any frame, has lettering on it.
_INK_LEVELS = 1.5
# Levels, in the mean over the ground: with less than this, and the title's own noise, nothing else is seen on it.
_NOTHING_LEVELS = 0.25
# With less than this it may be grain, or the last of a scene.
_DOUBTFUL_LEVELS = 1.5
# The ground itself may become a little lighter or darker, if it stays as even as this: compression does so to grain.
_SHIFT_LEVELS, _SHIFTED_LEVELS = 2.0, 0.1
# Where less of the picture is ground than this it is compared as a whole.
_LEAST_GROUND = 0.1
# A ground as light as this is nothing that a scene sinks into as into black.
_LIGHT_GROUND_LEVEL = 110
# What an even border may vary by, in shares of its light.
_EVEN_SHARE = 0.04


class TitleGround:
    """What a title's ground is like, learnt from the frames of its body."""

    def __init__(self, light: GridLight, first: int, end: int) -> None:
        """first, end: the body of its shot; at least one frame."""
        self._light, self._body = light, (first, end)
        frames = np.arange(first, end)
        lettered = np.array([light.look(int(frame)) in _LETTERS for frame in frames])
        frames = frames[lettered] if lettered.any() else frames
        levels = light.levels_of(frames[:: max(1, len(frames) // _MOST_FRAMES)])
        self._ground = np.median(levels, axis=0)
        even = float(np.median(self._ground[light.picture.ravel()])) if light.picture.any() else 0.0
        inked = (np.abs(levels - even).max(axis=0) > _INK_LEVELS + _EVEN_SHARE * even) & light.picture.ravel()
        self.free = ~near(inked) & light.picture.ravel()
        """C: which parts of the picture have no lettering on them."""
        if self.free.sum() < _LEAST_GROUND * light.picture.sum():
            self.free = light.picture.ravel().copy()
        self.is_black = even <= _INK_LEVELS
        self.light_ground = even > _LIGHT_GROUND_LEVEL
        self._nothing = _NOTHING_LEVELS + 1.5 * float(np.percentile(self._residue(levels), 90))
        self._border = light.picture.ravel() & border(light.picture).ravel()

    def own(self, first: int, end: int) -> np.ndarray:
        """For some frames whether they are the title's own: there is nothing on its ground, or nothing but letters.

        Letters may come one by one and a logo may fly, so a frame counts too if its border is as even as a ground is,
        where it looks like letters, or lies within the body.
        """
        levels = self._light.levels(first, end)
        alone = (self._residue(levels) <= self._nothing) | self._shifted(levels)
        border = levels[:, self._border]
        if border.shape[1]:
            middle = np.median(border, axis=1)
            spread = np.percentile(np.abs(border - middle[:, None]), 80, axis=1)
            within = [self._body[0] <= frame < self._body[1] for frame in range(first, end)]
            card = [self._light.look(frame) in _LETTERS for frame in range(first, end)]
            even = spread <= np.maximum(self._nothing, _EVEN_SHARE * middle)
            # Outside the body another ground is another picture.
            same = np.abs(middle - np.median(self._ground[self._border])) <= self._nothing
            alone |= even & (np.array(within) | (np.array(card) & same))
        return np.asarray(alone)

    def doubtful(self, first: int, end: int) -> np.ndarray:
        """For some frames whether they are letters on a ground with so little on it that it may be grain."""
        levels = self._light.levels(first, end)
        lettered = np.array([self._light.look(frame) in _LETTERS for frame in range(first, end)], bool)
        return np.asarray(lettered & (self._residue(levels) <= _DOUBTFUL_LEVELS))

    def _residue(self, levels: np.ndarray) -> np.ndarray:
        """How far each frame is from the ground, dimmed as it may be: the mean over the ground, in levels."""
        ground, seen = self._ground[self.free], levels[:, self.free]
        if not ground.size:
            return np.zeros(len(levels))
        lit = ground > 3
        gains = np.ones(len(levels))
        if lit.mean() > 0.5:
            gains = np.clip(np.median(seen[:, lit] / ground[lit], axis=1), 0, 1.2)
        return np.asarray(np.abs(seen - gains[:, None] * ground).mean(axis=1))

    def _shifted(self, levels: np.ndarray) -> np.ndarray:
        """Whether all of the ground is a little lighter or darker than it was."""
        change = levels[:, self.free] - self._ground[self.free]
        if not change.shape[1]:
            return np.ones(len(levels), bool)
        shift = np.median(change, axis=1)
        uneven = np.abs(change - shift[:, None]).mean(axis=1)
        return np.asarray((np.abs(shift) <= _SHIFT_LEVELS) & (uneven <= _SHIFTED_LEVELS))
