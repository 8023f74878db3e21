"""Why: the scores of two shots, cue by cue, go in, a few words for what they share come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

# From here on, in standard deviations above what any two shots of the library have, a likeness is worth a word. The
# best of many matches is two above by chance, and whether it shows the same things people see at a glance.
_REMARKABLE = 1.0
_REMARKABLE_CONTENT = 2.5
# From this cosine on two shots show the same, and nothing else needs to be said.
_SAME_CONTENT = 0.7
# What can be named is worth more than what cannot.
_NAMED = 0.75
_PLAIN_WORDS = {"content": "similar subject", "composition": "same composition", "colour": "same colours"}
_NAMED_WORDS = {
    "composition": "same composition: {}",
    "colour": "same colours: {}",
    "movement": "same movement: {}",
    "rhythm": "same rhythm: {}",
}


@dataclass(frozen=True, slots=True)
class CueScore:
    """How much two shots resemble each other in one way."""

    cue: str
    score: float
    """Cosine, in [-1, 1]."""
    surplus: float
    """How far that is above what any two shots of the library have, in standard deviations."""
    shared: str | None
    """What they have in common, in a word or a few."""


def reason(scores: Sequence[CueScore], weights: Mapping[str, float]) -> str:
    """What two shots share that most others do not, such as `same movement: pan left`; empty if nothing stands out.

    weights: only cues that weigh something are looked at, the heavier first where two stand out alike.
    """
    best, words = 0.0, ""
    heaviest = max(weights.values(), default=0.0)
    for entry in scores:
        weight, said = weights.get(entry.cue, 0.0), _said(entry)
        same = entry.cue == "content" and entry.score >= _SAME_CONTENT and entry.surplus > _REMARKABLE
        if same and weight > 0:
            return "same subject"
        beyond = entry.surplus - (_REMARKABLE_CONTENT if entry.cue == "content" else _REMARKABLE)
        if weight > 0 and said and beyond > 0:
            worth = beyond + (_NAMED if entry.shared else 0.0) + 0.5 * weight / heaviest
            if worth > best:
                best, words = worth, said
    return words


def common(pairs: Sequence[Sequence[CueScore]]) -> list[CueScore]:
    """What many pairs of shots have in common: the means of their scores, and a word where more than half share it."""
    by_cue: dict[str, list[CueScore]] = {}
    for scores in pairs:
        for entry in scores:
            by_cue.setdefault(entry.cue, []).append(entry)
    found = []
    for cue, entries in by_cue.items():
        words = Counter(entry.shared for entry in entries if entry.shared)
        word, times = words.most_common(1)[0] if words else (None, 0)
        surplus, score = (fmean(values) for values in ([e.surplus for e in entries], [e.score for e in entries]))
        found.append(CueScore(cue, round(score, 6), surplus, word if times * 2 > len(pairs) else None))
    return found


def _said(entry: CueScore) -> str:
    if entry.shared:
        return _NAMED_WORDS.get(entry.cue, "{}").format(entry.shared)
    return _PLAIN_WORDS.get(entry.cue, "")
