"""Sound: the right samples at the right instants."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reinterpret.errors import VideoError
from reinterpret.sound import SAMPLE_RATE, read_sound, sound_seconds
from tests.judging import ffmpeg

# A click every half second, of a height that tells which.
CLICKS = 20


@pytest.fixture(scope="module")
def clicks(clips: Path) -> Path:
    """10 seconds of silence with clicks at 0.25, 0.75, ... seconds; the k-th is (k + 1) / 20 high."""
    samples = np.zeros(10 * SAMPLE_RATE)
    for number in range(CLICKS):
        at = SAMPLE_RATE // 4 + number * SAMPLE_RATE // 2
        samples[at : at + 48] = (number + 1) / CLICKS
    path = clips / "clicks.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def heights(samples: np.ndarray) -> list[tuple[float, float]]:
    """When each click begins, in seconds, and how high it is."""
    loud = np.flatnonzero(samples[:, 0] > 0.02)
    if not len(loud):
        return []
    starts = loud[np.concatenate([[True], np.diff(loud) > 1000])]
    return [(start / SAMPLE_RATE, float(samples[start : start + 96, 0].max())) for start in starts]


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1), Fraction(37, 10), Fraction(8)])
def test_a_stretch_is_read_to_the_sample(clicks: Path, start: Fraction) -> None:
    found = heights(read_sound(clicks, start, SAMPLE_RATE))
    first = int((start - Fraction(1, 4)) * 2) + 1 if start > Fraction(1, 4) else 0
    assert len(found) == 2
    for number, (when, height) in enumerate(found, start=first):
        assert when == pytest.approx(0.25 + number / 2 - float(start), abs=1.5 / SAMPLE_RATE)
        assert height == pytest.approx((number + 1) / CLICKS, abs=0.01)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("flac", "flac"), ("m4a", "aac"), ("mp3", "libmp3lame"), ("mkv", "libopus")]
)
def test_what_is_compressed_is_where_it_was(clicks: Path, tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"a.{suffix}"
    ffmpeg("-y", "-i", str(clicks), "-ar", "48000", "-c:a", codec, "-b:a", "256k", str(path))
    for start in (Fraction(0), Fraction(6)):
        found = heights(np.abs(read_sound(path, start, 2 * SAMPLE_RATE)))
        loud = [when for when, height in found if height > 0.3 * max(height for _, height in found)]
        assert all(abs((when + float(start) - 0.25) * 2 % 1 + 0.5) % 1 - 0.5 < 0.06 for when in loud)
        assert len(loud) >= 3


def test_other_rates_are_resampled(clicks: Path, tmp_path: Path) -> None:
    ffmpeg("-y", "-i", str(clicks), "-ar", "22050", str(tmp_path / "slow.wav"))
    found = heights(read_sound(tmp_path / "slow.wav", Fraction(2), SAMPLE_RATE))
    assert [round(when, 2) for when, _ in found[:2]] == [0.25, 0.75]


def test_before_and_behind_it_is_silent(clicks: Path) -> None:
    assert not read_sound(clicks, Fraction(20), 1000).any()
    samples = read_sound(clicks, Fraction(19, 2), SAMPLE_RATE)
    assert samples.shape == (SAMPLE_RATE, 2)
    assert not samples[SAMPLE_RATE // 2 + 10 :].any()


def test_how_long_it_is(clicks: Path) -> None:
    assert sound_seconds(clicks) == 10


def test_a_film_without_sound_says_so(clips: Path, tmp_path: Path) -> None:
    ffmpeg("-y", "-f", "lavfi", "-i", "testsrc=duration=1", str(tmp_path / "mute.mp4"))
    with pytest.raises(VideoError, match="has no sound"):
        read_sound(tmp_path / "mute.mp4", Fraction(0), 10)


@pytest.mark.parametrize("content", [b"", b"nothing that could be heard" * 10, b"#EXTM3U\nclicks.wav\n"])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(VideoError, match=r"a\.wav"):
        sound_seconds(tmp_path / "a.wav")
