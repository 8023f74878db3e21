"""The folder in which an indexed archive is kept: what is put in comes out, and damage is found and named."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from reinterpret.cues import CUES, cue_names
from reinterpret.cues.courses import CELLS, LayoutCourse
from reinterpret.cues.lettering import Lettering, Line
from reinterpret.cues.vectors import CueVectors
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.errors import LibraryError, OutputError, VideoError
from reinterpret.library import Library, Location, library_seconds
from reinterpret.neighbours import open_neighbours
from reinterpret.shots import Boundary, Detection
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, probe
from tests.shots.known import find

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")

# What each film of `archive` was made of, in seconds.
SHOTS = {"one.mp4": [2, 3, 2], "two.mp4": [2, 2, 3], "three.mp4": [2, 2]}


@pytest.fixture
def copied(library: Library, archive: Path, tmp_path: Path) -> Library:
    """The library with its films, that a test may change."""
    shutil.copytree(archive, tmp_path / "films")
    shutil.copytree(library.path, tmp_path / "lib")
    changed = Library.open(tmp_path / "lib")
    for film in changed.fingerprints():
        location = changed.location(film)
        assert location is not None
        changed.relocate(film, Location.of(tmp_path / "films" / location.path.name))
    return changed


def film_named(library: Library, name: str) -> str:
    (found,) = [film for film in library.fingerprints() if library.video(film).name == name]
    return found


def parquet_of(library: Library, name: str) -> Path:
    return library.path / "films" / f"{film_named(library, name)}.parquet"


def create(path: Path, *, readout: np.ndarray | None = None) -> Library:
    return Library.create(
        path, encoder="pixels", encoder_version=PixelsEncoder.version, detection=Detection(), readout=readout
    )


def library_json(**values: object) -> str:
    whole = {"format": "reinterpret-library", "version": 3, "encoder": "pixels", "encoder_version": "1"}
    whole |= {"cues": cue_names(), "readout": None}
    return json.dumps({**whole, "detector": "none", "sensitivity": 0.5, "min_shot_seconds": "1/8", **values})


def assert_same(one: Film, other: Film) -> None:
    assert (one.video, one.grid, one.detection, one.shots) == (other.video, other.grid, other.detection, other.shots)
    assert one.thumbnails == other.thumbnails
    assert one.kinds == other.kinds
    assert one.lettering == other.lettering
    for kept, made in zip(one.courses, other.courses, strict=True):
        assert np.array_equal(kept.cells, made.cells)
        assert np.array_equal(kept.seconds, made.seconds)
    assert (one.embeddings.encoder, one.embeddings.encoder_version) == (
        other.embeddings.encoder,
        other.embeddings.encoder_version,
    )
    assert_same_cues(one.embeddings.cues, other.embeddings.cues)
    for name in ("frame_vectors", "frame_seconds", "frame_offsets"):
        stored, written = getattr(one.embeddings, name), getattr(other.embeddings, name)
        assert stored.dtype == written.dtype, name
        assert np.array_equal(stored, written), name


def assert_same_cues(one: CueVectors, other: CueVectors) -> None:
    assert np.array_equal(one.known, other.known)
    for cue, kept, made in zip(CUES, one.matrices, other.matrices, strict=True):
        assert np.array_equal(kept, made), cue.name


# Opening and making


def test_where_there_is_no_library_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(LibraryError, match=re.escape(f"make one with: reinterpret index FOLDER -L {path}")):
            Library.open(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("\udcff", "cannot be read"),
        ("[]", "is not the file of a reinterpret library"),
        ('{"version": 1}', "is not the file of a reinterpret library"),
        (
            '{"format": "reinterpret-library", "version": 5}',
            r"newer reinterpret \(library format 5, this one reads 4\); upgrade",
        ),
        (
            '{"format": "reinterpret-library", "version": 2, "encoder": "pixels", "detector": "adaptive"}',
            r"older reinterpret \(library format 2, this one reads 4\); index its films anew, into a new folder$",
        ),
        ('{"format": "reinterpret-library", "version": 3, "encoder": "pixels"}', "lacks 'cues'"),
        (library_json().replace('"encoder_version"', '"else"'), "lacks 'encoder_version'"),
        (
            library_json(cues=["content", "taste"]),
            "made with the cues content, taste, this program has content, composition, colour, movement, rhythm, "
            "scale; index its films anew, into a new folder$",
        ),
        (library_json(cues=cue_names()[::-1]), "made with the cues scale, .*index its films anew, into a new folder$"),
        (library_json(cues=None), "is damaged .*restore it, or index into a new folder$"),
        (library_json(min_shot_seconds="soon"), "is damaged .*soon"),
        (library_json(sensitivity=None), "is damaged"),
        (library_json(detector="eye"), "unknown detector 'eye'.*; upgrade reinterpret, or index into a new folder"),
    ],
)
def test_a_library_that_cannot_be_read_says_why(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "library.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(LibraryError, match=reason) as caught:
        Library.open(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))


def test_a_new_library_is_empty_and_can_be_opened(tmp_path: Path) -> None:
    create(tmp_path / "missing" / "parents" / "lib")
    found = Library.open(str(tmp_path / "missing" / "parents" / "lib"))
    assert (found.encoder, found.encoder_version, found.detection) == ("pixels", PixelsEncoder.version, Detection())
    assert found.fingerprints() == []
    assert found.verify() == []
    assert library_seconds(found) == 0


@pytest.mark.parametrize("kind", ["a folder with a file", "a file", "a library"])
def test_a_library_is_never_made_over_something_else(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "lib"
    if kind == "a file":
        path.touch()
    elif kind == "a library":
        create(path)
    else:
        path.mkdir()
        (path / "holiday.txt").touch()
    with pytest.raises(LibraryError, match="is neither a library nor an empty folder"):
        create(path)


def test_a_readout_is_kept_to_three_digits(tmp_path: Path) -> None:
    readout = np.random.default_rng(0).normal(0, 0.1, (1000, 64)).astype(np.float32)
    create(tmp_path / "lib", readout=readout)
    library = Library.open(tmp_path / "lib")
    found = library.readout()
    assert found is not None
    assert (found.shape, found.dtype) == ((1000, 64), np.float32)
    np.testing.assert_allclose(found, readout, rtol=1e-3, atol=1e-6)
    assert library.verify() == []


def test_a_library_of_an_encoder_without_a_readout_has_none(library: Library, tmp_path: Path) -> None:
    assert library.readout() is None
    assert create(tmp_path / "lib").readout() is None
    assert not (tmp_path / "lib" / "readout.npy").exists()


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise", "another", "one bit of 60", "one bit of 300"])
def test_a_missing_or_damaged_readout_is_an_error_that_says_what_to_do(tmp_path: Path, damage: str) -> None:
    library = create(tmp_path / "lib", readout=np.ones((10, 64)))
    file = library.path / "readout.npy"
    whole = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "another":
        np.save(file, np.ones((10, 32), np.float16))
    elif damage.startswith("one bit of"):
        whole[int(damage.rpartition(" ")[2])] ^= 0x04
        file.write_bytes(whole)
    else:
        file.write_bytes({"empty": b"", "cut": whole[:700], "noise": b"\x93" * len(whole)}[damage])
    with pytest.raises(LibraryError, match=r"readout\.npy: .*; restore it, or index into a new folder$"):
        Library.open(library.path).readout()
    assert problems(library) == [("readout.npy", "is missing or damaged")]


def test_a_library_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="the library cannot be made there"):
        create(tmp_path / "file" / "lib")


def test_a_library_that_has_no_room_says_why(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"lib: the library cannot be made there \(File too large\)"):
            create(tmp_path / "lib", readout=np.ones((1000, 64), np.float32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@as_root
def test_a_library_in_a_folder_without_permission_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="the library cannot be made there"):
        create(tmp_path / "lib")


# Films


def test_a_film_comes_out_as_it_was_put_in(archive: Path, tmp_path: Path) -> None:
    film = embed_video(probe(archive / "one.mp4"), PixelsEncoder())
    film = replace(film, grid=FrameGrid(film.grid.rate, film.grid.frame_count, (3, 50)))
    library = create(tmp_path / "lib")
    library.add(film)
    assert_same(Library.open(library.path).film(film.video.fingerprint), film)
    assert library.shots(film.video.fingerprint) == film.shots
    assert library.video(film.video.fingerprint) == film.video
    assert library.thumbnail(film.video.fingerprint, 1) == film.thumbnails[1]
    columns = library.columns(film.video.fingerprint)
    assert_same_cues(columns.cues, film.embeddings.cues)
    assert columns.seconds.tolist() == [2.0, 3.0, 2.0]
    assert columns.kinds == film.kinds == ("scene",) * 3
    assert film.video.fingerprint in library


def test_what_is_not_known_of_a_shot_comes_out_as_it_was_put_in(library: Library, tmp_path: Path) -> None:
    """Kinds, what is known of each cue and the courses, of any length, none among them."""
    film = library.film(film_named(library, "two.mp4"))
    random = np.random.default_rng(0)
    known = random.random((3, len(CUES))) < 0.5
    known[1] = False
    courses = tuple(
        LayoutCourse(random.integers(16, 236, (length, CELLS), np.uint8), np.cumsum(random.random(length)))
        for length in (0, 1, 30)
    )
    embeddings = replace(film.embeddings, cues=replace(film.embeddings.cues, known=known))
    film = replace(film, embeddings=embeddings, kinds=("leader", "scene", "black"), courses=courses)
    made = create(tmp_path / "lib")
    made.add(film)
    assert_same(made.film(film.video.fingerprint), film)
    columns = made.columns(film.video.fingerprint)
    assert_same_cues(columns.cues, film.embeddings.cues)
    assert columns.kinds == ("leader", "scene", "black")


def test_what_is_written_in_shots_comes_out_as_it_was_put_in(library: Library, tmp_path: Path) -> None:
    film = library.film(film_named(library, "two.mp4"))
    line = Line("Où est l'élève ?", 0.987, 0.1, 0.2, 0.3333, 0.04)
    lettering = Lettering((0.25, 1.0), ((), (line, replace(line, text="Fin", top=0.5))))
    film = replace(film, lettering=(lettering, None, Lettering((), ())))
    made = create(tmp_path / "lib")
    made.add(film)
    assert_same(made.film(film.video.fingerprint), film)
    assert made.lettering(film.video.fingerprint) == film.lettering
    table = pyarrow.parquet.read_table(parquet_of(made, "two.mp4"))
    assert table.column("written").to_pylist() == ["Où est l'élève ?\nFin", None, ""]
    kept = made.columns(film.video.fingerprint).lettering
    assert kept.known.tolist() == [True, False, True]
    # Up to the first picture with lettering, and nothing is known to be written in the others.
    assert kept.clear_seconds.tolist() == [0.25, 2.0, 3.0]
    assert made.usable(film.video.fingerprint, 0, Fraction(1, 5)) == Span(Fraction(0), Fraction(1, 4))
    assert made.usable(film.video.fingerprint, 0, Fraction(1)) == film.shots[0].body


def as_format_3(library: Library) -> None:
    """A library as it was before lettering was known."""
    file = library.path / "library.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 3}))
    for film in library.fingerprints():
        path = library.path / "films" / f"{film}.parquet"
        table = pyarrow.parquet.read_table(path)
        table = table.drop_columns(["written", "lettering_seconds", "lettering_lines"])
        facts = json.loads(table.schema.metadata[b"reinterpret"])
        metadata = {b"reinterpret": json.dumps({**facts, "version": 3}).encode()}
        pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), path, write_page_checksum=True)
        location = library.location(film)
        assert location is not None
        library.relocate(film, location)


def test_a_library_of_format_3_is_read_and_its_lettering_is_unknown(
    copied: Library, library: Library, archive: Path
) -> None:
    as_format_3(copied)
    before = Library.open(copied.path)
    assert before.verify() == []
    for film in before.fingerprints():
        kept = before.film(film)
        count = len(kept.shots)
        assert kept.lettering == before.lettering(film) == (None,) * count
        assert_same(
            replace(kept, video=replace(kept.video, path=Path())),
            replace(library.film(film), lettering=(None,) * count, video=replace(kept.video, path=Path())),
        )
        assert before.usable(film, 0, Fraction(1)) == kept.shots[0].body
    neighbours = open_neighbours(before)
    assert not neighbours.lettering.known.any()
    assert neighbours.usable_count == 8
    # Older programs must not take a film of the new format for a damaged one.
    version = json.loads((before.path / "library.json").read_text())["version"]
    before.add(before.film(before.fingerprints()[0]))
    after = json.loads((before.path / "library.json").read_text())["version"]
    assert (version, after) == (3, 4)
    assert len(Library.open(before.path).fingerprints()) == 3


def test_the_bodies_of_shots_come_out_as_they_were_put_in(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(monkeypatch, Boundary.gradual("dissolve", 40, 60, 0.7), Boundary.gradual("wipe", 120, 131))
    detection = Detection("content", 0.25, Fraction(1, 3), tmp_path / "cuts.csv")
    film = replace(embed_video(probe(archive / "one.mp4"), PixelsEncoder()), detection=detection)
    library = create(tmp_path / "lib")
    library.add(film)
    assert_same(Library.open(library.path).film(film.video.fingerprint), film)
    assert library.shots(film.video.fingerprint) == film.shots
    assert [shot.transition for shot in film.shots] == ["start", "dissolve", "wipe"]
    assert [shot.body for shot in film.shots] == [
        Span(Fraction(a, 25), Fraction(b, 25)) for a, b in [(0, 40), (60, 120), (131, 175)]
    ]
    assert library.columns(film.video.fingerprint).seconds.tolist() == [40 / 25, 60 / 25, 44 / 25]


def test_a_library_keeps_how_shots_are_found_but_no_list_of_cuts(tmp_path: Path) -> None:
    detection = Detection("content", 0.25, Fraction(1, 3), tmp_path / "cuts.csv")
    made = Library.create(tmp_path / "lib", encoder="pixels", encoder_version="1", detection=detection)
    kept = replace(detection, cuts=None)
    assert made.detection == Library.open(made.path).detection == kept
    facts = json.loads((made.path / "library.json").read_text())
    assert (facts["detector"], facts["sensitivity"], facts["min_shot_seconds"]) == ("content", 0.25, "1/3")


def test_the_library_holds_what_the_archive_was_made_of(library: Library) -> None:
    found = {library.video(film).name: library.shots(film) for film in library.fingerprints()}
    assert {name: [shot.span.duration for shot in shots] for name, shots in found.items()} == SHOTS
    assert library_seconds(library) == sum(sum(seconds) for seconds in SHOTS.values())
    assert library.fingerprints() == sorted(library.fingerprints())


def test_adding_a_film_again_replaces_it(copied: Library) -> None:
    film = copied.film(film_named(copied, "two.mp4"))
    other = replace(film, thumbnails=(b"other",) * len(film.shots))
    copied.add(other)
    assert copied.film(film.video.fingerprint).thumbnails[0] == b"other"
    assert len(copied.fingerprints()) == 3
    assert copied.verify() == []


def test_vectors_of_another_encoder_are_refused(copied: Library) -> None:
    film = copied.film(film_named(copied, "one.mp4"))
    for change in ({"encoder": "efficientnet-lite0"}, {"encoder_version": "2"}):
        with pytest.raises(LibraryError, match=r"was made with the encoder pixels \(1\), not with"):
            copied.add(replace(film, embeddings=replace(film.embeddings, **change)))


def test_a_film_whose_file_has_gone_is_not_added(copied: Library, tmp_path: Path) -> None:
    film = copied.film(film_named(copied, "one.mp4"))
    library = create(tmp_path / "other")
    film.video.path.unlink()
    with pytest.raises(VideoError, match="cannot be read"):
        library.add(film)
    assert library.fingerprints() == []
    assert list((library.path / "films").iterdir()) == []


def test_a_film_that_is_removed_is_gone_and_its_own_file_stays(copied: Library) -> None:
    film = film_named(copied, "one.mp4")
    path = copied.video(film).path
    copied.remove(film)
    assert film not in copied
    assert path.exists()
    assert not list((copied.path / "films").glob(f"*{film}*"))
    for ask in (copied.film, copied.shots, copied.video, copied.columns, copied.remove):
        with pytest.raises(LibraryError, match=f"has no film {film}"):
            ask(film)
    assert copied.verify() == []


@pytest.mark.parametrize("name", ["../../library", "/etc/passwd", "", "g" * 32, "a" * 31, "A" * 32, "a" * 32 + "\n"])
def test_only_a_fingerprint_can_name_a_file_of_the_library(copied: Library, name: str) -> None:
    for ask in (
        copied.film,
        copied.shots,
        copied.video,
        copied.columns,
        copied.remove,
        copied.location,
        copied.__contains__,
    ):
        with pytest.raises(LibraryError, match="is not the fingerprint of a film"):
            ask(name)


def test_other_files_among_the_films_are_no_films(copied: Library) -> None:
    for name in ("notes.txt", f".{'a' * 32}.parquet", "short.parquet", f"{'a' * 32}.json"):
        (copied.path / "films" / name).touch()
    assert len(copied.fingerprints()) == 3
    assert copied.verify() == []


# Finding by name


def test_a_film_is_found_by_path_name_stem_and_the_beginning_of_its_fingerprint(
    copied: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = film_named(copied, "two.mp4")
    path = copied.video(film).path
    monkeypatch.chdir(path.parent)
    for name in (film, film[:4], film[:12], "two.mp4", "two", str(path), "./two.mp4"):
        assert copied.find_film(name) == film


def test_a_name_of_two_films_or_of_none_is_an_error_that_says_where_to_look(copied: Library, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(tmp_path / "films" / "one.mp4", tmp_path / "elsewhere" / "two.mp4")
    copied.relocate(film_named(copied, "one.mp4"), Location.of(tmp_path / "elsewhere" / "two.mp4"))
    with pytest.raises(LibraryError, match=r"two\.mp4: is the name of several films .* reinterpret info -L"):
        copied.find_film("two.mp4")
    assert copied.find_film(str(tmp_path / "films" / "two.mp4")) != copied.find_film(
        str(tmp_path / "elsewhere" / "two.mp4")
    )
    for name in ("four.mp4", "../two.mp4", "", "abc"):
        with pytest.raises(LibraryError, match="is not a film of"):
            copied.find_film(name)


# Verifying


def problems(library: Library) -> list[tuple[str, str]]:
    return [(problem.path.name, problem.what) for problem in library.verify()]


def test_a_whole_library_has_no_problems_and_progress_is_told(copied: Library) -> None:
    told: list[tuple[int, int]] = []
    assert copied.verify(on_film=lambda done, total: told.append((done, total))) == []
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.95])
def test_one_flipped_byte_is_found(copied: Library, place: float) -> None:
    file = parquet_of(copied, "one.mp4")
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 0x10
    file.write_bytes(content)
    (problem,) = copied.verify()
    assert problem.path == file
    assert problem.what == "does not have the checksum it was written with"
    assert f"reinterpret remove {file.stem} -L {copied.path}" in problem.remedy


@pytest.mark.parametrize("left", [0, 4, 1000, -1])
def test_a_cut_film_is_found_and_asking_for_it_names_the_file(copied: Library, left: int) -> None:
    file = parquet_of(copied, "one.mp4")
    file.write_bytes(file.read_bytes()[:left])
    assert [path for path, _ in problems(copied)] == [file.name]
    for ask in (copied.film, copied.columns, copied.video, copied.shots):
        with pytest.raises(LibraryError, match=rf"{file.stem}\.parquet: is damaged .* index the film again"):
            ask(file.stem)


def test_a_flipped_byte_is_noticed_when_the_film_is_read(copied: Library) -> None:
    """Pages carry checksums: damaged vectors never reach a match."""
    file = parquet_of(copied, "one.mp4")
    whole = file.read_bytes()
    noticed = 0
    for place in range(50, len(whole) - 8, len(whole) // 25):
        content = bytearray(whole)
        content[place] ^= 0x01
        file.write_bytes(content)
        try:
            found = Library.open(copied.path).film(file.stem)
        except LibraryError:
            noticed += 1
        else:
            file.write_bytes(whole)
            assert_same(found, Library.open(copied.path).film(file.stem))
    assert noticed >= 20


def test_a_missing_or_damaged_sidecar_is_found(copied: Library) -> None:
    film = film_named(copied, "one.mp4")
    sidecar = copied.path / "films" / f"{film}.json"
    for content in (None, "", "[]", '{"path": 3}'):
        sidecar.unlink(missing_ok=True)
        if content is not None:
            sidecar.write_text(content)
        assert problems(copied) == [(sidecar.name, "is missing or damaged")]
        assert copied.film(film).video.fingerprint == film  # where it lay when it was indexed is still known


def test_a_film_that_has_gone_or_was_replaced_is_found(copied: Library) -> None:
    one, two = (copied.video(film_named(copied, name)).path for name in ("one.mp4", "two.mp4"))
    shutil.copy(two, one)
    assert problems(copied) == [("one.mp4", "is another film than the one that was indexed")]
    one.unlink()
    assert problems(copied) == [("one.mp4", "is not there any more")]


def test_a_film_under_the_name_of_another_is_found(copied: Library) -> None:
    one, two = parquet_of(copied, "one.mp4"), parquet_of(copied, "two.mp4")
    shutil.copy(two, one)
    copied.relocate(one.stem, Location.of(copied.video(two.stem).path))
    assert (one.name, f"holds another film ({two.stem})") in problems(copied)


def test_a_foreign_parquet_file_is_found(copied: Library) -> None:
    file = copied.path / "films" / f"{'a' * 32}.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"number": [1]}), file)
    assert [path for path, _ in problems(copied)] == [f"{'a' * 32}.json", file.name]
    with pytest.raises(LibraryError, match="it was not written by reinterpret"):
        copied.film("a" * 32)


# Files


def test_the_files_can_be_read_by_anything_that_reads_parquet(library: Library) -> None:
    film = film_named(library, "one.mp4")
    table = pyarrow.parquet.read_table(library.path / "films" / f"{film}.parquet")
    assert table.column("number").to_pylist() == [0, 1, 2]
    assert table.column("start_seconds").to_pylist() == [0.0, 2.0, 5.0]
    assert table.column("seconds").to_pylist() == [2.0, 3.0, 2.0]
    assert table.column("start").to_pylist() == ["0/1", "2/1", "5/1"]
    assert table.column("transition").to_pylist() == ["start", "cut", "cut"]
    for name in ("start", "end", "start_frame", "end_frame", "start_seconds", "seconds"):
        assert table.column(f"body_{name}").to_pylist() == table.column(name).to_pylist()
    assert all(0.5 < confidence <= 1 for confidence in table.column("confidence").to_pylist())
    assert all(thumbnail.startswith(b"\xff\xd8") for thumbnail in table.column("thumbnail").to_pylist())
    for cue in CUES:
        vectors = np.array(table.column(cue.name).to_pylist())
        assert vectors.shape == (3, cue.dimensions or PixelsEncoder.dimensions)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert table.column("known_cues").to_pylist() == [cue_names()] * 3
    assert table.column("kind").to_pylist() == ["scene"] * 3
    # 8 x 5 cells, every second frame.
    cells, seconds = (table.column(f"course_{name}").to_pylist() for name in ("cells", "seconds"))
    assert [len(times) for times in seconds] == [25, 38, 25]
    assert [len(values) for values in cells] == [40 * 25, 40 * 38, 40 * 25]
    frames = table.column("frame_vectors").to_pylist()
    assert [len(vectors) for vectors in frames] == [3, 3, 3]
    facts = json.loads(table.schema.metadata[b"reinterpret"])
    assert (facts["encoder"], facts["video"]["frame_rate"]) == ("pixels", "25/1")


def test_paths_in_any_script_survive(copied: Library, tmp_path: Path) -> None:
    film = film_named(copied, "one.mp4")
    path = tmp_path / "it's «電影» 🎬.mp4"
    shutil.move(copied.video(film).path, path)
    copied.relocate(film, Location.of(path))
    assert Library.open(copied.path).video(film).path == path
    assert copied.verify() == []


def test_old_temporary_files_are_swept_and_fresh_ones_left_to_their_owners(copied: Library) -> None:
    old, fresh = (copied.path / "films" / f".{'a' * 32}.99999.{name}.tmp.parquet" for name in ("0ld", "new"))
    for file in (old, fresh):
        file.touch()
    os.utime(old, (time.time() - 100_000,) * 2)
    copied.sweep()
    assert not old.exists()
    assert fresh.exists()
    assert len(copied.fingerprints()) == 3


@as_root
def test_a_library_that_cannot_be_written_to_says_so(copied: Library) -> None:
    film = copied.film(film_named(copied, "one.mp4"))
    (copied.path / "films").chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        copied.add(film)


def test_a_full_disk_leaves_the_film_that_was_there(copied: Library) -> None:
    film = copied.film(film_named(copied, "one.mp4"))
    files = sorted((copied.path / "films").iterdir())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond 1000 bytes: as on a full disk, writing fails in the middle.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"\.parquet: cannot be written"):
            copied.add(film)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sorted((copied.path / "films").iterdir()) == files
    assert copied.verify() == []


def test_durations_are_exact(library: Library) -> None:
    film = film_named(library, "two.mp4")
    assert [shot.span.start for shot in library.shots(film)] == [Fraction(0), Fraction(2), Fraction(4)]


def test_a_film_whose_writing_is_broken_off_is_not_there(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the last moment: all is written, and is just about to get its name."""
    film = library.film(film_named(library, "two.mp4"))
    made = create(tmp_path / "lib")
    replace_path = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if self.suffix == ".parquet":
            raise KeyboardInterrupt
        return replace_path(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            made.add(film)
    assert made.fingerprints() == []
    assert made.verify() == []
    made.add(film)
    assert made.verify() == []
    assert_same(Library.open(made.path).film(film.video.fingerprint), film)
