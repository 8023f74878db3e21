"""The quick start runs from its first cell to its last."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "quickstart.ipynb"


# Jupyter's own client warns about event loops, and leaves sockets to the garbage collector.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_quickstart_notebook_runs(
    archive: Path, trailer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "media"
    shutil.copytree(archive, media / "archive")
    shutil.copy(trailer, media / "trailer.mp4")
    # The kernel is a process of its own, and the package need not be installed to be tested.
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    monkeypatch.setenv("REINTERPRET_QUICKSTART_MEDIA", str(media))
    monkeypatch.setenv("REINTERPRET_QUICKSTART_ENCODER", "pixels")
    monkeypatch.setenv("REINTERPRET_QUICKSTART_OUT", str(tmp_path / "out"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "the notebook is committed without its output"
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    ).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
    assert "3 films indexed" in printed
    assert (tmp_path / "out" / "changed.mp4").exists()
    assert (tmp_path / "out" / "grid.png").exists()
