"""What counts as an acceptable match, against cases that are counted by hand; and the lists made by eye."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from edit import ANSWERS, Judged, misses, report
from edit_scores import (
    MarkedShot,
    Shown,
    Stretch,
    covering,
    is_within,
    mean_outcome,
    middle,
    read_answers,
    score,
    score_of_chance,
)

HEADING = "trailer,first_frame,end_frame,archive_film,start_seconds,end_seconds,verdict,why"


def at(start: float, end: float, film: str = "a.mp4") -> Stretch:
    return Stretch(film, Fraction(start), Fraction(end))


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([at(0, 10)], True),
        ([at(5, 10)], True),  # just half
        ([at(5.5, 10)], False),
        ([at(0, 10, "b.mp4")], False),
        ([at(1, 4), at(7, 9)], True),  # two parts of it: two seconds and one
        ([at(3, 5), at(3.5, 5.5), at(3, 5.5)], False),  # the same seconds over and over
        ([], False),
    ],
)
def test_a_stretch_is_on_the_list_by_half_of_it(listed: Sequence[Stretch], expected: bool) -> None:
    assert is_within(at(2, 8), listed) == expected


def test_what_is_chosen_and_what_is_suggested_are_judged_apart() -> None:
    shot = MarkedShot("t.mp4", 0, 10, keep=(at(0, 4),), accept=(at(6, 9),))
    kept = score(shot, Shown(at(1, 2), (at(10, 11), at(6, 7))))
    assert (kept.on_list, kept.keep, kept.among_first, kept.nothing_wrong) == (1, 1, 1, 0)
    assert math.isnan(kept.nothing_right)
    accepted = score(shot, Shown(at(7, 8), ()))
    assert (accepted.on_list, accepted.keep, accepted.among_first) == (1, 0, 0)
    nothing = score(shot, Shown(None, (at(1, 2),)))
    assert (nothing.on_list, nothing.keep, nothing.among_first, nothing.nothing_wrong) == (0, 0, 1, 1)


def test_half_of_each_of_two_lists_makes_it_acceptable_but_not_to_keep() -> None:
    shot = MarkedShot("t.mp4", 0, 10, keep=(at(0, 2),), accept=(at(2, 4),))
    one = score(shot, Shown(at(1, 6), ()))
    assert (one.on_list, one.keep) == (1, 0)


def test_only_the_first_ten_suggestions_count() -> None:
    shot = MarkedShot("t.mp4", 0, 10, keep=(at(0, 2),))
    wrong = (at(5, 6),) * 9
    assert score(shot, Shown(None, (*wrong, at(0, 1)))).among_first == 1
    assert score(shot, Shown(None, (*wrong, at(5, 6), at(0, 1)))).among_first == 0


@pytest.mark.parametrize(("chosen", "right"), [(None, 1.0), (at(0, 1), 0.0)])
def test_where_nothing_will_do_only_nothing_is_right(chosen: Stretch | None, right: float) -> None:
    one = score(MarkedShot("t.mp4", 0, 10), Shown(chosen, (at(0, 1),)))
    assert one.nothing_right == right
    assert all(map(math.isnan, (one.on_list, one.keep, one.among_first, one.nothing_wrong)))


def test_chance_is_counted() -> None:
    shot = MarkedShot("t.mp4", 0, 10, keep=(at(0, 1),), accept=(at(1, 2),))
    stretches = [at(second, second + 1) for second in range(12)]
    one = score_of_chance(shot, stretches)
    assert (one.on_list, one.keep) == (2 / 12, 1 / 12)
    # Of 66 ways to leave two of twelve out, one leaves out just the good ones.
    assert one.among_first == pytest.approx(1 - 1 / 66)
    assert score_of_chance(shot, stretches[:4]).among_first == 1


def test_means_are_taken_over_the_shots_that_say_something() -> None:
    empty, listed = MarkedShot("t.mp4", 0, 5), MarkedShot("t.mp4", 5, 9, keep=(at(0, 1),))
    shown = [Shown(None, ()), Shown(at(0, 1), ()), Shown(at(3, 4), ())]
    mean = mean_outcome([score(shot, one) for shot, one in zip((empty, listed, listed), shown, strict=True)])
    assert (mean.on_list, mean.nothing_right, mean.nothing_wrong) == (0.5, 1, 0)
    assert math.isnan(mean_outcome([]).on_list)


def test_a_marked_shot_is_the_clip_that_holds_most_of_it() -> None:
    spans = [(0, 12), (12, 18), (18, 30)]
    assert covering(0, 3, spans) == 0
    assert covering(11, 19, spans) == 1
    assert covering(9, 15, spans) == 0  # as much of each: the first
    assert covering(17, 40, spans) == 2


def test_the_middle_is_no_longer_than_what_there_is() -> None:
    assert middle("a.mp4", Fraction(2), Fraction(8), Fraction(2)) == at(4, 6)
    assert middle("a.mp4", Fraction(2), Fraction(3), Fraction(2)) == at(2, 3)


def test_rows_of_a_shot_are_read_together(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    rows = ["t.mp4,0,9,a.mp4,0,1.5,keep,x", "t.mp4,9,12,,,,none,", "t.mp4,0,9,b.mp4,2,3,accept,x"]
    table.write_text("\n".join([HEADING, *rows]) + "\n", encoding="utf-8")
    assert read_answers(table) == [
        MarkedShot("t.mp4", 0, 9, (at(0, 1.5),), (at(2, 3, "b.mp4"),)),
        MarkedShot("t.mp4", 9, 12),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["t.mp4,0,9,a.mp4,0,1,perhaps,x"], "line 2: a verdict is one of keep, accept, none, got 'perhaps'"),
        (["t.mp4,0,9,a.mp4,0,1,none,x"], "line 2: where there is nothing there is no film"),
        (["t.mp4,0,9,,0,1,keep,x"], "line 2: a film is missing"),
        (["t.mp4,0,9,a.mp4,2,1,keep,x"], "line 2: a stretch ends after it starts, got 2 to 1"),
        (["t.mp4,9,9,a.mp4,0,1,keep,x"], "line 2: a shot ends after it begins, got frames 9 to 9"),
        (["t.mp4,0,9,a.mp4,0,1,keep,x", "t.mp4,0,9,,,,none,"], "line 3: a shot for which there is nothing has one row"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path, rows: list[str], message: str) -> None:
    table = tmp_path / "answers.csv"
    table.write_text("\n".join([HEADING, *rows]) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_answers(table)


def test_the_report_counts_shots_and_names_what_is_wrong() -> None:
    shots = [MarkedShot("t-1.mp4", 0, 9, (at(0, 1),)), MarkedShot("t-1.mp4", 9, 20)]
    shown = [Shown(at(4, 5.5), (at(0, 1),)), Shown(at(0, 1), ())]
    judged = [Judged(shot, one, score(shot, one)) for shot, one in zip(shots, shown, strict=True)]
    found = {"t-1.mp4": {"balanced": judged}}
    lines = report(found).splitlines()
    assert lines[0].split()[-2:] == ["t-1", "together"]
    assert lines[1].split() == ["balanced", "0.00", "of", "1", "0.00", "of", "1"]
    assert lines[7].split() == ["balanced", "1.00", "of", "1", "1.00", "of", "1"]
    words = "t-1.mp4 0-9: a.mp4 4.00-5.50 s; one of the first is on the list"
    assert misses(found).split(maxsplit=1) == ["balanced", words]


def test_the_lists_made_by_eye_name_films_that_are_there(media: Path) -> None:
    shots = read_answers(ANSWERS)
    films = {path.name for path in (media / "archive").iterdir()}
    assert {shot.trailer for shot in shots} <= {path.name for path in (media / "trailer").iterdir()}
    assert {stretch.film for shot in shots for stretch in shot.keep + shot.accept} <= films
    for one, other in pairwise(shots):
        assert one.trailer != other.trailer or one.end_frame <= other.first_frame


def test_the_judgements_are_of_shots_that_have_a_list() -> None:
    shots = {(shot.trailer, shot.first_frame, shot.end_frame) for shot in read_answers(ANSWERS)}
    with ANSWERS.with_name("judgements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 200
    for row in rows:
        assert (row["trailer"], int(row["first_frame"]), int(row["end_frame"])) in shots
        assert row["kept"] in ("0", "1")
        assert Fraction(row["start_seconds"]) < Fraction(row["end_seconds"])
