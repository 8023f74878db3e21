"""The sheet: a timeline goes in, one page comes out that shows both sides of every clip and where everything is from.

It is made to be printed, to be read without this program, and to clear rights with: pictures are part of the file, and
nothing is loaded from anywhere.
"""

from __future__ import annotations

import base64
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import opentimelineio as otio

from reinterpret.edits import EditList, trailer_seconds
from reinterpret.interchange.accounts import Account, FileAccount, accounts, file_accounts
from reinterpret.interchange.pictures import Picture, small_pictures
from reinterpret.interchange.timeline import record_of
from reinterpret.timebase import format_seconds
from reinterpret.video import Video
from reinterpret.webpage import many, quoted, webpage

Pictures = Mapping[tuple[str, Fraction], Picture]

# Width and height of a picture in pixels, for edits with at most so many clips: a page of 150 clips has 600 pictures
# and stays below 5 MB.
_SIZES = ((60, (240, 135)), (200, (160, 90)))
_SMALLEST = (128, 72)

_STYLE = """
body { max-width: 82rem; line-height: 1.4 }
h2 { margin: 2rem 0 .5rem }
table { border-collapse: collapse; width: 100%; font-size: .8rem }
th { text-align: left; font-weight: 600 } thead th { border-bottom: 2px solid var(--ink); padding: .2rem .6rem .2rem 0 }
tbody > tr > * { border-bottom: 1px solid var(--line); padding: .6rem .6rem .6rem 0; vertical-align: top }
tbody > tr { break-inside: avoid }
th { white-space: nowrap }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .3rem; width: 19rem }
.pair img { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: contain; background: #000 }
.none { display: grid; place-items: center; aspect-ratio: 16 / 9; background: #8a8a8f; color: #fff }
.black { background: #000; color: #a0a0a5 } .white { background: #fff; color: #5a5a5f; border: 1px solid var(--line) }
figcaption, .time { font-variant-numeric: tabular-nums; white-space: nowrap }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .7rem; margin: .3rem 0 0 } dt { color: var(--faint) }
dd { margin: 0 }
.film { font-weight: 600 } .why { font-style: italic }
.bar { display: inline-block; width: 4rem; height: .5em; background: var(--line); print-color-adjust: exact }
.bar i { display: block; height: 100%; background: #4a7dbd; print-color-adjust: exact }
.cues { display: flex; flex-wrap: wrap; gap: 0 .8rem }
.rights { white-space: pre-wrap; max-width: 34rem } ul { margin: 0; padding: 0; list-style: none }
.files td { width: 33% } .files td:first-child { width: 42% } .files li { display: inline-block; margin-right: 1rem }
.offline { background: #8a8a8f; color: #fff; padding: 0 .3rem; print-color-adjust: exact }
.none { print-color-adjust: exact }
@media screen and (max-width: 48rem) {
  .clips, .clips tbody, .clips tr, .clips td { display: block } .clips thead { display: none } .pair { width: auto }
  .clips tr > :not(:last-child) { border: 0; padding-bottom: 0 }
}
@media print {
  :root { --faint: #555; --line: #bbb; --ground: #fff; --ink: #000 }
  @page { size: landscape; margin: 12mm }
  body { padding: 0; max-width: none; font-size: 9.5pt } thead { display: table-header-group }
  h2 { break-after: avoid } .pair { width: 76mm } a { text-decoration: none }
}
"""


def write(
    timeline: otio.schema.Timeline, edit: EditList, *, on_pictures: Callable[[int, int], None] | None = None
) -> str:
    """The text of the file: a row a clip, then a row a file with what is used of it and what is said of its rights.

    Pictures are the first and the middle frame of what stands there. Films that are not there have a grey place.
    on_pictures: told how many of them are done, of how many.
    """
    rows = accounts(timeline, edit)
    width, height = next((size for most, size in _SIZES if len(rows) <= most), _SMALLEST)
    shown = small_pictures(_wanted(edit, rows), width=width, height=height, on_pictures=on_pictures)
    record = record_of(timeline)
    heading = record.name or "Reinterpretation"
    films = {row.match.film for row in rows if row.match is not None}
    facts = [many(len(rows), "clip"), f"from {many(len(films), 'film')}"]
    facts += [format_seconds(record.frame_count / record.rate), f"{float(record.rate):.5g} frames a second"]
    body = [
        f'<h1><bdi>{quoted(heading)}</bdi></h1>\n<p class="faint">{", ".join(facts)}.</p>',
        _clips_table(edit, rows, shown),
        "<h2>Where it is from</h2>",
        _files_table(file_accounts(timeline, edit, rows)),
    ]
    return webpage(heading, "\n".join(body), style=_STYLE)


def _wanted(edit: EditList, rows: Sequence[Account]) -> dict[Video, list[Fraction]]:
    wanted: dict[Video, list[Fraction]] = defaultdict(list)
    for row in rows:
        for video, instants in ((edit.trailer, _own_instants(edit, row)), (row.film, _source_instants(edit, row))):
            if video is not None:
                wanted[video] += instants
    return wanted


def _own_instants(edit: EditList, row: Account) -> list[Fraction]:
    """Of the trailer: the first frame and the middle one, which are one if there is but one."""
    return [trailer_seconds(edit.grid, row.clip.first_frame + offset) for offset in _offsets(row)]


def _source_instants(edit: EditList, row: Account) -> list[Fraction]:
    if row.match is None:
        return []
    return [edit.source_instant(row.clip, row.clip.first_frame + offset) for offset in _offsets(row)]


def _offsets(row: Account) -> list[int]:
    return sorted({0, row.clip.frame_count // 2})


def _clips_table(edit: EditList, rows: Sequence[Account], shown: Pictures) -> str:
    heads = ["#", *(["Trailer"] if edit.trailer is not None else []), "Reinterpretation", "What it is"]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "\n".join(_clip_row(edit, row, shown) for row in rows)
    return f'<table class="clips">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'


def _clip_row(edit: EditList, row: Account, shown: Pictures) -> str:
    cells = [f'<th scope="row" id="clip-{row.number}">{row.number}</th>']
    if edit.trailer is not None:
        labels = [row.record.timecode(edit.grid.slot(row.clip.first_frame + offset)) for offset in _offsets(row)]
        cells.append(f"<td>{_pair(shown, edit.trailer, _own_instants(edit, row), labels)}</td>")
    if row.match is not None and row.film is not None and row.source is not None:
        instants = _source_instants(edit, row)
        # Frames of the film pass at its own rate, from the one that is named first.
        passed = [math.floor((instant - instants[0]) * row.source.rate) for instant in instants]
        last = row.source.end_frame - 1
        labels = [row.source.timecode(min(row.source.first_frame + frames, last)) for frames in passed]
        cells.append(f"<td>{_pair(shown, row.film, instants, labels)}</td>")
    else:
        words = {
            "black": '<div class="none black">black</div>',
            "white": '<div class="none white">white</div>',
            "title": '<p class="faint">the trailer\'s own title</p>',
        }
        cells.append(f'<td><div class="pair">{words[row.kind]}</div></td>')
    return f"<tr>{''.join(cells)}\n<td>{_facts(edit, row)}</td></tr>"


def _pair(shown: Pictures, video: Video, instants: Sequence[Fraction], labels: Sequence[str]) -> str:
    figures = []
    for instant, label in zip(instants, labels, strict=True):
        picture = shown.get((video.fingerprint, instant))
        if picture is None:
            drawn = '<div class="none">offline</div>'
        else:
            data = base64.b64encode(picture.jpeg).decode("ascii")
            drawn = f'<img src="data:image/jpeg;base64,{data}" alt="{quoted(video.name)} at {label}">'
        figures.append(f"<figure>{drawn}<figcaption>{label}</figcaption></figure>")
    return f'<div class="pair">{"".join(figures)}</div>'


def _facts(edit: EditList, row: Account) -> str:
    record = f"{row.record.first_timecode} - {row.record.end_timecode} ({many(row.record.frame_count, 'frame')})"
    terms = [("record", f'<span class="time">{record}</span>')]
    if row.transitions:
        terms.append(("transitions", row.transitions))
    head = f'<div class="film">{row.kind}</div>'
    if row.match is not None and row.film is not None and row.source is not None:
        head = f'<div class="film"><bdi>{quoted(row.film.name)}</bdi></div>'
        source = f"{row.source.first_timecode} - {row.source.end_timecode}"
        terms.append(("source", f'<span class="time">{source}</span>, shot {row.match.source_shot}'))
        if row.clip.speed != 1 or row.held_frames:
            held = [f"last frame held for {many(row.held_frames, 'frame')}"] if row.held_frames else []
            pace = [f"{float(row.clip.speed):.0%}"] if row.clip.speed != 1 else []
            terms.append(("speed", ", ".join([*pace, *held])))
        terms.append(("score", f"{_bar(row.match.score)} {row.match.score:.2f}"))
        cues = "".join(f"<span>{quoted(cue)} {score:.2f}</span>" for cue, score in row.match.cues)
        terms.append(("cues", f'<div class="cues">{cues}</div>'))
        if row.match.shared:
            terms.append(("why", f'<span class="why">{quoted(row.match.shared)}</span>'))
    if row.clip.passed_over:
        told = "".join(f"<li><bdi>{quoted(edit.told(shot))}</bdi></li>" for shot in row.clip.passed_over)
        terms.append(("passed over", f"<ul>{told}</ul>"))
    listed = "".join(f"<dt>{name}</dt><dd>{words}</dd>" for name, words in terms)
    return f"{head}\n<dl>{listed}</dl>"


def _bar(score: float) -> str:
    return f'<span class="bar"><i style="width:{max(0.0, min(score, 1.0)):.0%}"></i></span>'


def _files_table(files: Sequence[FileAccount]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in ("File", "What is used", "Rights"))
    body = "\n".join(
        f"<tr><td>{_file(file)}</td>\n<td>{_uses(file)}</td>\n<td>{_rights(file)}</td></tr>" for file in files
    )
    return f'<table class="files">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'


def _file(file: FileAccount) -> str:
    state = ' <span class="offline">offline</span>' if file.offline else ""
    terms = [("path", f"<bdi>{quoted(file.shown_path)}</bdi>")]
    if file.video is not None:
        video = file.video
        shape = f"{video.display_width} × {video.display_height}, {float(video.frame_rate):.5g} frames a second"
        terms += [("fingerprint", quoted(video.fingerprint)), ("picture", shape)]
        terms.append(("duration", format_seconds(video.duration)))
    if file.size_bytes is not None:
        terms.append(("size", f"{file.size_bytes:,} bytes"))
    listed = "".join(f"<dt>{term}</dt><dd>{words}</dd>" for term, words in terms)
    return f'<div class="film"><bdi>{quoted(file.path.name)}</bdi>{state}</div>\n<dl>{listed}</dl>'


def _uses(file: FileAccount) -> str:
    parts = []
    if file.uses:
        parts.append(f"{float(file.shown_seconds):.2f} s of picture in {many(len(file.uses), 'clip')}")
    if file.heard:
        parts.append("its sound")
    summary = " and ".join(parts) or {"trailer": "nothing of it is shown or heard"}.get(file.role, "")
    listed = "".join(
        f'<li class="time"><a href="#clip-{row.number}">clip {row.number}</a>{_from_where(row)}</li>'
        for row in file.uses
    )
    return f"<p>{summary}</p>\n<ul>{listed}</ul>"


def _from_where(row: Account) -> str:
    """From where to where of the file."""
    return "" if row.source is None else f": {row.source.first_timecode} - {row.source.end_timecode}"


def _rights(file: FileAccount) -> str:
    if file.rights is None:
        return '<span class="faint">nothing is said beside the file</span>'
    said, where = quoted(file.rights.text), quoted(file.rights.source)
    return f'<div class="rights">{said}</div><div class="faint">({where})</div>'
