"""The command `studio`: what it makes before the page is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reinterpret import matching
from reinterpret.cli.commands import app
from reinterpret.edits import EditList
from reinterpret.errors import UsageError
from reinterpret.library import Library
from reinterpret.studio import server
from reinterpret.studio.page import Page


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Page]:
    """The pages that would have been served, closed after they have looked at their trailers."""
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    pages: list[Page] = []

    def serve(page: Page, *_: Any, **__: Any) -> None:
        assert page.session.wait(60).stage == "ready"
        pages.append(page)
        page.close()

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(server, "listen", lambda port: port)
    return pages


def test_a_trailer_becomes_an_edit_and_is_decoded_once(
    opened: list[Page], trailer: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, embed = [], matching.embed_video
    monkeypatch.setattr(matching, "embed_video", lambda *args, **kwargs: read.append(args) or embed(*args, **kwargs))
    words = ["studio", str(trailer), "-L", str(library.path), "--no-browser", "--quiet"]
    for _ in range(2):
        ended = CliRunner().invoke(app, words)
        assert ended.exit_code == 0, ended.output
    assert len(read) == 1
    made = EditList.load(tmp_path / f"{trailer.stem}.edit.json")
    assert [page.session.state().edit for page in opened] == [made, made]


def test_the_edit_of_another_trailer_is_not_gone_on_with(
    opened: list[Page], edit_path: Path, archive: Path, library: Library
) -> None:
    ended = CliRunner().invoke(
        app, ["studio", str(archive / "one.mp4"), "-L", str(library.path), "--edit", str(edit_path)]
    )
    assert isinstance(ended.exception, UsageError)
    assert "another trailer" in str(ended.exception)
    assert not opened
