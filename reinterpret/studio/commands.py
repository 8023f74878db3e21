"""Commands: what the page asks to be done goes in, and is done to the session."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from reinterpret import choosing
from reinterpret.edits import EditList
from reinterpret.studio.session import Session, State
from reinterpret.video import Video


class Command(BaseModel):
    """What the page sends: the revision of the edit that it shows, and what the command needs beside."""

    model_config = ConfigDict(extra="forbid", strict=True)

    revision: int
    clip: int = Field(0, ge=0)
    film: int = Field(0, ge=0)
    """By its number in this session."""
    shot: int = Field(0, ge=0)
    other: int = Field(0, ge=0)
    """The other clip."""
    place: int = Field(0, ge=0)
    """The frame of the source at which the clip is to begin."""
    frame: int = Field(0, ge=0)
    """Of the trailer."""
    locked: bool = True
    follow: bool = True
    """Whether a shot begins, or ends, as the trailer's does; else with a cut."""
    seed: int | None = Field(None, ge=0, lt=2**31)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where commands are carried out. film: the film of a number, or LookupError."""

    session: Session
    film: Callable[[int], Video]

    def perform(self, verb: str, command: Command) -> State:
        """Do it. Raises LookupError for a verb or a film that there is not, and what the session raises."""
        session, revision = self.session, command.revision
        whole: dict[str, Callable[[], State]] = {
            "choose": lambda: session.choose(revision, command.clip, self._film(command), command.shot),
            "reject": lambda: session.reject(revision, command.clip, self._film(command), command.shot),
            "begin": lambda: self._edge(command, begins=True),
            "end": lambda: self._edge(command, begins=False),
            "again": lambda: session.again(revision, seed=command.seed),
            "undo": lambda: session.undo(revision),
            "redo": lambda: session.redo(revision),
            "save": session.save,
            "reload": session.reload,
            "fork": lambda: session.save_as(_free_name(session.path)),
        }
        if verb in whole:
            return whole[verb]()
        change = _CHANGES[verb]
        return session.apply(revision, lambda edit: change(edit, command))

    def _edge(self, command: Command, *, begins: bool) -> State:
        change = self.session.follow if command.follow else self.session.cut
        return change(command.revision, command.clip, begins=begins)

    def _film(self, command: Command) -> str:
        return self.film(command.film).fingerprint


def _slid_to(edit: EditList, command: Command) -> EditList:
    """The page knows places, not steps: so it does not matter between which frames the in-point lies now."""
    match = edit.clips[command.clip].match if command.clip < len(edit.clips) else None
    if match is None:
        return choosing.slide(edit, command.clip, source_frames=0)
    now = match.source_span.start * edit.film(match.film).frame_rate
    steps = command.place - (math.floor(now) if command.place > now else math.ceil(now))
    return choosing.slide(edit, command.clip, source_frames=steps)


_CHANGES: dict[str, Callable[[EditList, Command], EditList]] = {
    "lock": lambda edit, command: choosing.lock(edit, command.clip, command.locked),
    "title": lambda edit, command: choosing.choose_title(edit, command.clip),
    "black": lambda edit, command: choosing.choose_black(edit, command.clip),
    "slide": lambda edit, command: _slid_to(edit, command),
    "swap": lambda edit, command: choosing.swap(edit, command.clip, command.other),
    "split": lambda edit, command: choosing.split(edit, command.clip, command.frame),
    "join": lambda edit, command: choosing.join(edit, command.clip),
    "cut": lambda edit, command: choosing.move_cut(edit, command.clip, command.frame),
}

_WORDS = {
    "choose": "chosen",
    "reject": "rejected; it is not suggested here again",
    "title": "keeps the trailer's own picture",
    "black": "black",
    "slide": "in-point moved",
    "swap": "swapped",
    "split": "split in two",
    "join": "joined with the next",
    "cut": "cut moved",
}
_WHOLE_WORDS = {
    "again": "All shots that are not locked are assigned again",
    "undo": "Undone",
    "redo": "Done again",
    "save": "Saved",
    "reload": "Loaded again",
    "fork": "Saved under another name",
}


def _free_name(path: Path) -> Path:
    """A name beside a file that is not taken: EDIT-2.json. Never one that a request has named."""
    stem = path.name.removesuffix(path.suffix)
    return next(name for number in count(2) if not (name := path.with_name(f"{stem}-{number}{path.suffix}")).exists())


def said(verb: str, command: Command) -> str:
    """A few words about what was done."""
    if verb in _WHOLE_WORDS:
        return _WHOLE_WORDS[verb]
    if verb in ("begin", "end"):
        how = "as the trailer does" if command.follow else "with a cut"
        return f"Shot {command.clip + 1}: {verb}s {how}"
    words = _WORDS[verb] if verb != "lock" else "locked" if command.locked else "unlocked"
    return f"Shot {command.clip + 1}: {words}"
