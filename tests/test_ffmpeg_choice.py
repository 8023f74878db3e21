"""Which ffmpeg is used: programs that only say what they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reinterpret.errors import FfmpegError
from reinterpret.ffmpeg import OLDEST_RELEASE, Program, choose_ffmpeg, ffmpeg_program

MakeProgram = Callable[..., str]


@pytest.fixture
def program(tmp_path: Path) -> MakeProgram:
    """Makes an ffmpeg of a version, which encodes H.264 unless another encoder is named."""

    def make(version: str, *, encoder: str = "libx264", folder: str = "") -> str:
        path = tmp_path / (folder or f"{version}-{encoder}") / "ffmpeg"
        path.parent.mkdir()
        path.write_text(
            f"""#!/bin/sh
case "$*" in
  *-version) echo 'ffmpeg version {version} Copyright (c) 2000-2026 the FFmpeg developers';;
  *-encoders) echo ' V....D {encoder}     an encoder';;
  *) exit 1;;
esac
"""
        )
        path.chmod(0o700)
        return str(path)

    return make


@pytest.fixture
def have(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None, str | None], None]]:
    """Puts one program on the path, and another in the place of imageio-ffmpeg's; None: there is none."""

    def put(system: str | None, brought: str | None) -> None:
        import imageio_ffmpeg

        def get_ffmpeg_exe() -> str:
            if brought is None:
                raise RuntimeError("No ffmpeg exe could be found.")
            return brought

        monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", get_ffmpeg_exe)
        monkeypatch.setenv("PATH", str(Path(system).parent) if system else "")
        ffmpeg_program.cache_clear()

    monkeypatch.delenv("REINTERPRET_FFMPEG", raising=False)
    yield put
    ffmpeg_program.cache_clear()


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("5.1.9-0+deb12u1", (5, 1, 9)),
        ("4.4.2-0ubuntu0.22.04.1", (4, 4, 2)),
        ("4.2.2-static", (4, 2, 2)),
        ("7.0.2-static", (7, 0, 2)),
        ("7.1", (7, 1, 0)),
        ("10.0", (10, 0, 0)),
        ("n6.1", (6, 1, 0)),
        ("n9.0.2-17-g2a571b6068-20260930", (9, 0, 2)),
        ("n7.2-dev-2412-g4f3c9f2f03", (7, 2, 0)),
        ("7.1-full_build-www.gyan.dev", (7, 1, 0)),
        ("7.0.2-Jellyfin", (7, 0, 2)),
        ("5.1.git", (5, 1, 0)),
        ("N-118193-g5f38c82536-20241229", None),
        ("N-67100-g76ed5f6", None),
        ("2024-12-27-git-5f38c82536-full_build-www.gyan.dev", None),
        ("git-2020-08-31-4a11a6f", None),
        ("20260930.1", None),
        ("2026.09.30", None),
        ("master", None),
        ("of unknown version", None),
    ],
)
def test_versions_as_programs_give_them(version: str, release: tuple[int, int, int] | None) -> None:
    assert Program("a", "b", version).release == release


NEW, OLD, DEVELOPMENT = "9.0.2-static", "5.1.9-0+deb12u1", "N-118193-g5f38c82536"


@pytest.mark.parametrize(
    ("system", "brought", "used"),
    [
        (OLD, NEW, NEW),
        (NEW, OLD, NEW),
        ("10.0", "9.1", "10.0"),
        ("7.0.10", "7.0.9", "7.0.10"),
        ("7.0.1", "n7.0.2", "n7.0.2"),
        (DEVELOPMENT, NEW, DEVELOPMENT),
        (NEW, DEVELOPMENT, DEVELOPMENT),
        ("4.4.2", NEW, NEW),
        ("5.0.9", OLD, OLD),
        (OLD, "4.2.2", OLD),
        (OLD, None, OLD),
        (None, OLD, OLD),
        (DEVELOPMENT, None, DEVELOPMENT),
    ],
)
def test_the_newer_one_is_used(
    program: MakeProgram, have: Callable[..., None], system: str | None, brought: str | None, used: str
) -> None:
    paths = {version: program(version) for version in (system, brought) if version}
    have(paths.get(system or ""), paths.get(brought or ""))
    assert ffmpeg_program() == paths[used]
    assert choose_ffmpeg().program.version == used
    assert len(choose_ffmpeg().remarks) == len(paths) - 1


@pytest.mark.parametrize(
    ("one", "other"), [("7.0.2-static", "n7.0.2-4-g1a2b3c"), ("7.1", "7.1.0"), (DEVELOPMENT, "N-1-gabc")]
)
def test_of_two_of_the_same_release_the_machine_s_is_used(
    program: MakeProgram, have: Callable[..., None], one: str, other: str
) -> None:
    for system, brought in ((one, other), (other, one)):
        have(program(system, folder=f"system {system}"), program(brought, folder=f"brought {brought}"))
        choice = choose_ffmpeg()
        assert (choice.program.owner, choice.program.version) == ("this machine's", system)
        assert choice.remarks[0].endswith("which is no newer")


def test_the_oldest_release_that_is_supported_is_debian_12_s_and_just_so(
    program: MakeProgram, have: Callable[..., None]
) -> None:
    assert OLDEST_RELEASE == (5, 1)
    oldest = program("5.1")
    have(oldest, None)
    assert ffmpeg_program() == oldest
    have(program("5.0.99"), None)
    with pytest.raises(FfmpegError, match=r"5\.0\.99 .* is older than 5\.1, .*; install ffmpeg 5\.1 or newer"):
        ffmpeg_program()


def test_what_is_newer_but_encodes_no_h264_is_not_used(program: MakeProgram, have: Callable[..., None]) -> None:
    free, whole = program(NEW, encoder="libopenh264"), program(OLD)
    for pair in ((free, whole), (whole, free)):
        have(*pair)
        choice = choose_ffmpeg()
        assert choice.program.path == whole
        assert choice.remarks[0].endswith(
            f"{OLD} is used instead of {other(choice.program)} ffmpeg {NEW} ({free}), "
            "which lacks libx264, the encoder for H.264"
        )


def other(used: Program) -> str:
    return "imageio-ffmpeg's" if used.owner == "this machine's" else "this machine's"


def test_what_does_not_run_is_not_used(tmp_path: Path, program: MakeProgram, have: Callable[..., None]) -> None:
    broken = tmp_path / "broken" / "ffmpeg"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'error while loading shared libraries: libavdevice.so.59' >&2\nexit 127\n")
    broken.chmod(0o700)
    have(str(broken), program(OLD))
    choice = choose_ffmpeg()
    assert choice.program.version == OLD
    assert "libavdevice.so.59" in choice.remarks[0]
    broken.write_bytes(b"\x7fELF of another machine")
    assert "which cannot be run: Exec format error" in choose_ffmpeg().remarks[0]


def test_the_machine_s_is_not_looked_at_twice(program: MakeProgram, have: Callable[..., None]) -> None:
    """As where imageio-ffmpeg brings none for this kind of machine: it then names the one on the path."""
    system = program(NEW)
    have(system, "ffmpeg")
    choice = choose_ffmpeg()
    assert (choice.program.path, choice.remarks) == (system, ())


def test_without_any_the_error_says_what_to_do(program: MakeProgram, have: Callable[..., None]) -> None:
    have(None, None)
    with pytest.raises(FfmpegError, match=r"^no ffmpeg was found; install .* or pip install imageio-ffmpeg$"):
        ffmpeg_program()
    have(program("4.2.2"), program(NEW, encoder="libopenh264"))
    with pytest.raises(
        FfmpegError, match=r"9\.0\.2.*cannot be used: it lacks libx264.*4\.2\.2.*is older than 5\.1"
    ) as caught:
        ffmpeg_program()
    assert "\n" not in str(caught.value)


def test_the_log_names_both_versions(
    program: MakeProgram, have: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    have(program("4.4.2-0ubuntu0.22.04.1"), program(NEW))
    with caplog.at_level(logging.INFO, "reinterpret.ffmpeg"):
        ffmpeg_program()
    told = [record for record in caplog.records if "4.4.2-0ubuntu0.22.04.1" in record.getMessage()]
    assert len(told) == 1
    assert told[0].levelno == logging.INFO
    assert NEW in told[0].getMessage()
    assert "older than 5.1" in told[0].getMessage()


def test_the_one_that_is_named_wins(
    program: MakeProgram,
    have: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    have(program(NEW), program(DEVELOPMENT))
    named = program(OLD)
    monkeypatch.setenv("REINTERPRET_FFMPEG", named)
    assert ffmpeg_program() == named
    assert not caplog.records
    # Also one that is too old, but not in silence.
    named = program("4.2.2-static")
    monkeypatch.setenv("REINTERPRET_FFMPEG", named)
    ffmpeg_program.cache_clear()
    assert ffmpeg_program() == named
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"REINTERPRET_FFMPEG names ffmpeg 4.2.2-static ({named}), which is older than 5.1, "
        "the oldest release that is supported; name another or unset it"
    )


@pytest.mark.parametrize("what", ["missing", "without H.264"])
def test_one_that_is_named_and_cannot_be_used_is_an_error(
    tmp_path: Path, program: MakeProgram, have: Callable[..., None], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    have(program(NEW), None)
    named = str(tmp_path / "nowhere") if what == "missing" else program(OLD, encoder="mpeg4")
    monkeypatch.setenv("REINTERPRET_FFMPEG", named)
    why = "cannot be run: No such file" if what == "missing" else "lacks libx264"
    with pytest.raises(FfmpegError, match=f"REINTERPRET_FFMPEG names .*, which {why}.*; name another or unset it$"):
        ffmpeg_program()


def test_the_version_option_says_which(
    program: MakeProgram, have: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    from reinterpret import __version__
    from reinterpret.cli.printing import print_versions

    system, brought = program(OLD), program(NEW)
    have(system, brought)
    print_versions()
    assert capsys.readouterr().out.splitlines() == [
        __version__,
        f"uses imageio-ffmpeg's ffmpeg {NEW} ({brought})",
        f"imageio-ffmpeg's {NEW} is used instead of this machine's ffmpeg {OLD} ({system}), which is older",
    ]
    have(None, None)
    print_versions()
    assert capsys.readouterr().out.splitlines()[1].startswith("no ffmpeg: ")
