"""Words: a text and a library go in, a query that finds what it says comes out; and what a library shows, in words.

Two encoders can answer. A library that was indexed with `open_clip:` is asked directly: that network was trained to
place a picture and what is said of it side by side. Any other is asked through the classes that its encoder's own
classifier tells apart: a sentence encoder says how near the text is to the name of each, and the convex combination of
what the classifier reads as these classes is what is looked for (after M. Norouzi et al., "Zero-Shot Learning by Convex
Combination of Semantic Embeddings", ICLR 2014: there the combination is of the names, here of the classes, so that
a text is a vector like any other query and can be added to it).
"""

from __future__ import annotations

import csv
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np

from reinterpret.cues import PRESETS
from reinterpret.cues.terms import TITLES, terms_of, vectors_of_terms
from reinterpret.errors import EncoderError, LibraryError, UsageError
from reinterpret.files import cache_folder, renamed_into
from reinterpret.library import Library
from reinterpret.neighbours import SUGGESTED_KINDS, Neighbours, Query

logger = logging.getLogger(__name__)

# Cosines of the text to the names of the classes become shares by exp(cosine / this), over all classes. With 0.06, 0.1
# and 0.15 0.38, 0.41 and 0.40 of the first five shots were right for the words tried, with the ten nearest classes
# alone 0.37; see docs/words.md.
_TEMPERATURE = 0.1
# So many of the nearest classes are named.
_NAMED = 5
# How long the vectors are before they are made unit length: the classifier was trained on those. Median over the
# archive that the project is measured on, half of all within 17.6 and 20.4.
_FEATURE_LENGTH = 19.6
# A shot shows a class that the classifier gives this much, among at most so many.
_SHOWN, _SHOWN_CLASSES = 0.1, 3
# A text fits a library where, in one of so many of its nearest shots, the classifier gives this much to the first
# classes it was read as, those with at least half the share of the very first. Of 22 things that are not in the archive
# 13 stay below, of 373 words for what is there 18 per cent.
_FIT, _FIT_SHOTS, _FIT_CLASSES, _FIT_SHARE = 0.01, 20, 3, 0.5
# Of what a text says to CLIP the part that any text says is taken off: texts and pictures lie apart, and texts crowd
# together (V. W. Liang et al., "Mind the Gap", NeurIPS 2022). The first two templates are Radford et al.'s.
_TEMPLATES = ("{}", "a photo of {}", "a film still of {}")
_ANYTHING = ("something", "things", "a scene", "people", "a place")
# A cue that a term speaks of counts as much as content does.
_BALANCED = PRESETS["balanced"]


@dataclass(frozen=True, slots=True)
class ReadClass:
    """A class that a text was read as."""

    name: str
    share: float
    """Of the convex combination over all classes, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class TextQuery:
    """A text, as the index of one library sees it. Made by `text_query`."""

    text: str
    query: Query
    """Of one row; content is known, and the cues that its terms speak of."""
    answered_by: Literal["ConSE", "open_clip", "terms"]
    """What read it, but for its terms; `terms` if it says nothing else."""
    read_as: tuple[ReadClass, ...]
    """The nearest classes, most of all first; none if a CLIP network answers, or nobody has to."""
    terms: tuple[str, ...] = ()
    """The words of film in it, see `reinterpret.cues.terms`."""


@dataclass(frozen=True, slots=True)
class Tag:
    """Something that a library shows."""

    name: str
    shots: int
    """In how many of its shots."""
    film: str
    """The fingerprint of the film with the shot that shows it most clearly."""
    shot: int


def text_query(text: str, library: Library, neighbours: Neighbours) -> TextQuery:
    """What a text says; it can be added to other queries, or taken off them.

    Words of film (close-up, pan left, title card) are looked for by the cues that know them, the rest by content.
    Raises UsageError for a text without words, LibraryError if the library's encoder understands none or no shot is a
    title card and they are asked for, EncoderError if what reads texts is not installed.
    """
    if not any(character.isalnum() for character in text):
        raise UsageError(f"expected a text with words in it, got {text!r}")
    terms = terms_of(text)
    if not terms.names:
        return _content_query(text, library, neighbours)
    titles = TITLES in terms.names
    if titles and not neighbours.title_count:
        raise LibraryError(f"{library.path}: none of its shots is a title card; leave {text!r} out")
    vectors = vectors_of_terms(terms.names)
    emphasis = {cue: _BALANCED["content"] / _BALANCED[cue] for cue in vectors}
    said = neighbours.query_of_cues(vectors)
    if not terms.rest:
        if not vectors:
            # All title cards are titles to the same degree.
            said = replace(said, known=np.eye(1, said.known.shape[1], dtype=bool))
        query = replace(said, emphasis=emphasis, titles=titles)
        return TextQuery(text, query, "terms", (), terms.names)
    content = _content_query(terms.rest, library, neighbours)
    query = Query(content.query.vectors + said.vectors, content.query.known | said.known, emphasis, titles)
    return replace(content, text=text, query=query, terms=terms.names)


def _content_query(text: str, library: Library, neighbours: Neighbours) -> TextQuery:
    """What a text says that is all about what is to be seen."""
    if library.encoder.startswith("open_clip:"):
        return TextQuery(text, neighbours.query_of_reading(_clip_reading(text, library)[None]), "open_clip", ())
    classes = _readout(library)
    names = class_names()
    shares = class_shares(text)
    first = np.argsort(-shares, kind="stable")[:_NAMED]
    read_as = tuple(ReadClass(names[row], round(float(shares[row]), 6)) for row in first)
    reading = shares @ (classes - classes.mean(axis=0))
    return TextQuery(text, neighbours.query_of_reading(reading[None]), "ConSE", read_as)


def nearest_shown(found: TextQuery, library: Library, neighbours: Neighbours) -> str | None:
    """Where no shot shows what a text was read as: what the library does show that is nearest to it, by name.

    None where a text fits, where the library shows nothing, and for a CLIP network, which knows no classes.
    Raises LibraryError, EncoderError.
    """
    if found.answered_by != "ConSE":
        return None
    names = class_names()
    enough = _FIT_SHARE * found.read_as[0].share
    rows = [names.index(entry.name) for entry in found.read_as[:_FIT_CLASSES] if entry.share >= enough]
    classes = _readout(library)
    by_film: dict[str, list[int]] = {}
    (hits,) = neighbours.search(found.query, _FIT_SHOTS, weights={"content": 1.0})
    for hit in hits:
        by_film.setdefault(hit.film, []).append(hit.shot)
    for film, shots in by_film.items():
        scores = class_scores(library.columns(film).cues.of("content")[shots], classes)
        if (scores[:, rows].sum(axis=1) >= _FIT).any():
            return None
    shares = dict(zip(names, class_shares(terms_of(found.text).rest), strict=True))
    return max((tag.name for tag in tags(library)), key=lambda name: shares[name], default=None)


def tags(library: Library) -> list[Tag]:
    """What a library shows, by the names of the classes its encoder tells apart; what it shows most often first.

    Raises LibraryError if its encoder tells none apart.
    """
    classes, names = _readout(library), class_names()
    counts = np.zeros(len(names), np.int64)
    best: dict[int, tuple[float, str, int]] = {}
    for film in library.fingerprints():
        columns = library.columns(film)
        scores = class_scores(columns.cues.of("content"), classes)
        for shot, kind in enumerate(columns.kinds):
            if kind not in SUGGESTED_KINDS:
                continue
            for row in np.argsort(-scores[shot], kind="stable")[:_SHOWN_CLASSES]:
                score = float(scores[shot, row])
                if score >= _SHOWN:
                    counts[row] += 1
                    best[int(row)] = max(best.get(int(row), (0.0, film, shot)), (score, film, shot), key=lambda b: b[0])
    order = sorted(best, key=lambda row: (-counts[row], -best[row][0], names[row]))
    return [Tag(names[row], int(counts[row]), *best[row][1:]) for row in order]


def class_scores(vectors: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How likely each of K classes is: S x K, rows sum to 1. vectors: S x D, content, unit rows. classes: K x D.

    Without the classifier's biases, which the library does not keep: for 98 of 100 shots the first class is the same.
    """
    raised = _FEATURE_LENGTH * (vectors @ classes.T)
    powers = np.exp(raised - raised.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def class_shares(text: str) -> np.ndarray:
    """What share each of the 1000 classes has in a text: float64, at least 0, sums to 1. Raises EncoderError."""
    from reinterpret.sentences import load_sentence_encoder

    cosines = (_class_vectors() @ load_sentence_encoder().embed([text])[0]).astype(np.float64)
    powers = np.exp((cosines - cosines.max()) / _TEMPERATURE)
    return np.asarray(powers / powers.sum())


@lru_cache(maxsize=1)
def class_names() -> tuple[str, ...]:
    """The names of the 1000 classes of ImageNet, in its order, each of them once: WordNet's, which timm brings along.

    Raises EncoderError if timm does not.
    """
    found = find_spec("timm")  # which does not import it, nor torch
    folder = Path(*(found.submodule_search_locations or ()) if found else ()) / "data" / "_info"
    try:
        classes = (folder / "imagenet_synsets.txt").read_text(encoding="utf-8").split()
        lemmas, definitions = (
            dict(
                csv.reader((folder / f"imagenet_synset_to_{what}.txt").read_text("utf-8").splitlines(), delimiter="\t")
            )
            for what in ("lemma", "definition")
        )
    except (OSError, ValueError) as error:
        raise EncoderError(f"the names of the classes cannot be read from timm ({error}); reinstall timm") from error
    first = [lemmas[name].partition(",")[0] for name in classes]
    # There are two cranes, a bird and a machine.
    return tuple(
        name if first.count(name) == 1 else f"{name} ({definitions[key].partition(';')[0]})"
        for name, key in zip(first, classes, strict=True)
    )


@lru_cache(maxsize=1)
def _class_vectors() -> np.ndarray:
    """The names of the classes in the sentence encoder's space, 1000 x 384 float32; kept, they take a few seconds."""
    from reinterpret.sentences import load_sentence_encoder

    encoder, names = load_sentence_encoder(), class_names()
    stamp = hashlib.blake2b("\n".join([encoder.version, *names]).encode(), digest_size=8).hexdigest()
    file = cache_folder("words") / f"classes-{stamp}.npy"
    try:
        kept = np.load(file, allow_pickle=False)
        if kept.shape[0] == len(names) and np.isfinite(kept).all():
            return np.asarray(kept, np.float32)
    except (OSError, ValueError, EOFError):
        pass
    made = encoder.embed(list(names))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with renamed_into(file) as temporary:
            np.save(temporary, made, allow_pickle=False)
    except OSError as error:
        logger.warning("the names of the classes cannot be kept in %s (%s)", file.parent, error.strerror)
    return made


def _readout(library: Library) -> np.ndarray:
    """What the library's encoder reads as the classes that have names: 1000 x D float32. Raises LibraryError."""
    classes = library.readout()
    if classes is None or len(classes) != len(class_names()):
        raise LibraryError(
            f"{library.path}: was made with the encoder {library.encoder}, which has no classifier whose classes have "
            f"names; for words index into a new library with the default encoder, or with open_clip:MODEL/PRETRAINED"
        )
    return classes


def _clip_reading(text: str, library: Library) -> np.ndarray:
    """What a text says to the library's own network beyond what any text says: float32 of length D."""
    from reinterpret.encoders.open_clip import load_text_encoder

    encoder = load_text_encoder(library.encoder)
    if encoder.version != library.encoder_version:
        raise LibraryError(
            f"{library.path}: was made with version {library.encoder_version} of the encoder {library.encoder}, this "
            f"is {encoder.version}; texts and vectors cannot be compared, index into a new library"
        )
    said, usual = (encoder.embed(_in_templates(texts)).mean(axis=0) for texts in ((text,), _ANYTHING))
    return np.asarray(said - usual, np.float32)


def _in_templates(texts: Sequence[str]) -> list[str]:
    return [template.replace("{}", text) for text in texts for template in _TEMPLATES]
