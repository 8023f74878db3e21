"""Films with title cards in them, which ffmpeg's generators do not draw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np


def title_card(words: str) -> np.ndarray:
    """180 x 320 x 3 uint8: white words on black."""
    picture = np.zeros((180, 320, 3), np.uint8)
    cv2.putText(picture, words, (50, 100), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
    return picture


def two_cards(path: Path, film: Path) -> Path:
    """A card of 25 frames, 20 of a film from its beginning, another card of 25, and 30 of the film's from 50 on."""
    footage = rgb_pictures(film)
    cards = [title_card("COMING SOON"), title_card("JUNE CINEMA")]
    return film_of(path, [cards[0]] * 25 + footage[:20] + [cards[1]] * 25 + footage[50:80])


def rgb_pictures(film: Path) -> list[np.ndarray]:
    """Every frame, H x W x 3 uint8."""
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def film_of(path: Path, shown: Sequence[np.ndarray]) -> Path:
    """A film of 25 frames a second of such pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "12"}
        for picture in shown:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path
