"""The chooser in a real browser: page ready, key to choice, the whole edit after a change, memory over many choices.

python benchmarks/studio.py [--trailer FILM] [--library LIB] [--shots 150] [--choices 500]

Needs Chromium (Debian's package will do) and playwright. The trailer is made of the one that is named, over and over,
cut into shots of a second; its edit has ten suggestions a shot.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from measure import heading, looped_trailer, reinterpret_command, resident_bytes, row, tree_bytes
from playwright.sync_api import CDPSession, Page, sync_playwright

import reinterpret

ROOT = Path(__file__).resolve().parents[1]
MEDIA = ROOT.parent / "shared" / "media"
# From the key to the picture in which the strip shows the other shot: the browser's own measure (Event Timing, to 8 ms,
# from 16 on), where the strip had changed by then; else to the change.
_WATCH = """() => {
  window.drawn = new Map();
  window.changed = [];
  performance.setResourceTimingBufferSize(100000);
  let pressed = 0;
  addEventListener('keydown', (event) => { if (event.key === 'Enter') pressed = event.timeStamp; }, true);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === 'keydown') window.drawn.set(one.startTime, one.duration);
  }).observe({ type: 'event', durationThreshold: 16 });
  new MutationObserver((changes) => {
    if (!pressed || !changes.some((one) => one.attributeName === 'src')) return;
    window.changed.push([pressed, performance.now() - pressed]);
    pressed = 0;
  }).observe(document.getElementById('strip'), { subtree: true, attributes: true, attributeFilter: ['src'] });
}"""
_CHOSEN = "window.changed.map(([key, change]) => Math.max(window.drawn.get(key) ?? 16, change))"
# From the key to the first picture in which the strip shows what all shots have become: a message that is sent in a
# frame arrives when that frame is drawn.
_AGAIN = """() => {
  let pressed = 0;
  const { port1, port2 } = new MessageChannel();
  window.again = new Promise((done) => { port1.onmessage = () => done(performance.now() - pressed); });
  addEventListener('keydown', (event) => { pressed = event.timeStamp; }, { capture: true, once: true });
  const told = new MutationObserver(() => {
    if (!pressed || !document.getElementById('said').textContent.includes('again')) return;
    told.disconnect();
    requestAnimationFrame(() => port2.postMessage('drawn'));
  });
  told.observe(document.getElementById('said'), { childList: true, characterData: true, subtree: true });
}"""
_LISTED = "document.querySelector('#list')?.getAttribute('aria-busy') === 'false'"
_STATUS = "fetch('/status').then((told) => told.json())"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trailer", type=Path, default=MEDIA / "trailer" / "sintel-trailer-720p.mp4")
    parser.add_argument("--library", type=Path, help="by default one is made of --archive")
    parser.add_argument("--archive", type=Path, default=MEDIA / "archive")
    parser.add_argument("--shots", type=int, default=150)
    parser.add_argument("--choices", type=int, default=500)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["REINTERPRET_CACHE"] = str(work / "cache")
        library = options.library or work / "library"
        if options.library is None:
            reinterpret.index([options.archive], library)
        edit, cuts = _edit(options.trailer, library, options.shots, work)
        print(heading())
        with _studio(edit, library, cuts) as (process, address), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
            _ready(browser.new_page, address)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(address)
            _until(page, "document.querySelectorAll('#strip img').length > 0")
            _choices(page, process.pid, options.choices, options.shots)
            _whole(page)
            browser.close()


def _edit(trailer: Path, library: Path, shots: int, work: Path) -> tuple[Path, Path]:
    """An edit of that many shots of a second each, of the trailer over and over, and its list of cuts."""
    looped, cuts = looped_trailer(trailer, shots, work)
    opened = reinterpret.Library.open(library)
    detection = reinterpret.Detection(detector="none", min_shot=Fraction(0), cuts=cuts)
    edit = reinterpret.match(looped, opened, reinterpret.MatchSettings(titles="match"), detection=detection)
    suggested = len(edit.clips[-1].suggestions)
    print(f"{len(edit.clips)} shots, {float(edit.grid.duration):.0f} s, {suggested} suggestions each")
    path = work / "long.edit.json"
    edit.save(path)
    return path, cuts


@contextmanager
def _studio(edit: Path, library: Path, cuts: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = reinterpret_command("studio", edit, "-L", library, "--cuts", cuts, "--no-browser", "--json")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        if not told:
            sys.exit("the studio did not start")
        yield process, json.loads(told)["address"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _until(page: Page, true: str, seconds: float = 120, *, step: float = 0.05) -> None:
    end = time.perf_counter() + seconds
    while not page.evaluate(true):
        if time.perf_counter() > end:
            sys.exit(f"it did not come: {true}")
        # Asking takes a few milliseconds of the processor, which the page and the studio then have not.
        time.sleep(step)


def _ready(new_page: Callable[..., Page], address: str) -> None:
    """From the address to a page that can be used, and to pictures in all places that are on the screen."""
    usable, seconds = [], []
    for _ in range(4):
        page = new_page(viewport={"width": 1280, "height": 800})
        began = time.perf_counter()
        page.goto(address, wait_until="commit")
        _until(page, "document.documentElement?.dataset.ready === 'yes'")
        _until(page, _LISTED)
        usable.append(time.perf_counter() - began)
        # Of a list that is scrolled only what lies in it is on the screen.
        box = (
            "const room = image.closest('#list, #scroller').getBoundingClientRect(), at = image.getBoundingClientRect()"
        )
        out = "at.right < room.left || at.left > room.right || at.bottom < room.top || at.top > room.bottom"
        images = "[...document.querySelectorAll('.shot img, .suggestion img')]"
        _until(page, f"{images}.every((image) => {{ {box}; return {out} || (image.src && image.complete); }})")
        seconds.append(time.perf_counter() - began)
        page.context.close()
    print(row("page ready: shots, suggestions, controls", usable, "s", "<= 2"))
    print(row("and every picture, none made before", seconds[:1], "s"))
    print(row("and every picture, made before", seconds[1:], "s"))


def _choices(page: Page, process: int, count: int, shots: int) -> None:
    page.evaluate(_WATCH)
    page.keyboard.press("Home")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    marks = [count * tenth // 10 for tenth in range(1, 10)]
    kept: list[tuple[float, float, float, float]] = []
    turned: list[float] = []
    for number in range(count):
        if number in marks:
            kept.append(_memory(devtools, process))
            # Collecting goes on for a while, and is not what a person would wait for.
            page.wait_for_timeout(1000)
        page.keyboard.press("ArrowRight" if number % (2 * shots) < shots else "ArrowLeft")
        _until(page, _LISTED)
        page.keyboard.press("ArrowDown")
        began = time.perf_counter()
        page.keyboard.press("ArrowDown")
        # What is chosen has been seen, also where it is on the next page.
        if not page.evaluate(_LISTED):
            _until(page, _LISTED, step=0.01)
            turned.append(1000 * (time.perf_counter() - began))
        page.keyboard.press("Enter")
        if number % 10 == 9:
            page.wait_for_timeout(300)
    _until(page, "document.querySelector('#said').textContent.includes('chosen')")
    page.wait_for_timeout(2000)
    kept.append(_memory(devtools, process))
    latencies = page.evaluate(_CHOSEN)
    answered = "filter((one) => one.name.endsWith('/edit/choose')).map((one) => one.duration)"
    answers = page.evaluate(f"performance.getEntriesByType('resource').{answered}")
    print(row(f"key to choice, {len(latencies)} choices", latencies, "ms", "<= 100"))
    timed = page.evaluate("window.changed.filter(([key]) => window.drawn.has(key)).length")
    print(f"    the browser has timed {timed} of them; what it does not time was drawn within 16 ms")
    late = [number for number, latency in enumerate(latencies, start=1) if latency > 100]
    print(f"    above 100 ms: {len(late)} of them, by number: {', '.join(map(str, late)) or 'none'}")
    print(row("choice to saved", answers, "ms"))
    if turned:
        print(row(f"key to the next page of suggestions, {len(turned)} times", turned, "ms"))
    for at, (name, unit) in enumerate(
        (
            ("page, heap", "MiB"),
            ("page, nodes", "thousand"),
            ("studio, memory", "MiB"),
            ("with ffmpeg, which renders the preview", "MiB"),
        )
    ):
        values = [entry[at] for entry in kept]
        print(row(name, values, unit, "no growth"))
        print(f"    by tenths of {count} choices: {', '.join(f'{value:.1f}' for value in values)}")


def _memory(devtools: CDPSession, process: int) -> tuple[float, float, float, float]:
    """MiB of the page's heap, thousands of its nodes, MiB of the server's process, and with those it has begun."""
    devtools.send("HeapProfiler.collectGarbage")
    told: dict[str, Any] = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    own, all_of_them = resident_bytes(process) / 2**20, tree_bytes(process) / 2**20
    return told["JSHeapUsedSize"] / 2**20, told["Nodes"] / 1000, own, all_of_them


def _whole(page: Page) -> None:
    """From a choice to the whole edit with it, which could then be played; and all shots assigned again."""
    _until(page, f"{_STATUS}.then((told) => told.reading.stage === 'ready')", 600)
    _settle(page)
    visible = []
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
        _until(page, _LISTED)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        # A person has seen what he chooses.
        _until(page, "[...document.querySelectorAll('.suggestion img')].every((image) => image.complete)")
        page.wait_for_timeout(1000)
        visible.append(_until_settled(page, "Enter"))
    print(row("choice to the whole edit with it", visible, "s", "<= 2"))
    seconds, undone = [], []
    for _ in range(5):
        page.evaluate(_AGAIN)
        page.keyboard.press("Shift+A")
        seconds.append(page.evaluate("window.again") / 1000)
        page.wait_for_timeout(1000)
        undone.append(_until_settled(page, "z"))
    print(row("again, all shots", seconds, "s", "<= 1"))
    print(row("that undone, to the whole edit", undone, "s"))


def _until_settled(page: Page, key: str) -> float:
    """Seconds from a key that changes the edit to the whole edit as it is then."""
    before = page.evaluate(f"{_STATUS}.then((told) => told.revision)")
    began = time.perf_counter()
    page.keyboard.press(key)
    _settle(page, f"told.revision > {before} && ")
    return time.perf_counter() - began


def _settle(page: Page, also: str = "") -> None:
    """Wait until the preview shows the edit as it is."""
    _until(page, f"{_STATUS}.then((told) => {also}told.preview.revision === told.revision)", 600)


if __name__ == "__main__":
    main()
