"""Finding encoders, refusing what cannot be meant, and not importing what is not needed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import numpy as np
import pytest

import reinterpret.encoders
from reinterpret.encoders import DEFAULT_ENCODER, Encoder, encoder_names, load_encoder
from reinterpret.encoders.torch_runtime import cuda_is_wanted
from reinterpret.errors import EncoderError, UsageError
from reinterpret.frames import FrameBatch

StartPython = Callable[..., "subprocess.Popen[str]"]

_HEAVY = "{'torch', 'torchvision', 'timm', 'onnx', 'onnxruntime', 'cv2', 'av'}"


def finished(process: subprocess.Popen[str]) -> str:
    """What the process printed, once it has ended well."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return output.strip()


def test_the_public_names_are_sorted_and_exist() -> None:
    assert reinterpret.encoders.__all__ == sorted(reinterpret.encoders.__all__)
    assert all(hasattr(reinterpret.encoders, name) for name in reinterpret.encoders.__all__)


def test_importing_the_package_imports_nothing_heavy(start_python: StartPython) -> None:
    code = f"import sys, reinterpret.encoders; print({_HEAVY} & set(sys.modules))"
    assert finished(start_python(code)) == "set()"


def test_the_pixels_encoder_needs_neither_torch_nor_onnxruntime(start_python: StartPython) -> None:
    code = (
        "import sys; from reinterpret.encoders import load_encoder; load_encoder('pixels');"
        f"print(sorted({_HEAVY} & set(sys.modules)))"
    )
    assert finished(start_python(code)) == "['cv2']"


def test_once_exported_the_default_encoder_embeds_without_torch(
    lite0: Encoder, random_frames: Callable[..., FrameBatch], start_python: StartPython
) -> None:
    code = """
import sys
import numpy as np
from reinterpret.encoders import load_encoder
from reinterpret.frames import FrameBatch
encoder = load_encoder(device="cpu", threads=1)
vectors = encoder.embed(FrameBatch(np.zeros((1, 160, 288, 3), np.uint8), np.zeros(1)))
print(encoder.version, vectors.shape, sorted({"torch", "timm", "onnx"} & set(sys.modules)))
"""
    assert finished(start_python(code)) == f"{lite0.version} (1, 1280) []"


@pytest.mark.parametrize("name", ["efficientnet-lite9", "", "timm:", "torchvision", "resnet18"])
def test_an_unknown_name_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(EncoderError) as caught:
        load_encoder(name)
    assert all(known in str(caught.value) for known in encoder_names())
    assert DEFAULT_ENCODER in encoder_names()


def test_device_and_threads_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(UsageError, match="auto, cpu, cuda"):
        load_encoder("pixels", device="tpu")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least 1"):
        load_encoder("pixels", threads=0)


def test_a_gpu_that_is_hidden_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not cuda_is_wanted("auto")
    with pytest.raises(EncoderError, match="no CUDA GPU"):
        load_encoder(device="cuda")


def test_two_loads_of_one_encoder_agree_to_the_last_bit(
    lite0: Encoder, random_frames: Callable[..., FrameBatch]
) -> None:
    again = load_encoder(device="cpu", threads=2)
    assert (again.name, again.version, again.dimensions) == (lite0.name, lite0.version, lite0.dimensions)
    np.testing.assert_array_equal(again.embed(random_frames(5)), lite0.embed(random_frames(5)))
