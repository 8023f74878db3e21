"""The questions about likeness, asked of small films of which the answers are known, and the tables of them."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from edits_of_footage import EDITS, PICTURE_IN_PICTURE, generator, write_clip
from likeness import (
    Answers,
    Found,
    Original,
    as_json,
    course_table,
    found_table,
    labelled,
    make_edits,
    make_hidden,
    measure_course,
    measure_found,
    originals,
    report,
    sampled,
    twins,
    verdicts,
    write_cut_lists,
)
from likeness_costs import measure_costs
from likeness_scores import KindScore
from likeness_sheets import Pair, write_sheet
from likeness_ways import Pixels, Plain, Query, Shelf, Target, Work, mean_features
from PIL import Image
from plain_likeness import colour_histogram, picture_hash, ranked

from reinterpret.embeddings import embed_video
from reinterpret.encoders import load_encoder
from reinterpret.library import Library
from reinterpret.shots import Detection
from reinterpret.video import probe

RATE = Fraction(10)


def wandering(seed: int, count: int) -> list[np.ndarray]:
    """Patches of one film's own colours that drift to and fro, so that no two seconds are alike."""
    random = generator(seed, "film")
    small = random.integers(0, 256, (9, 40, 3)).astype(np.uint8)
    large = np.kron(small, np.ones((10, 10, 1), np.uint8))
    places = (60 + 55 * np.sin(np.cumsum(random.uniform(0.05, 0.4, count)))).astype(int)
    return [large[:, place : place + 160] for place in places]


def shelf(paths: Sequence[Path], folder: Path, detection: Detection) -> Shelf:
    """A library of these films, made in this process and of nothing but pixels, so that it is there at once."""
    encoder = load_encoder("pixels")
    library = Library.create(folder, encoder=encoder.name, encoder_version=encoder.version, detection=detection)
    for path in paths:
        library.add(embed_video(probe(path), encoder, detection=detection))
    return Shelf(library)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Three films: two shots and one of grey, one shot, and one shot that is too short."""
    folder = tmp_path_factory.mktemp("archive")
    grey = [np.full((90, 160, 3), 90, np.uint8)] * 10
    write_clip(folder / "a.mp4", [*wandering(1, 20), *grey, *wandering(2, 100)], RATE)
    write_clip(folder / "b.mp4", wandering(3, 30), RATE)
    write_clip(folder / "c.mp4", wandering(4, 4), RATE)
    cuts = folder / "cuts"
    cuts.mkdir()
    (cuts / "a.csv").write_text("transition,start_frame,end_frame\ncut,20,20\ncut,30,30\n")
    for name in "bc":
        (cuts / f"{name}.csv").write_text("transition,start_frame,end_frame\n")
    library = tmp_path_factory.mktemp("library") / "archive"
    return shelf(sorted(folder.glob("*.mp4")), library, Detection(cuts=cuts))


@pytest.fixture(scope="module")
def pixels(tmp_path_factory: pytest.TempPathFactory) -> Pixels:
    return Pixels(tmp_path_factory.mktemp("pixels") / "pixels.npz")


@pytest.fixture(scope="module")
def shots(archive: Shelf, pixels: Pixels) -> list[Original]:
    return originals(archive, pixels)[0]


def perfect(wanted: Sequence[Target]):
    """A way of being alike that knows the answers."""
    return lambda queries, k: [[target] for target, _ in zip(wanted, queries, strict=True)]


def test_what_nobody_could_find_is_left_out_and_said(archive: Shelf, pixels: Pixels):
    kept, left_out = originals(archive, pixels)
    assert [shot.name for shot in kept] == ["a-0-20", "a-30-130", "b-0-30"]
    assert left_out == Counter({"black, or of one colour": 1, "shorter than 0.5 s": 1})


def test_the_middle_of_a_long_shot_is_edited(shots: list[Original]):
    assert shots[1].window(Fraction(3)) == (Fraction(65, 10), Fraction(3))
    assert shots[0].window(Fraction(3)) == (Fraction(0), Fraction(2))


def test_one_of_the_twins_stands_for_all(archive: Shelf):
    first, second = (film.video.fingerprint for film in archive.films[:2])
    marked = ((("a.mp4", 5), ("b.mp4", 5)), (("a.mp4", 60), ("nowhere.mp4", 0)))
    assert twins(archive, marked) == {(first, 0): (first, 0), (second, 0): (first, 0), (first, 2): (first, 2)}


def test_samples_are_drawn_by_the_seed(shots: list[Original]):
    assert sampled(shots, None, 1) == sampled(shots, 9, 1) == shots
    drawn = {tuple(shot.name for shot in sampled(shots, 2, seed)) for seed in range(20)}
    assert len(drawn) > 1
    assert sampled(shots, 2, 3) == sampled(shots, 2, 3)


def test_every_shot_is_edited_once_and_found_by_who_knows_it(shots: list[Original], tmp_path: Path):
    work = Work(tmp_path, 1, Fraction(1), 1)
    paths = make_edits(work, shots[:1], shots)
    stamps = {path: path.stat().st_mtime_ns for own in paths for path in own}
    assert len(stamps) == len(EDITS)
    assert make_edits(work, shots[:1], shots) == paths
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    clips = shelf(list(stamps), tmp_path / "library", Detection(detector="none"))
    right, wrong = ([shots[number].target] for number in (0, 1))
    found = measure_found({"right": perfect(right), "wrong": perfect(wrong)}, clips, shots[:1], paths, {})
    assert (found["right"].pooled, found["right"].pooled_five) == (1, 1)
    assert set(found["wrong"].first.values()) == {0.0}
    assert found["wrong"].pooled_twins == 0
    alike = {right[0]: right[0], wrong[0]: right[0]}
    twin = measure_found({"twin": perfect(wrong)}, clips, shots[:1], paths, alike)["twin"]
    assert (twin.pooled, twin.pooled_twins, twin.worst_twins) == (0, 1, 1)
    assert found["wrong"].missed["crop"] == ["a-0-20"]


def test_plain_likeness_finds_every_shot_itself(archive: Shelf, pixels: Pixels):
    queries = [Query(film, number) for film in archive.films for number in range(len(film.shots))]
    for make in (mean_features, pixels.histogram, pixels.hash):
        rankings = Plain(queries, make)(queries, 3)
        assert [ranking[0] for ranking in rankings] == [query.target for query in queries]
    pixels.keep()


def test_labels_go_to_the_shot_that_holds_most_of_the_row(archive: Shelf, tmp_path: Path):
    file = tmp_path / "kinds.csv"
    rows = ["a.mp4,0,18,dog", "a.mp4,25,130,cat", "a.mp4,18,34,cow", "d.mp4,0,9,dog", "b.mp4,0,30,dog"]
    file.write_text("film,start_frame,end_frame,kind\n" + "\n".join(rows) + "\n")
    queries, labels, left_out = labelled(archive, file)
    assert [(query.film.video.name, query.row) for query in queries] == [
        ("a.mp4", 0),
        ("a.mp4", 2),
        ("a.mp4", 1),
        ("b.mp4", 0),
    ]
    assert [label.kind for label in labels] == ["dog", "cat", "cow", "dog"]
    assert left_out == ["d.mp4 0-9"]


def test_cut_lists_hold_the_marks(tmp_path: Path):
    (tmp_path / "marks.csv").write_text(
        "film,transition,start_frame,end_frame,note\n"
        "a.mp4,ambiguous,0,9,\na.mp4,cut,50,50,\na.mp4,ambiguous,80,90,\na.mp4,ambiguous,120,130,\n"
    )
    (tmp_path / "kinds.csv").write_text("film,start_frame\na.mp4,0\na.mp4,50\na.mp4,90\nb.mp4,0\n")
    folder = write_cut_lists(tmp_path / "cuts", tmp_path / "marks.csv", tmp_path / "kinds.csv")
    assert (folder / "a.mp4.csv").read_text().splitlines()[1:] == ["cut,50,50", "dissolve,80,90"]
    assert (folder / "b.mp4.csv").read_text().splitlines()[1:] == []


def test_a_hidden_shot_is_found_where_it_was(shots: list[Original], tmp_path: Path):
    work = Work(tmp_path, 1, Fraction(3), 1)
    hidden = make_hidden(work, shots, 2)
    assert [one.path.stem for one in hidden] == ["a-30-130-0", "a-30-130-1"]
    assert hidden[0].start != hidden[1].start
    clips = shelf([one.path for one in hidden], tmp_path / "library", Detection(detector="none"))
    errors = measure_course(clips, hidden)
    assert set(errors) == {"a-30-130-0", "a-30-130-1"}
    assert max(errors.values()) <= 2
    assert "2 hidden shots" in course_table(errors)


def test_costs_are_counted_and_nothing_stays_changed(shots: list[Original]):
    from reinterpret.cues import CUES, cue_names
    from reinterpret.cues.motion_meter import MotionMeter

    feed = MotionMeter.feed
    costs = measure_costs([shots[0].film.video], load_encoder("pixels"), Detection(detector="none"))
    assert {*cue_names(), "encoder"} < set(costs.milliseconds)
    assert min(costs.milliseconds.values()) >= 0
    assert 0 < costs.cue_share < 1
    assert MotionMeter.feed is feed
    assert all("vector" not in vars(cue) for cue in CUES)


def test_a_histogram_knows_colours_and_not_where_they_are():
    left, right = np.zeros((2, 90, 160, 3), np.uint8)
    left[:, :80] = right[:, 80:] = (200, 30, 30)
    blue = left[..., ::-1].copy()
    rows = np.stack([colour_histogram([picture]) for picture in (left, right, blue)])
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1)
    assert rows[0] @ rows[1] == pytest.approx(1)
    assert rows[0] @ rows[2] == pytest.approx(0.5)  # the half that is black


def test_a_hash_knows_where_and_not_how_bright():
    picture = wandering(5, 1)[0]
    rows = [picture_hash(one) for one in (picture, picture // 2, picture[:, ::-1])]
    assert np.linalg.norm(rows[0]) == pytest.approx(1)
    assert rows[0] @ rows[1] > 0.9
    assert abs(rows[0] @ rows[2]) < 0.6


def test_equals_are_ranked_in_their_order():
    rows = np.array([[0.0, 1], [1, 0], [1, 0]])
    assert ranked(np.array([[1.0, 0]]), rows).tolist() == [[1, 2, 0]]


def test_sheets_hold_pairs(tmp_path: Path):
    buffer = io.BytesIO()
    Image.fromarray(wandering(1, 1)[0]).save(buffer, "JPEG")
    pair = Pair(buffer.getvalue(), None, "1", "nothing")
    write_sheet(tmp_path / "new" / "sheet.jpg", "film", [pair] * 4)
    with Image.open(tmp_path / "new" / "sheet.jpg") as sheet:
        assert sheet.height > 2 * 124
        assert np.asarray(sheet).std() > 10


def answers() -> Answers:
    one = Found(dict.fromkeys(EDITS, 0.95) | {PICTURE_IN_PICTURE: 0.2}, 0.95, 1.0, 0.985, 0.96)
    ahead, plain = (KindScore(value, value, value, {}) for value in (0.6, 0.45))
    return Answers(
        shots=3,
        left_out=Counter({"short": 2}),
        found={"balanced": one},
        inset=0.65,
        inset_twins=0.75,
        kinds={"balanced": ahead, "plain baseline": plain},
        moves={"pan left": (0.9, 0.8), "zoom in": (0.6, 0.5)},
        errors={"a": 1.0, "b": 3.0, "c": 0.0},
    )


def test_the_table_has_a_row_for_every_way_and_says_what_was_promised():
    text = report(answers())
    lines = text.splitlines()
    assert next(line for line in lines if line.startswith("balanced")).split()[-3:] == ["0.600"] * 3
    assert next(line for line in lines if line.startswith("plain baseline")).split()[2:] == ["0.450"] * 3
    heading = lines[0]
    assert heading.index("inset") + 5 == lines[3].index("0.65") + 4
    assert "left out of the archive: 2 short" in text
    kept = {line[:52].strip(): line.split()[-1] for line in text.splitlines() if line.endswith(("kept", "MISSED"))}
    assert kept == {
        "found again, balanced, eleven edits": "MISSED",
        "found again, the worst of them": "kept",
        "the same where a twin counts": "kept",
        "and the worst of them": "kept",
        "picture in picture, by parts of the query": "MISSED",
        "picture in picture where a twin counts": "kept",
        "kinds, balanced above the plain baseline": "kept",
        "movement, precision at 5": "MISSED",
        "in-points, median error in frames": "kept",
    }


def test_what_was_not_asked_is_not_answered():
    assert verdicts(Answers()) == []
    assert report(Answers()) == ""
    assert found_table({}, answers().kinds).splitlines()[1].split() == ["balanced", "0.600", "0.600", "0.600"]
    assert as_json(Answers())["inset"] is None
