"""The page: a session goes in, everything that the browser shows of it comes out as plain values and files."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reinterpret.cues import PRESETS, preset_weights
from reinterpret.edits import EditList
from reinterpret.errors import EditError, UsageError, VideoError
from reinterpret.library import Library
from reinterpret.studio.adviser import Wish
from reinterpret.studio.background import Foreground
from reinterpret.studio.commands import Command, Desk, said
from reinterpret.studio.films import HEIGHTS, Films
from reinterpret.studio.job import RenderJob
from reinterpret.studio.preview import Preview
from reinterpret.studio.proxies import Proxies
from reinterpret.studio.reel import Reel, reel_step
from reinterpret.studio.session import Session, State
from reinterpret.studio.views import clip_views, match_view, pixels_per_second
from reinterpret.studio.waveform import outline, peaks
from reinterpret.timebase import format_seconds


class Page:
    """All that one session shows, and what makes it: proxies, preview, rendering. `close` ends what is running."""

    def __init__(
        self,
        session: Session,
        output: Path,
        *,
        library: Library | None = None,
        rendering: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """output: where `render` goes. library: whose films one can choose from. rendering: options of
        `rendering.film.render`. Raises EditError."""
        edit = session.state().edit
        if edit.trailer is None:
            raise EditError(f"{session.path}: follows no trailer; the studio opens what `match` and `trailer` make")
        self.session, self.films = session, Films(edit)
        self._library = library
        self._library_films = [] if library is None else [library.video(name) for name in library.fingerprints()]
        self.proxies, self.job = Proxies(), RenderJob(output, **rendering)
        self._foreground = Foreground()
        self.preview = Preview(give_way=self._busy)
        self.reel = Reel(
            edit.trailer,
            edit.grid.rate,
            edit.grid.slot(edit.grid.frame_count),
            height=HEIGHTS[0],
            path_of=self.proxies.path_of,
            give_way=self._busy,
        )
        # In the address of every picture: browsers keep them, and film 3 of the next session is another film.
        self.nonce = secrets.token_hex(4)
        self.media = f"/media/{self.nonce}"
        self._waveform: str | None = None
        self._drawing = threading.Lock()
        self._show(session.state())

    def close(self) -> None:
        """End everything that runs in the background."""
        self.job.close()
        self.reel.close()
        self.preview.close()
        self.proxies.close()
        self.session.close()

    def command(self, verb: str, command: Command) -> dict[str, Any]:
        """Do what the page asks for. Raises LookupError, and what the session raises."""
        before = self.session.state()
        with self._foreground:
            state = Desk(self.session, self.films.film).perform(verb, command)
        if state.edit is not before.edit:
            self._show(state)
        changed = state.revision != before.revision or verb in ("save", "fork")
        return {**self.state(), "said": said(verb, command) if changed else "That changes nothing"}

    def render(self, command: Command) -> dict[str, Any]:
        """Begin to render the edit as the page shows it. Raises EditError, OutputError."""
        state = self.session.state()
        if state.revision != command.revision:
            raise EditError("the edit has changed since this page has seen it; look at it, then render it")
        self.job.start(state.edit)
        return self.status()

    def stop(self) -> dict[str, Any]:
        """Call the rendering off."""
        self.job.stop()
        return self.status()

    def state(self) -> dict[str, Any]:
        """The edit as it is now."""
        state = self.session.state()
        edit = state.edit
        return {
            "revision": state.revision,
            "can_undo": state.can_undo,
            "can_redo": state.can_redo,
            "saved": state.saved,
            "message": state.message,
            "edit": self.session.path.name,
            "rate": float(edit.grid.rate),
            "slots": edit.grid.slot(edit.grid.frame_count),
            "clips": clip_views(edit, self.films, offline=state.offline),
        }

    def frame(self) -> dict[str, Any]:
        """What does not change as long as the page is open."""
        state = self.session.state()
        edit = state.edit
        assert edit.trailer is not None
        lengths = [float(clip.frame_count / edit.grid.rate) for clip in edit.clips]
        return {
            "media": self.media,
            "reel_step": reel_step(edit.grid.rate),
            "px_per_second": pixels_per_second(lengths),
            "aspect": edit.trailer.display_width / edit.trailer.display_height,
            "trailer": edit.trailer.name,
            "trailer_offline": edit.trailer.fingerprint in state.offline,
            "output": self.job.output.name,
            "duration": format_seconds(edit.grid.duration),
            "presets": list(PRESETS),
            "films": self._film_choices(edit),
        }

    def status(self) -> dict[str, Any]:
        """What changes by itself."""
        state, preview, job, reading = (
            self.session.state(),
            self.preview.state,
            self.job.state,
            self.session.progress(),
        )
        return {
            "revision": state.revision,
            "saved": state.saved,
            "preview": {
                "revision": preview.revision,
                "done": preview.done,
                "total": preview.total,
                "running": preview.running,
                "problem": preview.problem,
            },
            "render": {"stage": job.stage, "done": job.done, "total": job.total, "message": job.message},
            "reading": {"stage": reading.stage, "share": round(reading.share, 3), "message": reading.message},
        }

    def suggestions(
        self,
        clip: int,
        *,
        by: str = "",
        film: int | None = None,
        text: str = "",
        like: tuple[int, int] | None = None,
        without: Sequence[int] = (),
        page: int = 0,
    ) -> dict[str, Any]:
        """A page of suggestions for a clip, for the template. Raises UsageError, LookupError."""
        state = self.session.state()
        wish = Wish(
            weights=preset_weights(by) if by else None,
            films=() if film is None else (self.films.film(film).fingerprint,),
            without=tuple(self.films.film(number).fingerprint for number in without),
            text=text.strip(),
            like=None if like is None else (self.films.film(like[0]).fingerprint, like[1]),
            page=page,
        )
        if clip >= len(state.edit.clips):
            raise UsageError(f"there is no shot {clip + 1}")
        with self._foreground:
            found = self.session.suggestions(clip, wish)
        films = {entry.fingerprint: entry for entry in (*state.edit.films, *found.films)}
        views = [match_view(match, films[match.film], self.films, offline=state.offline) for match in found.matches]
        return {
            "clip": clip,
            "matches": [{**view, "rank": page * wish.count + place} for place, view in enumerate(views, start=1)],
            "page": page,
            "more": found.more,
            "library": "asked" if found.from_library else self.session.progress().stage,
            "filtered": wish != Wish(page=page),
        }

    def kept_thumbnail(self, number: int, place: int) -> bytes | None:
        """What the library has kept of the shot in which a frame of a film lies, as a JPEG: the film may be gone.

        None where it has kept nothing. Raises LookupError, LibraryError.
        """
        film = self.films.film(number)
        if self._library is None or film.fingerprint not in self._library:
            return None
        for shot in self._library.shots(film.fingerprint):
            if place / film.frame_rate < shot.span.end:
                return self._library.thumbnail(film.fingerprint, shot.number)
        return None

    def waveform(self) -> dict[str, Any]:
        """The path of the sound's waveform and how many steps it has; an empty one where there is no sound."""
        with self._drawing:
            if self._waveform is None:
                self._waveform = self._draw_waveform()
        edit = self.session.state().edit
        return {"path": self._waveform, "steps": max(1, int(edit.grid.duration * 20))}

    def _draw_waveform(self) -> str:
        edit = self.session.state().edit
        assert edit.trailer is not None
        heard = {"trailer": (edit.trailer.path, edit.trailer.start), "file": (edit.soundtrack.path, Fraction(0))}
        path, start = heard.get(edit.soundtrack.kind, (None, Fraction(0)))
        if path is None or (edit.soundtrack.kind == "trailer" and not edit.trailer.audio):
            return ""
        try:
            return outline(peaks(path, start, edit.grid.duration))
        except VideoError:
            # There is nothing to see then, and the player says what is wrong.
            return ""

    def _busy(self) -> bool:
        return self._foreground.busy or self.proxies.busy

    def _film_choices(self, edit: EditList) -> list[dict[str, Any]]:
        films = {film.fingerprint: film for film in (*self._library_films, *edit.films)}
        named = [{"number": self.films.number(film), "name": film.name} for film in films.values()]
        return sorted(named, key=lambda entry: str(entry["name"]).lower())

    def _show(self, state: State) -> None:
        self.preview.want(state.edit, state.revision, offline=state.offline)
