"""The window: frames of the stage go in and fill the screen; the keys that are pressed come out."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np

from reinterpret.errors import OutputError
from reinterpret.live.stage import rgb
from reinterpret.own_python import python_command, python_environment
from reinterpret.rendering.panel import Planes

_TITLE = "reinterpret"
# A whole Python with OpenCV starts, on a busy machine.
_TRIAL_SECONDS = 60


class Window:
    """A full-screen window of OpenCV's. A context manager; to be used from the main thread. Raises OutputError."""

    def __init__(self) -> None:
        missing = no_screen()
        if missing is not None:
            raise OutputError(f"no window can be opened ({missing}); record without one: --headless -o FILE")

    def __enter__(self) -> Window:
        import cv2

        try:
            cv2.namedWindow(_TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO)
            cv2.setWindowProperty(_TITLE, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
        except cv2.error as error:
            raise OutputError(
                f"no window can be opened ({_first_line(error)}); record without one: --headless -o FILE"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        import cv2

        cv2.destroyWindow(_TITLE)
        # The window goes when its events are handled, not before.
        cv2.waitKey(1)

    def show(self, planes: Planes) -> None:
        """Draw a frame."""
        import cv2

        _, _, width, height = cv2.getWindowImageRect(_TITLE)
        cv2.imshow(_TITLE, padded(rgb(planes), width, height)[:, :, ::-1])

    def key(self) -> int | None:
        """The key that was pressed since; that of `leave` if the window was closed; None if there was none."""
        import cv2

        key = int(cv2.waitKey(1))
        if key < 0:
            return None if cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) >= 1 else CLOSED
        return key & 0xFF


def padded(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture, H x W x 3, with black beside or above and below it, in the shape of width x height.

    OpenCV keeps the shape too, but on grey.
    """
    tall, wide = pixels.shape[:2]
    if min(width, height) < 1:
        return pixels
    whole = max(wide, round(tall * width / height)), max(tall, round(wide * height / width))
    if whole == (wide, tall):
        return pixels
    ground = np.zeros((whole[1], whole[0], 3), np.uint8)
    left, top = (whole[0] - wide) // 2, (whole[1] - tall) // 2
    ground[top : top + tall, left : left + wide] = pixels
    return ground


CLOSED = 27
"""Escape: what a window says that a person has closed."""


def no_screen() -> str | None:
    """Why there can be no window, or None if there can."""
    import cv2

    if "GUI:                           NONE" in cv2.getBuildInformation():
        return "this OpenCV is opencv-python-headless, which draws none"
    if not sys.platform.startswith("linux"):
        return None
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set"
    # Qt ends the whole process where the screen it was told of does not answer: somebody else tries it first.
    program = f"import cv2; cv2.namedWindow({_TITLE!r}); cv2.destroyAllWindows()"
    try:
        tried: Any = subprocess.run(
            python_command("-c", program),
            env=python_environment(),
            capture_output=True,
            check=False,
            timeout=_TRIAL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be tried: {error}"
    if tried.returncode == 0:
        return None
    said = [line for line in tried.stderr.decode(errors="replace").splitlines() if line.strip()]
    return said[0].strip() if said else f"OpenCV ended with status {tried.returncode}"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
