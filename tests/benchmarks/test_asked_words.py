"""The words of the benchmark: which shots each stands for, and what the table says."""

from __future__ import annotations

from pathlib import Path

from words import Asked, described, table_of


def test_words_stand_for_the_shots_they_describe(tmp_path: Path) -> None:
    table = tmp_path / "kinds.csv"
    lines = ["film,start_frame,end_frame,words", "a.mp4,0,9,dog;grass", "a.mp4,9,20,cat", "b.mp4,0,5,dog;animal"]
    table.write_text("\n".join(lines), encoding="utf-8")
    found = described([("a", 0), ("b", 0)], frozenset({"a.mp4 9-20"}), without=["animal"], table=table)
    assert found == {"dog": {("a", 0), ("b", 0)}, "grass": {("a", 0)}}


def test_words_whose_kind_is_rare_do_not_count_for_the_mean() -> None:
    said = table_of([Asked("dog", 0.8, "beagle 20%"), Asked("cat", 0.4, ""), Asked("rare", None, "")])
    assert "| rare | - |" in said
    assert "**0.60**" in said
