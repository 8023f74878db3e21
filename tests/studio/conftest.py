"""An edit that the studio can open, made once; every test works on a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reinterpret.library import Library
from reinterpret.matching import match

pytest.importorskip("fastapi", reason="the studio's packages are not installed: pip install 'reinterpret[studio]'")

from reinterpret.studio.page import Page
from reinterpret.studio.session import Session


@pytest.fixture(scope="session")
def matched(trailer: Path, library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edit of five shots that answers the trailer of the tests."""
    path = tmp_path_factory.mktemp("matched") / "trailer.edit.json"
    match(trailer, library).save(path)
    return path


@pytest.fixture
def edit_path(matched: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copy(matched, tmp_path / "trailer.edit.json"))


@pytest.fixture
def session(edit_path: Path, library: Library) -> Session:
    """The edit, open; the page closes it."""
    return Session.open(edit_path, library)


@pytest.fixture
def page(session: Session, tmp_path: Path) -> Iterator[Page]:
    """All that is shown of it."""
    page = Page(session, tmp_path / "film.mp4", rendering={"preset": "ultrafast"})
    yield page
    page.close()
