"""What is written in all shots of a library, as the arrays that its index keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np

from reinterpret.cues.lettering import Lettering
from reinterpret.timebase import Span


@dataclass(frozen=True, slots=True, eq=False)
class LetteringTable:
    """What is written in N shots, a row each. Where that is not known it is as if nothing were."""

    known: np.ndarray
    """N bool."""
    share: np.ndarray
    """N float32: how much of the picture lettering covers, at most."""
    staying: np.ndarray
    """N float32: how much lettering covers that stands in its place all along."""
    clear_seconds: np.ndarray
    """N float32: the longest stretch without other lettering than that."""
    titled: np.ndarray
    """N bool: whether there is a title in it somewhere, see `Lettering.titled`."""
    written: np.ndarray
    """uint8: the texts of all shots, one after the other, in UTF-8."""
    ends: np.ndarray
    """N int64: where in it the text of each ends."""

    def __len__(self) -> int:
        return len(self.known)

    def arrays(self) -> dict[str, np.ndarray]:
        """Its fields by name, as numpy saves them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def texts(self) -> Iterator[tuple[int, str]]:
        """The text of each shot in which something is written, with its row."""
        whole = self.written.tobytes()
        starts = np.concatenate([[0], self.ends[:-1]])
        for row in np.flatnonzero(self.ends > starts):
            yield int(row), whole[starts[row] : self.ends[row]].decode("utf-8")

    @classmethod
    def of(cls, lettering: Sequence[Lettering | None], bodies: Sequence[Span]) -> LetteringTable:
        """That of some shots. bodies: what of each can be used."""
        found = [Lettering((), ()) if of_shot is None else of_shot for of_shot in lettering]
        texts = ["\n".join(of_shot.texts).encode("utf-8") for of_shot in found]
        clear = [
            max((span.duration for span in of_shot.clear(body)), default=Fraction(0))
            for of_shot, body in zip(found, bodies, strict=True)
        ]
        return cls(
            known=np.array([of_shot is not None for of_shot in lettering], bool),
            share=np.array([of_shot.share for of_shot in found], np.float32),
            staying=np.array([sum(line.share for line in of_shot.staying) for of_shot in found], np.float32),
            clear_seconds=np.array([float(seconds) for seconds in clear], np.float32),
            titled=np.array([of_shot.titled for of_shot in found], bool),
            written=np.frombuffer(b"".join(texts), np.uint8),
            ends=np.cumsum([len(text) for text in texts], dtype=np.int64),
        )

    @classmethod
    def together(cls, tables: Sequence[LetteringTable]) -> LetteringTable:
        """Those of several films, one after the other."""
        offsets = np.cumsum([0, *(len(table.written) for table in tables)])
        ends = [table.ends + offset for table, offset in zip(tables, offsets[:-1], strict=True)]
        others = {
            name: np.concatenate([table.arrays()[name] for table in tables])
            for name in ("known", "share", "staying", "clear_seconds", "titled", "written")
        }
        return cls(**others, ends=np.concatenate(ends))
