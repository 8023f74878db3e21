"""Shots go in, vectors come out: a `Film` is all that the library keeps of one video."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

from reinterpret.cues.cards import ShotKind, shot_kind
from reinterpret.cues.courses import CourseMeter, LayoutCourse
from reinterpret.cues.facts import MOVEMENT_COLUMNS, ShotFacts
from reinterpret.cues.lettering import Lettering, usable_span
from reinterpret.cues.lettering_search import look_for_lettering
from reinterpret.cues.motion_meter import Course, MotionMeter
from reinterpret.cues.text_finder import QUICK_PIXELS, can_read, resized
from reinterpret.cues.vectors import CueVectors, together, vectors_of
from reinterpret.cues.watermarks import find_watermarks, with_watermarks
from reinterpret.encoders import Encoder, Seen
from reinterpret.frames import FrameBatch, FrameReader, Scaler
from reinterpret.shots import Detection
from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH, Sample, Scan, ScannedShot
from reinterpret.shots.shot import Shot
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video

# A frame a second follows what a shot shows; three tell a beginning, a middle and an end.
_FRAMES_PER_SECOND = 1
_FEWEST_FRAMES = 3
_MOST_FRAMES = 24
# Frames gathered for one call of the encoder; a GPU wants hundreds, a CPU does not mind.
_ENCODER_BATCH = 64
# Bars are black (16 in video range) with the noise of compression, and never most of the picture.
_BAR_LUMA = 30
_SMALLEST_PICTURE_SHARE = 0.4
# Larger pictures kept of a film until it is over, half as many at least where it has so many.
_KEPT_LARGE = 12
# Letters in a picture that is squeezed by more than this are not looked for in it.
_MOST_SQUEEZED = 1.4
_THUMBNAIL_HEIGHT = 160
_THUMBNAIL_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The vectors of the S shots of one film.

    cues: one unit vector a cue. frame_vectors: F x D float16, unit rows; those of shot k are the rows frame_offsets[k]
    to frame_offsets[k + 1], shown at frame_seconds (float64, from the start of the film).
    """

    encoder: str
    encoder_version: str
    cues: CueVectors
    frame_vectors: np.ndarray
    frame_seconds: np.ndarray
    frame_offsets: np.ndarray

    def __post_init__(self) -> None:
        shots, dimensions = self.cues.of("content").shape
        frames = len(self.frame_seconds)
        if self.frame_vectors.shape != (frames, dimensions) or self.frame_offsets.shape != (shots + 1,):
            raise ValueError(
                f"vectors do not fit together: content {shots} x {dimensions}, frames {self.frame_vectors.shape}, "
                f"seconds {self.frame_seconds.shape}, offsets {self.frame_offsets.shape}"
            )

    def __len__(self) -> int:
        return len(self.cues)

    def of_shot(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The frame vectors of one shot (N x D float32) and their seconds (N float64)."""
        rows = slice(self.frame_offsets[number], self.frame_offsets[number + 1])
        return self.frame_vectors[rows].astype(np.float32), self.frame_seconds[rows]


@dataclass(frozen=True, slots=True)
class Film:
    """A video, its shots and what they look like. Tuples and arrays have an entry a shot."""

    video: Video
    grid: FrameGrid
    detection: Detection
    """How the shots were found."""
    shots: tuple[Shot, ...]
    embeddings: Embeddings
    kinds: tuple[ShotKind, ...]
    """Whether each shows a scene, or black, a title, a leader."""
    lettering: tuple[Lettering | None, ...]
    """What is written in each; None where it was not looked for."""
    courses: tuple[LayoutCourse, ...]
    """How light runs over the body of each."""
    thumbnails: tuple[bytes, ...]
    """JPEG, 160 pixels high, upright, square pixels: the middle of the body of each shot."""

    def __post_init__(self) -> None:
        count = len(self.shots)
        lists = (self.embeddings, self.kinds, self.lettering, self.courses, self.thumbnails)
        others = {len(of_shots) for of_shots in lists}
        if count == 0 or others != {count}:
            raise ValueError(f"a film needs as many vectors, kinds, courses and thumbnails as shots, got {count} shots")

    def usable(self, shot: int, needed: Fraction) -> Span:
        """What of a shot is best used where `needed` seconds of it are, see `usable_span`."""
        return usable_span(self.shots[shot].body, self.lettering[shot], needed)


def embed_video(
    video: Video,
    encoder: Encoder,
    *,
    detection: Detection = Detection(),  # noqa: B008 - frozen
    threads: int = 0,
    on_seconds: Callable[[Fraction], None] | None = None,
    read: bool = True,
) -> Film:
    """Decode a film once: find its shots, measure how they run and embed some frames of the body of each.

    threads: of the decoder, 0 for all cores. on_seconds: told how far it is. read: whether lettering is looked for.
    Raises VideoError.
    """
    meters = _Meters(video)
    with Scan(
        video,
        detection=detection,
        threads=threads,
        on_seconds=on_seconds,
        on_body_frame=meters.feed,
        with_large=read and can_read(),
    ) as scan:
        marks = _Watermarks(video)
        picked = _pick(marks.passing(scan), meters, video, read)
        embedded = marks.added_to(_embed(picked, encoder, float(video.frame_rate)))
        assert scan.grid is not None
        return _film(scan.video, scan.grid, detection, encoder, embedded)


def embed_pictures(
    pictures: Iterable[np.ndarray], encoder: Encoder, *, cues: Collection[str] | None = None
) -> CueVectors:
    """What pictures of any size are like, seen as the frames of a film are seen; at least one.

    pictures: H x W x 3 uint8 RGB each. cues: the names of those that are wanted, all by default; see `vectors_of`.
    """
    small = [small_picture(picture) for picture in pictures]
    seen = _seen(small, encoder)
    rows = [Seen(seen.vectors[row : row + 1], seen.layouts[row : row + 1]) for row in range(len(small))]
    facts = (_facts((picture,), row, _NO_COURSE, 0.0, 1.0) for picture, row in zip(small, rows, strict=True))
    return vectors_of(facts, cues=cues)


def small_picture(picture: np.ndarray) -> np.ndarray:
    """A picture of any size as those of a film are seen: small, without bars; H x W x 3 uint8 RGB."""
    import cv2

    whole = cv2.resize(picture, (SMALL_WIDTH, SMALL_HEIGHT), interpolation=cv2.INTER_AREA)
    top, bottom, left, right = picture_area(whole.max(axis=2))
    return np.asarray(whole[top:bottom, left:right])


def embed_stretch(video: Video, span: Span, encoder: Encoder) -> CueVectors:
    """What a stretch of a film is like, as if it were a shot: one row. Raises VideoError."""
    meters, scaler = _Meters(video), Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
    samples: list[Sample] = []
    with FrameReader(video) as reader:
        for frame in reader.during(span):
            samples.append(Sample(frame.number, frame.seconds, scaler.planes(frame.picture)))
            meters.feed(samples[-1])
    course, _ = meters.take()
    pictures = [scaler.rgb_of_planes(sample.planes) for sample in _spread(samples, float(span.duration))]
    top, bottom, left, right = picture_area(np.max(np.stack(pictures), axis=(0, 3)))
    whole = tuple(picture[top:bottom, left:right] for picture in pictures)
    seen = _seen(list(whole), encoder)
    return vectors_of([_facts(whole, seen, course, float(span.duration), float(video.frame_rate))])


class _Meters:
    """What is measured of every frame of a body, shot by shot."""

    def __init__(self, video: Video) -> None:
        aspect = video.display_width / max(1, video.display_height)
        self._motion = MotionMeter(aspect=aspect, rotation=video.rotation)
        self._layout = CourseMeter(rotation=video.rotation)

    def feed(self, sample: Sample) -> None:
        luma, seconds = _luma(sample), float(sample.seconds)
        self._motion.feed(luma, seconds)
        self._layout.feed(luma, seconds)

    def take(self) -> tuple[Course, LayoutCourse]:
        return self._motion.take(), self._layout.take()


def _luma(sample: Sample) -> np.ndarray:
    return sample.planes[: len(sample.planes) * 2 // 3]


@dataclass(frozen=True, slots=True, eq=False)
class _PicturedShot:
    """A shot, how it runs, and the frames of it that stand for it."""

    shot: Shot
    lettering: Lettering | None
    course: Course
    layout_course: LayoutCourse
    seconds: tuple[Fraction, ...]
    pictures: tuple[np.ndarray, ...]
    thumbnail: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _EmbeddedShot:
    """The same without pictures: what is kept of it."""

    shot: Shot
    layout_course: LayoutCourse
    seconds: tuple[Fraction, ...]
    thumbnail: bytes
    kind: ShotKind
    lettering: Lettering | None
    frame_vectors: np.ndarray
    cues: CueVectors


def _pick(scanned: Iterable[ScannedShot], meters: _Meters, video: Video, read: bool) -> Iterator[_PicturedShot]:
    scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
    pictures_of = partial(_Pictures, scaler=scaler, aspect=video.display_width / max(1, video.display_height))
    for entry in scanned:
        course, layout_course = meters.take()
        samples = _evenly_spaced(entry.samples, entry.shot)
        pictures = [scaler.rgb_of_planes(sample.planes) for sample in samples]
        top, bottom, left, right = picture_area(np.max(np.stack(pictures), axis=(0, 3)))
        yield _PicturedShot(
            shot=entry.shot,
            # At once, as the larger pictures are not kept.
            lettering=look_for_lettering(pictures_of(entry), float(entry.shot.body.duration)) if read else None,
            course=course,
            layout_course=layout_course,
            seconds=tuple(sample.seconds for sample in samples),
            pictures=tuple(picture[top:bottom, left:right] for picture in pictures),
            thumbnail=_jpeg(pictures[len(pictures) // 2], video),
        )


class _Pictures:
    """The pictures of a shot in which lettering is looked for. A short one may have no larger ones than the small."""

    def __init__(self, entry: ScannedShot, scaler: Scaler, aspect: float) -> None:
        """aspect: of the film, width by height."""
        self._samples, self._scaler = entry.large or entry.samples, scaler
        squeezed = aspect * SMALL_HEIGHT / SMALL_WIDTH
        self._small_will_do = 1 / _MOST_SQUEEZED <= squeezed <= _MOST_SQUEEZED
        self.seconds = [float(sample.seconds) for sample in self._samples]

    def small(self, number: int) -> np.ndarray:
        if self._small_will_do:
            return self._scaler.rgb_of_planes(self._samples[number].planes)
        return resized(self.large(number), QUICK_PIXELS)

    def large(self, number: int) -> np.ndarray:
        sample = self._samples[number]
        return self._scaler.rgb_of_planes(sample.planes if sample.large is None else sample.large)


def _evenly_spaced(samples: tuple[Sample, ...], shot: Shot) -> list[Sample]:
    """Those nearest to the middles of equal parts of the body: what a detector has overlooked stays out at the ends."""
    return _spread(samples, float(shot.body.duration))


def _spread(samples: Sequence[Sample], seconds: float) -> list[Sample]:
    """The frames that stand for so many seconds."""
    wanted = round(seconds * _FRAMES_PER_SECOND)
    count = min(max(wanted, _FEWEST_FRAMES), _MOST_FRAMES, len(samples))
    positions = (np.arange(count) + 0.5) * len(samples) / count - 0.5
    return [samples[int(position)] for position in np.unique(np.floor(positions + 0.5).clip(0, len(samples) - 1))]


def picture_area(brightest: np.ndarray) -> tuple[int, int, int, int]:
    """Where the picture is between black bars: top, bottom, left, right (half-open).

    brightest: H x W uint8, the brightest value each pixel ever takes. Bars count only where they face each
    other, and where enough picture is left: a dark scene has no bars.
    """
    height, width = brightest.shape
    top, bottom = _bars(np.percentile(brightest, 98, axis=1))
    left, right = _bars(np.percentile(brightest, 98, axis=0))
    if (height - top - bottom) * (width - left - right) < _SMALLEST_PICTURE_SHARE * height * width:
        return 0, height, 0, width
    return top, height - bottom, left, width - right


def _bars(profile: np.ndarray) -> tuple[int, int]:
    bright = np.flatnonzero(profile > _BAR_LUMA)
    if len(bright) == 0:
        return 0, 0
    before, after = int(bright[0]), len(profile) - 1 - int(bright[-1])
    # One bar alone is a dark sky or a floor.
    alike = abs(before - after) <= max(3, 0.25 * max(before, after))
    # The line at the edge is half bar, half picture; networks see a frame in it. Without it, the cosine of films
    # with and without bars is 0.986 in the mean and 0.96 at worst (Lite0), with it 0.973 and 0.90.
    return (before + 1, after + 1) if alike and min(before, after) >= 2 else (0, 0)


def _jpeg(picture: np.ndarray, video: Video) -> bytes:
    import cv2

    width = max(16, round(_THUMBNAIL_HEIGHT * video.display_width / max(1, video.display_height)))
    # A panorama of one line is no reason for a thumbnail of a million columns.
    size = (min(width, 4 * _THUMBNAIL_HEIGHT), _THUMBNAIL_HEIGHT)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _THUMBNAIL_QUALITY])
    return bytes(jpeg)


class _Watermarks:
    """Keeps a few larger pictures of a film, spread over it, and finds what stands in a corner of them all."""

    def __init__(self, video: Video) -> None:
        self._scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
        self._kept: list[np.ndarray] = []
        self._stride, self._count = 1, 0

    def passing(self, shots: Iterable[ScannedShot]) -> Iterator[ScannedShot]:
        """The same shots."""
        for shot in shots:
            for sample in shot.large:
                if self._count % self._stride == 0 and sample.large is not None:
                    self._kept.append(sample.large)
                self._count += 1
                if len(self._kept) > _KEPT_LARGE:
                    self._kept = self._kept[::2]
                    self._stride *= 2
            yield shot

    def added_to(self, shots: Iterable[_EmbeddedShot]) -> list[_EmbeddedShot]:
        """All the shots of the film, in whose lettering its watermarks are."""
        found = list(shots)
        marks = find_watermarks([self._scaler.rgb_of_planes(planes) for planes in self._kept])
        if not marks:
            return found
        return [
            shot if shot.lettering is None else replace(shot, lettering=with_watermarks(shot.lettering, marks))
            for shot in found
        ]


def _embed(shots: Iterable[_PicturedShot], encoder: Encoder, frame_rate: float) -> Iterator[_EmbeddedShot]:
    """Each shot with its vectors; frames of several shots go through the encoder together."""
    waiting: list[_PicturedShot] = []
    for shot in shots:
        waiting.append(shot)
        if sum(len(entry.pictures) for entry in waiting) >= _ENCODER_BATCH:
            yield from _embed_together(waiting, encoder, frame_rate)
            waiting = []
    yield from _embed_together(waiting, encoder, frame_rate)


def _embed_together(shots: list[_PicturedShot], encoder: Encoder, frame_rate: float) -> Iterator[_EmbeddedShot]:
    seen = _seen([picture for shot in shots for picture in shot.pictures], encoder)
    position = 0
    for shot in shots:
        rows = slice(position, position + len(shot.pictures))
        position = rows.stop
        of_shot = Seen(seen.vectors[rows], seen.layouts[rows])
        seconds = float(shot.shot.body.duration)
        facts = replace(_facts(shot.pictures, of_shot, shot.course, seconds, frame_rate), lettering=shot.lettering)
        kind = shot_kind(facts)
        lettering = shot.lettering
        if lettering is not None and kind not in ("title", "counter", "leader"):
            lettering = lettering.in_words()
        yield _EmbeddedShot(
            shot=shot.shot,
            layout_course=shot.layout_course,
            seconds=shot.seconds,
            thumbnail=shot.thumbnail,
            kind=kind,
            lettering=lettering,
            frame_vectors=of_shot.vectors.astype(np.float16),
            cues=vectors_of([facts]),
        )


def _seen(pictures: list[np.ndarray], encoder: Encoder) -> Seen:
    """pictures: H x W x 3 uint8 RGB of any size; there may be none."""
    import cv2

    size = (encoder.frame_width, encoder.frame_height)
    pixels = (
        np.stack([cv2.resize(picture, size) for picture in pictures]) if pictures else np.empty((0, *size[::-1], 3))
    )
    return encoder.look(FrameBatch(pixels.astype(np.uint8), np.zeros(len(pixels))))


_NO_COURSE = Course(np.empty((0, len(MOVEMENT_COLUMNS)), np.float32), np.empty(0, np.float64), np.empty(0, np.float32))


def _facts(
    pictures: tuple[np.ndarray, ...], seen: Seen, course: Course, seconds: float, frame_rate: float
) -> ShotFacts:
    return ShotFacts(
        pictures=pictures,
        frame_vectors=seen.vectors,
        layouts=seen.layouts,
        movement=course.movement,
        movement_seconds=course.movement_seconds,
        luma=course.luma,
        seconds=seconds,
        frame_rate=frame_rate,
    )


def _film(video: Video, grid: FrameGrid, detection: Detection, encoder: Encoder, embedded: list[_EmbeddedShot]) -> Film:
    counts = [len(shot.frame_vectors) for shot in embedded]
    return Film(
        video=video,
        grid=grid,
        detection=detection,
        shots=tuple(shot.shot for shot in embedded),
        embeddings=Embeddings(
            encoder=encoder.name,
            encoder_version=encoder.version,
            cues=together([shot.cues for shot in embedded]),
            frame_vectors=np.concatenate([shot.frame_vectors for shot in embedded]),
            frame_seconds=np.array([float(instant) for shot in embedded for instant in shot.seconds]),
            frame_offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        ),
        kinds=tuple(shot.kind for shot in embedded),
        lettering=tuple(shot.lettering for shot in embedded),
        courses=tuple(shot.layout_course for shot in embedded),
        thumbnails=tuple(shot.thumbnail for shot in embedded),
    )
