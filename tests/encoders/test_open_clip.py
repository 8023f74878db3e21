"""CLIP networks: pictures and texts in one space, with the weights of a file, and what is said without any."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from reinterpret.encoders import load_encoder
from reinterpret.encoders.open_clip import load_text_encoder
from reinterpret.errors import EncoderError
from reinterpret.frames import FrameBatch

slow = pytest.mark.slow

# A model of the package's own kind, small enough to be made in a moment.
TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The encoder's name with random weights in safetensors, and the same as torch saves them."""
    open_clip = pytest.importorskip("open_clip", reason="the extra [clip] is not installed")
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("clip")
    (folder / "tiny-clip.json").write_text(json.dumps(TINY), encoding="utf-8")
    open_clip.add_model_config(folder / "tiny-clip.json")
    torch.manual_seed(0)
    tensors = open_clip.model.CLIP(**json.loads(json.dumps(TINY))).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "tiny.safetensors")
    torch.save(tensors, folder / "tiny.pt")
    return f"open_clip:tiny-clip/{folder / 'tiny.safetensors'}", f"open_clip:tiny-clip/{folder / 'tiny.pt'}"


@slow
def test_pictures_and_texts_are_those_of_the_package(
    tiny: tuple[str, str], random_frames: Callable[..., FrameBatch]
) -> None:
    import open_clip
    import torch

    handlers = list(logging.getLogger().handlers)
    encoder, texts = load_encoder(tiny[0], device="cpu", threads=1), load_text_encoder(tiny[0])
    assert logging.getLogger().handlers == handlers
    assert (encoder.name, encoder.dimensions, encoder.readout) == (tiny[0], 32, None)
    assert (encoder.frame_width, encoder.frame_height) == (64, 64)
    assert encoder.version == texts.version == load_text_encoder(tiny[1]).version

    model = open_clip.create_model("tiny-clip", pretrained=tiny[0].partition("/")[2]).eval()
    frames = random_frames(3, width=64, height=64)
    settings = model.visual.preprocess_cfg
    planes = (frames.pixels / 255 - np.array(settings["mean"])) / np.array(settings["std"])
    with torch.inference_mode():
        seen = model.encode_image(torch.from_numpy(planes.transpose(0, 3, 1, 2)).float(), normalize=True).numpy()
        said = model.encode_text(open_clip.get_tokenizer("tiny-clip")(["a boat"]), normalize=True).numpy()
    np.testing.assert_allclose(encoder.embed(frames), seen, atol=1e-4)
    np.testing.assert_allclose(texts.embed(["a boat"]), said, atol=1e-5)
    assert encoder.look(frames).layouts.shape == (3, 3, 3, 64)


@slow
def test_a_text_asks_a_library_of_such_a_network_directly(tiny: tuple[str, str], archive: Path, tmp_path: Path) -> None:
    from reinterpret.errors import LibraryError
    from reinterpret.ingest import index
    from reinterpret.library import Library
    from reinterpret.neighbours import open_neighbours
    from reinterpret.queries import search
    from reinterpret.words import nearest_shown, text_query

    # With one worker the network is loaded here, where its made-up kind is known.
    index([archive / "one.mp4"], tmp_path / "lib", encoder=tiny[0], jobs=1)
    library = Library.open(tmp_path / "lib")
    neighbours = open_neighbours(library)
    found = text_query("a boat", library, neighbours)
    assert (found.answered_by, found.read_as) == ("open_clip", ())
    assert nearest_shown(found, library, neighbours) is None
    # The order is that of the network's own cosines, but for what any text says.
    said = load_text_encoder(tiny[0])
    hits = search(neighbours, found.query, k=3)
    assert len(hits) == len(library.shots(library.fingerprints()[0])) == 3
    content = library.film(library.fingerprints()[0]).embeddings.cues.of("content")
    assert content.shape[1] == said.embed(["x"]).shape[1]

    library.encoder_version = "another"
    with pytest.raises(LibraryError, match="texts and vectors cannot be compared"):
        text_query("a boat", library, neighbours)


@slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("open_clip:ViT-B-33/openai", "did you mean ViT-B-32"),
        ("open_clip:ViT-B-32/nothing", "has no weights 'nothing'; choose openai"),
    ],
)
def test_unknown_models_and_tags_are_refused_with_those_there_are(name: str, said: str) -> None:
    pytest.importorskip("open_clip", reason="the extra [clip] is not installed")
    with pytest.raises(EncoderError, match=said):
        load_text_encoder(name)


@slow
def test_a_file_that_holds_no_weights_is_refused(tiny: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(EncoderError, match=r"do not fit.*name a weights file"):
        load_text_encoder(f"open_clip:tiny-clip/{tmp_path / 'bad.safetensors'}")


@slow
def test_a_tag_without_a_connection_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    open_clip = pytest.importorskip("open_clip", reason="the extra [clip] is not installed")

    def fail(*arguments: object, **options: object) -> None:
        raise ConnectionError("no route to host")

    # What the package calls to fetch weights: a real attempt takes a minute of trying again.
    monkeypatch.setattr(open_clip.factory, "download_pretrained", fail)
    with pytest.raises(EncoderError, match=r"could not be downloaded \(.*no route to host.*\); name a weights file"):
        load_text_encoder("open_clip:ViT-B-32/openai")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("open_clip:ViT-B-32", "expected open_clip:MODEL/PRETRAINED"),
        ("open_clip:ViT-B-32/", "expected open_clip:MODEL/PRETRAINED"),
        ("open_clip:ViT-B-32/none.safetensors", "none.safetensors cannot be read"),
    ],
)
def test_names_that_cannot_be_meant_are_refused_at_once(name: str, said: str) -> None:
    if find_spec("open_clip") is None:
        pytest.skip("the extra [clip] is not installed")
    with pytest.raises(EncoderError, match=said):
        load_encoder(name, device="cpu")


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from reinterpret.encoders import open_clip

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(open_clip, "package_version", missing)
    with pytest.raises(EncoderError, match=r"pip install 'reinterpret\[clip\]'"):
        load_encoder("open_clip:ViT-B-32/openai", device="cpu")
