"""The studio in a real browser: choosing, locking, undoing, sliding, assigning again, playing and rendering."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from reinterpret import choosing
from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import EditList, Match
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.matching import match
from reinterpret.studio.job import RenderJob
from reinterpret.studio.page import Page
from reinterpret.studio.server import create_app, listen
from reinterpret.timebase import Span
from tests.judging import ROOT

uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium"),
]
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def studio(*words: str | Path) -> Iterator[str]:
    """The command as a person runs it; its address. It ends as it should."""
    command = [sys.executable, "-m", "reinterpret", "studio", *map(str, words), "--no-browser", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        told = process.stdout.readline()
        assert told, process.communicate()[1]
        yield json.loads(told)["address"]
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    # Ctrl-C is how it ends, and no accident.
    assert said == ""


class Person:
    """Somebody at the page, who sees what is on it and has a keyboard."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("response", lambda one: self.problems.append(one.url) if one.status >= 500 else None)
        page.goto(address)
        self.until("document.documentElement.dataset.ready === 'yes'")
        self.settled()

    def until(self, true: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.page.evaluate(true):
            assert time.monotonic() < end, f"it did not come: {true}; {self.said()}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def said(self) -> str:
        return str(self.page.inner_text("#said") + self.page.inner_text("#problem"))

    def hears(self, words: str) -> None:
        """It is said in the region that screen readers read out."""
        self.until(f"document.querySelector('#said').textContent.includes({json.dumps(words)})")

    def settled(self) -> None:
        """The suggestions of the shot in hand are there."""
        self.until("document.querySelector('#list').getAttribute('aria-busy') === 'false'")

    def goes_to(self, number: int) -> None:
        self.press("Home", *["ArrowRight"] * number)
        assert self.page.inner_text("#viewer-title").startswith(f"Shot {number + 1} of")
        self.settled()

    def shows(self, video: str) -> None:
        """A film is there and its picture is not black."""
        self.until(f"document.querySelector({video!r}).readyState >= 2")
        script = """(video) => {
          const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
          const pen = canvas.getContext('2d');
          pen.drawImage(video, 0, 0, 32, 18);
          return pen.getImageData(0, 0, 32, 18).data.reduce((sum, value) => sum + value, 0) / (32 * 18 * 4);
        }"""
        assert self.page.eval_on_selector(video, script) > 64 + 5  # opacity alone gives 64

    def saved(self, path: Path) -> EditList:
        self.until("document.querySelector('#saved').textContent === 'saved'")
        return EditList.load(path)


def shown(edit: EditList, clip: int) -> Match:
    """What a clip shows."""
    found = edit.clips[clip].match
    assert found is not None
    return found


@pytest.fixture
def address(page: Page) -> Iterator[str]:
    """As the command serves it, in a thread: starting Python anew takes longer than these tests."""
    listener = listen(21_000)
    port = listener.getsockname()[1]
    app = create_app(page, token="of-the-tests", port=port)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{port}/?token=of-the-tests"
    server.should_exit = True
    thread.join()


@pytest.fixture
def person(chromium: Any, address: str) -> Iterator[Person]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    person = Person(context.new_page(), address)
    yield person
    # A request that a test has in hand is let go: answering one that was given back is an error by then.
    person.page.unroute_all(behavior="ignoreErrors")
    assert not person.problems
    context.close()


def test_the_token_is_gone_from_the_address_bar_and_opens_nothing_elsewhere(
    person: Person, address: str, chromium: Any
) -> None:
    assert "token" not in person.page.url
    assert person.page.evaluate("document.cookie") == ""
    other = chromium.new_context()
    stranger = other.new_page()
    assert stranger.goto(person.page.url).status == 403
    other.close()


def test_choosing_locking_undoing_and_redoing(person: Person, edit_path: Path) -> None:
    before = EditList.load(edit_path)
    person.goes_to(2)
    person.press("ArrowDown", "ArrowDown", "Enter")
    person.hears("Shot 3: chosen")
    chosen = shown(person.saved(edit_path), 2)
    assert (chosen.film, chosen.source_shot) != (shown(before, 2).film, shown(before, 2).source_shot)
    assert person.page.locator(".suggestion.chosen").count() == 1
    person.press("Shift+L")
    person.hears("Shot 3: locked")
    assert person.page.get_attribute("#lock", "aria-pressed") == "true"
    assert "locked" in str(person.page.get_attribute("#shot-2", "aria-label"))
    assert person.saved(edit_path).clips[2].locked
    person.press("z")
    person.hears("Undone")
    person.until("document.querySelector('#lock').getAttribute('aria-pressed') === 'false'")
    person.press("z")
    person.until("document.querySelector('#undo').disabled")
    assert shown(person.saved(edit_path), 2) == shown(before, 2)
    person.press("Shift+Z", "Shift+Z")
    person.until("document.querySelector('#redo').disabled")
    edit = person.saved(edit_path)
    assert edit.clips[2].locked
    assert shown(edit, 2) == chosen


def test_a_list_that_comes_anew_takes_nothing_from_under_the_fingers(person: Person, edit_path: Path) -> None:
    """As when the library has read the trailer: the list is asked for again while somebody walks through it."""
    page, stage, asked = person.page, "reading", threading.Event()

    def status(route: Any) -> None:
        answer = route.fetch().json()
        route.fulfill(json={**answer, "reading": {**answer["reading"], "stage": stage}})

    page.route("**/status", status)
    person.until("document.querySelector('#reading').textContent.startsWith('reading')")
    person.goes_to(2)
    person.press("ArrowDown", "ArrowDown")
    looked_at = json.loads(page.locator(".suggestion[aria-selected=true]").get_attribute("data-match"))
    # One answer is held back until a key was pressed on the list that is still seen.
    held: list[Any] = []

    def suggestions(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)
            asked.set()

    page.route("**/suggestions*", suggestions)
    stage = "ready"
    while not asked.is_set():
        page.wait_for_timeout(20)
    person.press("ArrowDown")
    further = json.loads(page.locator(".suggestion[aria-selected=true]").get_attribute("data-match"))
    assert further != looked_at
    page.evaluate("document.querySelector('#list').firstElementChild.id = 'of-the-old-list'")
    held[0].continue_()
    person.until("!document.querySelector('#of-the-old-list')")
    assert json.loads(page.locator(".suggestion[aria-selected=true]").get_attribute("data-match")) == further
    assert page.evaluate("document.activeElement.matches('.suggestion[aria-selected=true]')")
    person.press("Enter")
    person.hears("Shot 3: chosen")
    chosen = shown(person.saved(edit_path), 2)
    assert chosen.source_shot == further["shot"]
    row = page.locator(".suggestion.chosen")
    assert row.count() == 1
    assert str(row.get_attribute("aria-label")).endswith(", chosen")


@pytest.mark.parametrize("empty", [False, True], ids=["there is one", "the last was the last"])
def test_the_next_page_is_asked_for_before_one_comes_to_the_end_of_this_one(person: Person, empty: bool) -> None:
    page, asked = person.page, []

    def suggestions(route: Any) -> None:
        """There is a second page: the first one again, or nothing."""
        address = route.request.url
        if "page=1" in address:
            asked.append(address)
            route.fulfill(response=route.fetch(url=address if empty else address.replace("page=1", "page=0")))
        else:
            route.fulfill(
                body=route.fetch().text().replace('data-more=""', 'data-more="yes"'), content_type="text/html"
            )

    page.route("**/suggestions*", suggestions)
    person.goes_to(2)
    rows = page.locator(".suggestion").count()
    person.press(*["ArrowDown"] * rows)
    person.settled()
    person.until("document.querySelector('.suggestion[aria-selected=true]') === document.activeElement")
    assert page.inner_text("#page-number") == ("1" if empty else "2")
    in_hand = page.locator(".suggestion[aria-selected=true]").get_attribute("id")
    if empty:
        assert in_hand == f"suggestion-{rows - 1}"
        person.press("Enter")
        person.hears("Shot 3: chosen")
    # Asked for while somebody was still walking to the end, and not again when he came there.
    assert len(asked) == 1


def test_the_mouse_does_the_same(person: Person, edit_path: Path) -> None:
    page = person.page
    page.click("#shot-1")
    person.settled()
    rows = page.locator(".suggestion:not(.chosen)")
    wanted = json.loads(rows.first.get_attribute("data-match"))
    rows.first.click()
    page.click("#choose")
    person.hears("Shot 2: chosen")
    assert shown(person.saved(edit_path), 1).source_shot == wanted["shot"]
    page.click("#lock")
    person.hears("locked")
    page.click("#undo")
    person.hears("Undone")
    page.click("#help-open")
    assert page.locator("#help").is_visible()
    page.click("#help button")
    assert not page.locator("#help").is_visible()


def test_the_in_point_slides_under_the_eye(person: Person, edit_path: Path) -> None:
    edit = EditList.load(edit_path)
    number, clip = max(
        enumerate(edit.clips), key=lambda entry: shown(edit, entry[0]).shot_span.duration - entry[1].frame_count / 25
    )
    assert clip.match is not None
    person.goes_to(number)
    slider = person.page.locator("#in-point")
    high = int(slider.get_attribute("max"))
    low = int(slider.get_attribute("min"))
    assert high - low > 10
    slider.fill(str(low + 3))
    person.hears("in-point moved")
    assert shown(person.saved(edit_path), number).source_span.start * 25 == low + 3
    # Two frames on, one back: said to the server once they are still.
    person.press(".", ".", ",")
    assert person.page.evaluate("Number(document.querySelector('#in-point').value)") == low + 4
    end = time.monotonic() + PATIENCE_SECONDS
    while shown(EditList.load(edit_path), number).source_span.start * 25 != low + 4:
        assert time.monotonic() < end
        time.sleep(0.05)
    person.shows("#right video")
    # The picture that is seen is that of the new in-point.
    at = person.page.evaluate("document.querySelector('#right video').currentTime")
    first = int(str(person.page.get_attribute("#right video", "src")).split("/")[-2].split("-")[0])
    assert first + int(at * 25) == low + 4


@pytest.mark.parametrize("lost", ["refused", "never answered"])
def test_a_film_whose_request_was_lost_is_asked_for_again(person: Person, lost: str) -> None:
    page = person.page
    asked: list[str] = []
    held: list[Any] = []

    def moving(route: Any) -> None:
        asked.append(route.request.url)
        if asked.count(route.request.url) > 1:
            route.continue_()
        elif lost == "refused":
            route.abort("connectionrefused")
        else:
            held.append(route)

    page.route("**/moving/**", moving)
    person.goes_to(3)
    if lost == "refused":
        # It stands where it would have stood.
        person.shows("#right video")
        at = page.evaluate("document.querySelector('#right video').currentTime")
        first = int(str(page.get_attribute("#right video", "src")).split("/")[-2].split("-")[0])
        assert first + int(at * 25) == page.evaluate("Number(document.querySelector('#in-point').value)") > first
    person.press("Space")
    for side in ("left", "right"):
        person.shows(f"#{side} video")
        person.until(f"!document.querySelector('#{side} video').paused")
    assert 4 <= len(asked) <= 12
    assert all("ERR_CONNECTION_REFUSED" in problem for problem in person.problems)
    person.problems.clear()
    for route in held:
        route.abort()


def test_again_leaves_what_is_locked(person: Person, edit_path: Path) -> None:
    person.goes_to(0)
    person.press("ArrowDown", "Enter", "Shift+L")
    person.hears("Shot 1: locked")
    before = person.saved(edit_path)
    person.press("Shift+A")
    person.until("/again|nothing/.test(document.querySelector('#said').textContent)")
    after = person.saved(edit_path)
    assert after.clips[0] == before.clips[0]


def test_the_command_opens_an_edit_renders_it_and_ends_cleanly(
    chromium: Any, edit_path: Path, library: Library, tmp_path: Path
) -> None:
    words = (edit_path, "-L", library.path, "--output", tmp_path / "made.mp4", "--preset", "ultrafast")
    with studio(*words) as address:
        context = chromium.new_context()
        person = Person(context.new_page(), address)
        person.press("r")
        person.hears("Rendered")
        context.close()
    with av.open(str(tmp_path / "made.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 125
        assert film.streams.audio


def test_splitting_joining_and_moving_cuts(person: Person, edit_path: Path) -> None:
    person.goes_to(4)
    person.press(*["Shift+ArrowRight"] * 10, "b")
    person.hears("split")
    person.until("document.querySelectorAll('.shot').length === 6")
    assert [clip.frame_count for clip in person.saved(edit_path).clips] == [25, 20, 30, 15, 10, 25]
    person.press("]")
    person.until("document.querySelector('#said').textContent.includes('cut moved')")
    assert [clip.frame_count for clip in person.saved(edit_path).clips] == [25, 20, 30, 16, 9, 25]
    person.press("Shift+B")
    person.until("document.querySelectorAll('.shot').length === 5")
    assert [clip.frame_count for clip in person.saved(edit_path).clips] == [25, 20, 30, 16, 34]
    # Faster than the answers come.
    person.press("Home", "ArrowRight", *["Shift+ArrowRight"] * 5)
    with person.page.expect_response("**/edit/lock"):
        person.press("b", "Shift+B", "b", "Shift+B", "b", "z", "Shift+Z", "Shift+L")
    person.hears("locked")
    frames = [clip.frame_count for clip in person.saved(edit_path).clips]
    assert sum(frames) == 125
    shots = "[...document.querySelectorAll('.shot')]"
    assert person.page.evaluate(f"{shots}.map((shot) => shot.id)") == [f"shot-{n}" for n in range(len(frames))]
    assert person.page.evaluate(f"{shots}.map((shot) => shot.innerText.trim().split('\\n')[0])") == [
        str(n + 1) for n in range(len(frames))
    ]
    assert person.page.evaluate(f"{shots}.map((shot) => shot.querySelectorAll('.theirs img').length > 0)") == [
        True for _ in frames
    ]


def test_fades_and_dissolves_are_drawn_and_become_cuts_and_back(
    page: Page, chromium: Any, address: str, edit_path: Path
) -> None:
    def changing(edit: EditList) -> EditList:
        # Where each shot has the frames that the dissolve needs.
        clips = [replace(clip, match=clip.match and reaching(clip.match)) for clip in edit.clips]
        edit = replace(edit, clips=tuple(clips))
        return choosing.set_dissolve(choosing.set_fade_out(edit, 1, Fade("white", (0.7, 0.2))), 3, Dissolve(6, 4))

    state = page.session.apply(page.session.state().revision, changing)
    assert state.edit.dissolve_at(3) is not None
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    person = Person(context.new_page(), address)
    drawn = "#shot-{} .edges .{}"
    assert person.page.get_attribute(drawn.format(1, "ends"), "class") == "ends fade white"
    assert person.page.get_attribute(drawn.format(2, "ends"), "class") == "ends dissolve"
    assert person.page.get_attribute(drawn.format(3, "begins"), "class") == "begins dissolve"
    widths = [person.page.locator(drawn.format(*edge)).bounding_box()["width"] for edge in ((2, "ends"), (3, "begins"))]
    assert widths[0] > widths[1] > 3
    person.goes_to(3)
    assert person.page.inner_text("#begin").startswith("In: dissolve 10")
    assert person.page.get_attribute("#begin", "aria-pressed") == "true"
    person.press("f")
    person.hears("Shot 4: begins with a cut")
    person.until("document.querySelector('#begin').getAttribute('aria-pressed') === 'false'")
    assert person.saved(edit_path).clips[3].dissolve is None
    assert person.page.get_attribute(drawn.format(2, "ends"), "class") == "ends"
    person.press("f")
    person.hears("Shot 4: begins as the trailer does")
    assert person.saved(edit_path).clips[3].dissolve == Dissolve(6, 4)
    person.goes_to(1)
    person.page.click("#end")
    person.hears("Shot 2: ends with a cut")
    assert person.saved(edit_path).clips[1].fade_out is None
    person.press("z")
    person.until("document.querySelector('#end').textContent.includes('fade 2')")
    assert person.saved(edit_path) == state.edit
    # Where the trailer is cut there is nothing to follow.
    person.press("f")
    person.until("document.querySelector('#problem').textContent.includes('No state of this edit has a fade')")
    assert [problem for problem in person.problems if "400" not in problem] == []
    context.close()


def reaching(match: Match) -> Match:
    """A match whose shot reaches a second further on both sides, as far as its film does."""
    shot = match.shot_span
    return replace(match, shot_span=Span(max(shot.start - 1, Fraction(0)), shot.end + 1))


def test_what_cannot_be_done_to_the_shots_is_said_and_not_sent(person: Person, edit_path: Path) -> None:
    before = edit_path.read_bytes()
    asked: list[str] = []
    person.page.on("request", lambda one: asked.append(one.url) if "/edit/" in one.url else None)
    person.goes_to(4)
    person.press("b")
    person.hears("Shot 5 is split before one of its frames, but not before its first")
    person.press("Shift+B")
    person.hears("There is no shot behind shot 5 to join it with")
    person.press("Shift+}")
    person.hears("There is no cut behind shot 5, it is the last")
    person.press("Home", "[")
    person.hears("The first shot begins where the trailer begins")
    assert asked == []
    assert edit_path.read_bytes() == before


def test_a_cut_held_down_ends_at_the_last_frame_of_its_shot(person: Person, edit_path: Path) -> None:
    person.goes_to(3)
    count = EditList.load(edit_path).clips[3].frame_count
    person.press(*["]"] * (count + 5))
    person.hears("The cut before shot 4 cannot move further")
    clips = person.saved(edit_path).clips
    assert [clip.frame_count for clip in clips][3] == 1
    assert sum(clip.frame_count for clip in clips) == 125


def test_the_shot_and_its_match_play_in_step(person: Person) -> None:
    person.goes_to(0)
    person.shows("#left video")
    person.shows("#right video")
    person.press("l")
    person.until("document.querySelector('#left video').currentTime > 0.3")
    times = "['left', 'right'].map((id) => document.querySelector(`#${id} video`).currentTime)"
    made = str(person.page.get_attribute("#right video", "src")).split("/")[-2]
    offset = person.page.evaluate("Number(document.querySelector('#in-point').value)") - int(made.split("-")[0])
    left, right = person.page.evaluate(times)
    assert abs(right - left - offset / 25) < 0.25
    person.press("k")
    assert person.page.evaluate("document.querySelector('#left video').paused")
    person.press("j")
    person.until("document.querySelector('#play').getAttribute('aria-label') === 'Pause'")
    person.press("Space")
    person.until("document.querySelector('#play').getAttribute('aria-label') === 'Play'")


def test_the_whole_edit_plays_and_a_change_appears_in_it(person: Person) -> None:
    whole = "document.querySelector('#whole video')"
    person.until("document.querySelector('#whole-note').hidden")
    person.press("e", "Space")
    person.until(f"{whole}.currentTime > 0.2")
    assert person.page.evaluate(f"[{whole}.videoWidth, {whole}.videoHeight]") == [852, 240]
    assert abs(person.page.evaluate(f"{whole}.duration") - 5) < 0.05
    person.press("Space")
    first = person.page.get_attribute("#whole video", "src")
    person.press("Home", "d")
    person.hears("Shot 1: black")
    person.until(f"{whole}.getAttribute('src') !== {json.dumps(first)}")
    person.shows("#whole video")


def test_filters_narrow_the_suggestions(person: Person) -> None:
    person.goes_to(1)
    page = person.page
    rows = page.locator(".suggestion")
    everything = rows.count()
    film = json.loads(rows.first.get_attribute("data-match"))["film"]
    page.select_option("#film", str(film))
    person.settled()
    assert 0 < rows.count() < everything
    assert {json.loads(row.get_attribute("data-match"))["film"] for row in rows.all()} == {film}
    person.press("Escape", "Escape")
    person.settled()
    assert rows.count() == everything
    person.press("n")
    person.settled()
    left = [json.loads(row.get_attribute("data-match")) for row in rows.all()]
    assert left
    assert len({match["film"] for match in left}) < 3
    assert page.locator("#chips button").count() == 2


def test_two_windows_on_one_edit(person: Person, edit_path: Path) -> None:
    second = Person(person.page.context.new_page(), person.page.url)
    second.press("Shift+L")
    second.hears("Shot 1: locked")
    person.page.bring_to_front()
    person.until("document.querySelector('#conflict').open")
    assert not person.page.evaluate("document.querySelector('#shot-0').classList.contains('locked')")
    person.press("Enter")
    person.until("document.querySelector('#shot-0').classList.contains('locked')")
    person.press("ArrowRight", "Shift+L")
    person.hears("Shot 2: locked")
    edit = person.saved(edit_path)
    assert [clip.locked for clip in edit.clips[:2]] == [True, True]
    assert not second.problems


def test_rendering_has_progress_and_can_be_stopped(person: Person, page: Page) -> None:
    page.job = RenderJob(page.job.output, preset="veryslow", height=1080)
    person.press("r")
    person.hears("Rendering")
    assert person.page.locator("#render-progress").is_visible()
    assert not person.page.locator("#render").is_visible()
    person.press("r")
    person.hears("stopped")
    assert person.page.locator("#render").is_visible()
    assert not page.job.output.exists()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)], ids=["laptop", "telephone"])
def test_everything_has_a_name_and_nothing_is_wider_than_the_screen(
    chromium: Any, address: str, width: int, height: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": height})
    person = Person(context.new_page(), address)
    nameless = """[...document.querySelectorAll('button, input, select, [role=option], video, meter, progress')]
      .filter((one) => one.offsetParent && !one.matches('video') && !(one.getAttribute('aria-label')
        || one.innerText?.trim() || one.title || one.labels?.length || one.closest('[aria-hidden=true]')))
      .map((one) => one.outerHTML)"""
    assert person.page.evaluate(nameless) == []
    assert person.page.evaluate("document.documentElement.scrollWidth") <= width
    # One stop for the tabulator in each list.
    for box in ("#strip", "#list"):
        assert person.page.locator(f"{box} [role=option][tabindex='0']").count() == 1
        assert person.page.locator(f"{box} [role=option][aria-selected=true]").count() == 1
    context.close()


@pytest.mark.media
def test_twenty_choices_by_keyboard_alone_on_a_real_trailer(chromium: Any, media: Path, tmp_path: Path) -> None:
    archive = sorted((media / "archive").glob("*.mp4"))[:12]
    index(archive, tmp_path / "library")
    path = tmp_path / "sintel.edit.json"
    match(media / "trailer" / "sintel-trailer-720p.mp4", Library.open(tmp_path / "library")).save(path)
    before = EditList.load(path)
    with studio(path, "-L", tmp_path / "library") as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        person = Person(context.new_page(), address)
        made: dict[int, tuple[str, int]] = {}
        number, rounds = 0, 0
        while len(made) < 20 and rounds < 60:
            rounds += 1
            person.settled()
            rows = person.page.locator(".suggestion").count()
            if rows:
                # Another than the one in hand: those below, or above it where it is the last but one or the last.
                in_hand = person.page.locator(".suggestion[aria-selected=true]").get_attribute("id")
                step = "ArrowDown" if int(str(in_hand).removeprefix("suggestion-")) + 2 < rows else "ArrowUp"
                person.press(*[step] * (1 + rounds // 20), "Enter")
                person.hears(f"Shot {number + 1}: chosen")
                match_now = shown(person.saved(path), number)
                made[rounds] = (match_now.film, match_now.source_shot)
            number = (number + 1) % len(before.clips)
            person.press("Home" if number == 0 else "ArrowRight")
        assert len(made) == 20
        # The one in hand may be black, of which there is nothing to slide or reject.
        footage = next(number for number, clip in enumerate(before.clips) if clip.kind == "footage")
        person.press("Home", *["ArrowRight"] * footage)
        person.press("Shift+L", ".", ".", "x")
        person.hears("rejected")
        for _ in range(40):
            person.press("z")
        person.until("document.querySelector('#undo').disabled")
        assert [clip.match for clip in person.saved(path).clips] == [clip.match for clip in before.clips]
        assert not person.problems
        context.close()
