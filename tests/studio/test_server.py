"""The studio's server: what it answers, and whom it does not."""

from __future__ import annotations

import errno
import io
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reinterpret import choosing
from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import EditList
from reinterpret.errors import OutputError
from reinterpret.library import Library
from reinterpret.studio import session as session_module
from reinterpret.studio.films import Films
from reinterpret.studio.job import RenderJob
from reinterpret.studio.page import Page
from reinterpret.studio.server import create_app, listen
from reinterpret.studio.session import Session

PORT = 8470
HOME = f"http://127.0.0.1:{PORT}"
TOKEN = "a-token-of-the-tests"


@pytest.fixture
def stranger(page: Page) -> Iterator[TestClient]:
    """A browser on this machine that does not know the token."""
    with TestClient(create_app(page, token=TOKEN, port=PORT), base_url=HOME, follow_redirects=False) as client:
        yield client


@pytest.fixture
def browser(stranger: TestClient) -> TestClient:
    """The browser that was opened with the whole address, on its own page."""
    assert stranger.get(f"/?token={TOKEN}").status_code == 303
    stranger.headers["Origin"] = HOME
    return stranger


def do(browser: TestClient, verb: str, revision: int = 1, **values: int | bool) -> Any:
    """What the page gets when it asks for something to be done."""
    return browser.post(f"/edit/{verb}", json={"revision": revision, **values})


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def other_suggestion(browser: TestClient, clip: int) -> dict[str, Any]:
    """A suggestion for a clip that is not the one it shows."""
    text = browser.get(f"/clips/{clip}/suggestions").text
    shown = browser.get("/state").json()["clips"][clip]["match"]
    found = [json.loads(entry) for entry in re.findall(r"data-match='([^']*)'", text)]
    return next(match for match in found if (match["film"], match["shot"]) != (shown["film"], shown["shot"]))


# Who gets in


def test_no_tracer_hears_of_a_request(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = pytest.importorskip("opentelemetry.trace", reason="this FastAPI has no telemetry")
    heard: list[str] = []

    class Tracer(trace.NoOpTracer):  # type: ignore[misc, name-defined]
        def start_span(self, name: str, *arguments: Any, **values: Any) -> Any:
            heard.append(name)
            return super().start_span(name, *arguments, **values)

    class Provider(trace.TracerProvider):  # type: ignore[misc, name-defined]
        def get_tracer(self, *arguments: Any, **values: Any) -> Any:
            return Tracer()

    monkeypatch.setattr(trace, "get_tracer_provider", Provider)
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    with TestClient(create_app(page, token=TOKEN, port=PORT), base_url=HOME) as client:
        assert client.get(f"/?token={TOKEN}").status_code == 200
        assert client.get("/state").status_code == 200
    assert heard == []


def test_the_token_becomes_a_cookie_and_leaves_the_address(stranger: TestClient) -> None:
    entered = stranger.get(f"/?token={TOKEN}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/state", "/status", "/static/studio.js", "/clips/0/suggestions", "/nowhere"])
def test_without_the_token_nothing_is_said(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code == 403
    assert stranger.get(path, headers={"Cookie": f"reinterpret-studio-{PORT}=guessed"}).status_code == 403
    # That of another studio on this machine.
    assert stranger.get(path, headers={"Cookie": f"reinterpret-studio-{PORT + 1}={TOKEN}"}).status_code == 403


def test_a_wrong_token_opens_nothing(stranger: TestClient) -> None:
    refused = stranger.get("/?token=guessed")
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1:1", "127.0.0.1", "localhost", ""])
def test_other_names_for_this_machine_are_refused(browser: TestClient, host: str) -> None:
    assert browser.get("/state", headers={"Host": host}).status_code == 403
    assert browser.get(f"/?token={TOKEN}", headers={"Host": host}).status_code == 403


def test_localhost_is_this_machine_too(browser: TestClient) -> None:
    assert browser.get("/state", headers={"Host": f"localhost:{PORT}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", f"https://evil.example:{PORT}", "http://127.0.0.1:1"]
)
def test_other_pages_cannot_change_the_edit(browser: TestClient, session: Session, origin: str) -> None:
    asked = browser.post("/edit/lock", json={"revision": 1, "clip": 0}, headers={"Origin": origin})
    assert asked.status_code == 403
    assert session.state().revision == 1


def test_who_does_not_say_where_he_comes_from_cannot_change_the_edit(browser: TestClient, session: Session) -> None:
    del browser.headers["Origin"]
    assert do(browser, "lock", clip=0).status_code == 403
    assert session.state().revision == 1


def test_the_page_may_load_nothing_from_elsewhere_and_stand_in_no_frame(browser: TestClient) -> None:
    for path in ("/", "/static/studio.js", "/nowhere"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    # And it does not try to: no address of another host, no script or style in the page itself.
    page = browser.get("/").text
    assert not re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page)
    assert not re.findall(r"<script(?![^>]*(?: src=| type=\"application/json\"))", page)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=", page)


def test_a_request_has_a_length_and_a_limit(browser: TestClient) -> None:
    huge = browser.post("/edit/lock", content=b" " * 100_000, headers={"Content-Type": "application/json"})
    assert huge.status_code == 413
    endless = browser.post("/edit/lock", content=iter([b"{}"]), headers={"Content-Type": "application/json"})
    assert endless.status_code == 413


# What there is


@pytest.mark.parametrize(
    "path",
    [
        "/media/{nonce}/still/../../../../etc/passwd",
        "/media/{nonce}/still/%2e%2e%2f%2e%2e%2fetc%2fpasswd/0/144.jpg",
        "/media/{nonce}/still//etc/passwd/144.jpg",
        "/media/{nonce}/still/99/0/144.jpg",
        "/media/{nonce}/still/-1/0/144.jpg",
        "/media/{nonce}/still/0/99999999/144.jpg",
        "/media/{nonce}/still/0/0/4320.jpg",
        "/media/{nonce}/moving/0/0-99999999/144.mp4",
        "/media/{nonce}/moving/0/9-3/144.mp4",
        "/media/{nonce}/moving/0/9-9/144.mp4",
        "/media/0000/still/0/0/144.jpg",
        "/preview/{nonce}/12345.mp4",
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/",
        "/clips/999/suggestions?like=/etc/passwd",
        "/clips/0/suggestions?film=999",
        "/edit/lock",
        "/docs",
        "/openapi.json",
    ],
)
def test_what_nobody_named_is_not_there_and_that_is_logged(
    browser: TestClient, page: Page, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "reinterpret.studio"):
        answer = browser.get(path.format(nonce=page.nonce))
    if path == "/edit/lock":
        assert answer.status_code == 405
        return
    assert answer.status_code == 404
    assert "root:" not in answer.text
    assert "import" not in answer.text
    assert set(answer.json()) == {"error"}
    assert "404" in caplog.text


def test_a_verb_that_there_is_not_is_not_there(browser: TestClient) -> None:
    assert do(browser, "format").status_code == 404


def test_a_command_that_makes_no_sense_is_refused_in_a_sentence(browser: TestClient, session: Session) -> None:
    for values, field in (
        ({"clip": 0}, "revision"),
        ({"revision": "1"}, "revision"),
        ({"revision": 1, "clip": -1}, "clip"),
        ({"revision": 1, "clip": 0, "path": "/etc/passwd"}, "path"),
    ):
        answer = browser.post("/edit/lock", json=values)
        assert answer.status_code == 422
        assert field in answer.json()["error"]
    assert do(browser, "lock", clip=99).json()["error"].startswith("the edit has 5 clips")
    assert session.state().revision == 1


def test_the_page_shows_every_shot_with_its_facts(browser: TestClient, session: Session) -> None:
    text = browser.get("/").text
    edit = session.state().edit
    assert text.count('role="option"') == len(edit.clips) == 5
    for clip in edit.clips:
        assert clip.match is not None
        assert f"{edit.film(clip.match.film).name} at" in text
    assert "Shot 1, at 0:00.00, 1.0 seconds" in text


def test_a_film_s_name_cannot_become_a_part_of_the_page(edit_path: Path, tmp_path: Path) -> None:
    values = json.loads(edit_path.read_text())
    evil = "<img src=x onerror=alert(1)>'\".mp4"
    for film in values["films"].values():
        film["path"] = str(tmp_path / evil)
    edit_path.write_text(json.dumps(values))
    page = Page(Session.open(edit_path), tmp_path / "film.mp4")
    with TestClient(create_app(page, token=TOKEN, port=PORT), base_url=HOME) as browser:
        browser.get(f"/?token={TOKEN}")
        for path in ("/", "/clips/1/suggestions"):
            text = browser.get(path).text
            assert "onerror" in text
            assert "<img src=x" not in text
            assert "x onerror=alert(1)>'" not in text
        # These films are nowhere: the page says so, and the rest of the edit is shown all the same.
        state = browser.get("/state").json()
        assert all(clip["match"]["offline"] for clip in state["clips"])
        missing = browser.get(f"{page.media}/still/1/0/144.jpg")
        assert missing.status_code == 404
        assert "no such file" in missing.json()["error"]
        until(lambda: browser.get("/status").json()["preview"]["revision"] == 1)
    page.close()


def test_a_film_that_is_gone_shows_what_the_library_remembers(
    edit_path: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A picture that was made while the film was there would be shown.
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    edit = EditList.load(edit_path)
    page = Page(Session.open(edit_path), tmp_path / "film.mp4", library=library)
    moved = [replace(film, path=tmp_path / film.name) for film in edit.films]
    page.films = Films(replace(edit, films=tuple(moved)))
    with TestClient(create_app(page, token=TOKEN, port=PORT), base_url=HOME) as browser:
        browser.get(f"/?token={TOKEN}")
        answer = browser.get(f"{page.media}/still/1/{60}/144.jpg")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        shots = library.shots(moved[0].fingerprint)
        second = next(shot for shot in shots if shot.span.end > Fraction(60, 25))
        assert answer.content == library.thumbnail(moved[0].fingerprint, second.number)
        # A film to play there is not.
        assert browser.get(f"{page.media}/moving/1/0-25/144.mp4").status_code == 404
    page.close()


def test_pictures_are_those_of_the_film(browser: TestClient, page: Page) -> None:
    answer = browser.get(f"{page.media}/still/0/10/144.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (256, 144)
        left, right = picture.getpixel((10, 72)), picture.getpixel((245, 72))
    # The first shot of the trailer goes from red to blue.
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 150 > left[2]
    assert right[2] > 100 > right[0]


def test_a_stretch_has_exactly_its_frames_and_key_frames_close_together(browser: TestClient, page: Page) -> None:
    answer = browser.get(f"{page.media}/moving/0/25-45/144.mp4")
    assert answer.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(answer.content)) as film:
        frames = list(film.decode(video=0))
        assert not film.streams.audio
    assert len(frames) == 20
    keys = [number for number, frame in enumerate(frames) if frame.key_frame]
    assert max(b - a for a, b in zip(keys, [*keys[1:], 20], strict=True)) <= 8
    # Players can begin before they have read it to its end.
    assert answer.content.index(b"moov") < answer.content.index(b"mdat")


def test_a_part_of_a_film_can_be_asked_for(browser: TestClient, page: Page) -> None:
    path = f"{page.media}/moving/0/0-25/144.mp4"
    whole = browser.get(path)
    assert whole.headers["accept-ranges"] == "bytes"
    part = browser.get(path, headers={"Range": "bytes=100-299"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-299/{len(whole.content)}"
    assert part.content == whole.content[100:300]
    beyond = browser.get(path, headers={"Range": f"bytes={len(whole.content) + 5}-"})
    assert beyond.status_code == 416


def test_the_whole_edit_becomes_one_film_with_the_trailer_s_sound(browser: TestClient, page: Page) -> None:
    until(lambda: browser.get("/status").json()["preview"]["revision"] == 1)
    answer = browser.get(f"/preview/{page.nonce}/1.mp4", headers={"Range": "bytes=0-"})
    assert answer.status_code == 206
    with av.open(io.BytesIO(answer.content)) as film:
        assert film.streams.audio
        video = film.streams.video[0]
        assert (video.width, video.height) == (2 * 426, 240)
        assert sum(1 for _ in film.decode(video)) == 125
    assert do(browser, "black", clip=2).status_code == 200
    until(lambda: browser.get("/status").json()["preview"]["revision"] == 2)
    with av.open(io.BytesIO(browser.get(f"/preview/{page.nonce}/2.mp4").content)) as film:
        pictures = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    right = [float(picture[:, 426:].mean()) for picture in pictures]
    # Frame for frame: black where the third shot stands, frames 45 to 74.
    assert [number for number, luma in enumerate(right) if luma < 20] == list(range(45, 75))


def test_the_waveform_is_that_of_the_sound(browser: TestClient) -> None:
    drawn = browser.get("/waveform").json()
    assert drawn["steps"] == 100
    upper = [float(y) for _, y in re.findall(r"L([\d.]+) ([\d.]+)", drawn["path"])][:100]
    # A tone throughout, which beeps at every full second.
    assert max(upper) < 50
    assert set(sorted(range(100), key=upper.__getitem__)[:5]) == {0, 20, 40, 60, 80}


# What is done


def test_choosing_shows_the_other_shot_and_saves_it(browser: TestClient, page: Page, edit_path: Path) -> None:
    wanted = other_suggestion(browser, 1)
    answer = do(browser, "choose", clip=1, film=wanted["film"], shot=wanted["shot"]).json()
    shown = answer["clips"][1]["match"]
    assert (shown["film"], shown["shot"]) == (wanted["film"], wanted["shot"])
    assert answer["said"] == "Shot 2: chosen"
    assert answer["saved"]
    match = EditList.load(edit_path).clips[1].match
    assert match is not None
    assert (match.film, match.source_shot) == (page.films.film(wanted["film"]).fingerprint, wanted["shot"])
    undone = do(browser, "undo", answer["revision"]).json()["clips"][1]["match"]
    assert (undone["film"], undone["shot"]) != (wanted["film"], wanted["shot"])
    assert EditList.load(edit_path).clips[1].match != match


def test_locking_rejecting_sliding_and_cutting_say_what_they_did(browser: TestClient) -> None:
    state = do(browser, "lock", clip=0).json()
    assert state["clips"][0]["locked"]
    assert state["clips"][0]["label"].endswith("locked")
    state = do(browser, "lock", state["revision"], clip=0, locked=False).json()
    assert not state["clips"][0]["locked"]
    before = state["clips"][3]["match"]
    state = do(browser, "reject", state["revision"], clip=3, film=before["film"], shot=before["shot"]).json()
    after = state["clips"][3]["match"]
    assert (after["film"], after["shot"]) != (before["film"], before["shot"])
    state = do(browser, "split", state["revision"], clip=4, frame=100).json()
    assert [clip["frames"] for clip in state["clips"]] == [25, 20, 30, 15, 10, 25]
    state = do(browser, "cut", state["revision"], clip=5, frame=95).json()
    assert [clip["frames"] for clip in state["clips"]] == [25, 20, 30, 15, 5, 30]
    state = do(browser, "join", state["revision"], clip=4).json()
    assert [clip["frames"] for clip in state["clips"]] == [25, 20, 30, 15, 35]
    one, other = (state["clips"][number]["match"]["shot"] for number in (0, 1))
    films = [state["clips"][number]["match"]["film"] for number in (0, 1)]
    state = do(browser, "swap", state["revision"], clip=0, other=1).json()
    assert [state["clips"][number]["match"]["shot"] for number in (0, 1)] == [other, one]
    assert [state["clips"][number]["match"]["film"] for number in (0, 1)] == films[::-1]
    state = do(browser, "title", state["revision"], clip=0).json()
    assert state["clips"][0]["kind"] == "title"
    assert "the trailer itself" in state["clips"][0]["label"]


def test_fades_and_dissolves_are_shown_and_changed(edit_path: Path, library: Library, tmp_path: Path) -> None:
    edit = EditList.load(edit_path)
    edit = choosing.set_fade_in(edit, 0, Fade("black", (0.0, 0.5, 0.75)))
    choosing.set_dissolve(edit, 2, Dissolve(4, 6)).save(edit_path)
    page = Page(Session.open(edit_path, library), tmp_path / "film.mp4")
    with TestClient(create_app(page, token=TOKEN, port=PORT), base_url=HOME, follow_redirects=False) as browser:
        browser.get(f"/?token={TOKEN}")
        browser.headers["Origin"] = HOME
        clips = browser.get("/state").json()["clips"]
        assert {name: clips[0]["begins"][name] for name in ("kind", "colour", "frames", "places", "follows")} == {
            "kind": "fade",
            "colour": "black",
            "frames": 3,
            "places": 3,
            "follows": True,
        }
        assert "begins with a fade from black of 3 frames" in clips[0]["label"]
        dissolves = EditList.load(edit_path).dissolve_at(2) is not None
        kind, places = ("dissolve", (4, 6)) if dissolves else ("cut", (0, 0))
        assert [clips[1]["ends"]["kind"], clips[2]["begins"]["kind"]] == [kind, kind]
        assert (clips[1]["ends"]["places"], clips[2]["begins"]["places"]) == places
        assert clips[1]["ends"]["follows"]
        assert not clips[3]["begins"]["follows"]
        answer = do(browser, "begin", clip=0, follow=False).json()
        assert answer["said"] == "Shot 1: begins with a cut"
        assert not answer["clips"][0]["begins"]["follows"]
        answer = do(browser, "begin", answer["revision"], clip=0).json()
        assert answer["said"] == "Shot 1: begins as the trailer does"
        assert EditList.load(edit_path).clips[0].fade_in == Fade("black", (0.0, 0.5, 0.75))
        answer = do(browser, "end", answer["revision"], clip=1, follow=False).json()
        assert EditList.load(edit_path).clips[2].dissolve is None
        refused = do(browser, "begin", answer["revision"], clip=3)
        assert refused.status_code == 400
        assert "no state of this edit has a fade" in refused.json()["error"]
    page.close()


def test_the_in_point_goes_where_the_page_says_wherever_it_was(browser: TestClient) -> None:
    state = browser.get("/state").json()
    # The longest archive shots leave room: those of three seconds.
    number, clip = max(
        ((n, c) for n, c in enumerate(state["clips"])),
        key=lambda e: e[1]["match"]["last_in"] - e[1]["match"]["shot_first"],
    )
    low, high = clip["match"]["shot_first"], clip["match"]["last_in"]
    assert high - low > 10
    for place in (low, high, low + 7, low + 6, low + 6):
        state = do(browser, "slide", state["revision"], clip=number, place=place).json()
        assert state["clips"][number]["match"]["first"] == place


def test_the_second_of_two_windows_is_told_that_it_is_late(browser: TestClient, session: Session) -> None:
    assert do(browser, "lock", 1, clip=0).status_code == 200
    late = do(browser, "black", 1, clip=1)
    assert late.status_code == 409
    assert "another window" in late.json()["error"]
    assert late.json()["revision"] == 2
    assert session.state().edit.clips[1].kind == "footage"
    assert do(browser, "black", 2, clip=1).status_code == 200


def test_another_program_s_edit_is_not_overwritten(browser: TestClient, edit_path: Path) -> None:
    text = edit_path.read_text().replace('"kind": "footage"', '"kind": "footage" ')
    edit_path.write_text(text)
    late = do(browser, "lock", clip=0)
    assert late.status_code == 409
    assert edit_path.read_text() == text
    # What was done here can go on under another name beside it.
    other = do(browser, "fork").json()
    assert other["edit"] == "trailer.edit-2.json"
    other = do(browser, "lock", other["revision"], clip=0).json()
    assert other["saved"]
    assert EditList.load(edit_path.with_name("trailer.edit-2.json")).clips[0].locked
    assert edit_path.read_text() == text


def test_another_program_s_edit_can_be_loaded(browser: TestClient, edit_path: Path) -> None:
    edit = EditList.load(edit_path)
    choosing.lock(edit, 3).save(edit_path)
    assert do(browser, "lock", clip=0).status_code == 409
    again = do(browser, "reload").json()
    assert again["clips"][3]["locked"]
    assert do(browser, "lock", again["revision"], clip=0).status_code == 200


def test_a_full_disk_is_said_and_nothing_is_lost(
    browser: TestClient, edit_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(target: Path) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    before = edit_path.read_text()
    with monkeypatch.context() as disk:
        disk.setattr(session_module, "renamed_into", full)
        state = do(browser, "lock", clip=2).json()
        assert not state["saved"]
        assert "disk is full" in state["message"] or "No space left" in state["message"]
        assert state["clips"][2]["locked"]
        assert edit_path.read_text() == before
        assert not browser.get("/status").json()["saved"]
    state = do(browser, "save", state["revision"]).json()
    assert state["saved"]
    assert EditList.load(edit_path).clips[2].locked


def test_rendering_runs_in_the_background_and_says_where_the_film_is(browser: TestClient, page: Page) -> None:
    assert browser.post("/render", json={"revision": 1}).json()["render"]["stage"] == "running"
    until(lambda: browser.get("/status").json()["render"]["stage"] == "done")
    told = browser.get("/status").json()["render"]
    assert (told["done"], told["total"]) == (125, 125)
    with av.open(str(page.job.output)) as film:
        assert sum(1 for _ in film.decode(video=0)) == 125


def test_rendering_can_be_stopped_and_leaves_the_film_that_was_there(browser: TestClient, page: Page) -> None:
    page.job = RenderJob(page.job.output, preset="veryslow", height=1080)
    page.job.output.write_bytes(b"the film of yesterday")
    assert browser.post("/render", json={"revision": 1}).status_code == 200
    # One film at a time.
    assert browser.post("/render", json={"revision": 1}).status_code == 507
    assert browser.post("/render/stop", json={}).json()["render"]["stage"] == "stopping"
    until(lambda: browser.get("/status").json()["render"]["stage"] == "stopped")
    assert page.job.output.read_bytes() == b"the film of yesterday"


def test_what_is_rendered_is_what_the_page_shows(browser: TestClient, page: Page) -> None:
    do(browser, "lock", 1, clip=0)
    assert browser.post("/render", json={"revision": 1}).status_code == 400
    assert page.job.state.stage == "idle"


# Where it listens


def test_a_port_in_use_makes_way_for_the_next_one() -> None:
    first = listen(20_000)
    taken = first.getsockname()[1]
    second = listen(taken)
    assert second.getsockname()[0] == "127.0.0.1"
    assert taken < second.getsockname()[1] < taken + 50
    first.close()
    second.close()


def test_no_free_port_at_all_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(self: socket.socket, address: object) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(socket.socket, "bind", taken)
    with pytest.raises(OutputError, match="name another with --port"):
        listen(20_000)
