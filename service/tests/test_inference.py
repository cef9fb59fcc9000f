import io
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import EXAMPLES
from PIL import Image, ImageOps

from extraction import extract
from inference import FEATURES, Model, ModelError
from production.api.settings import APP_ROOT, Settings

HELD_OUT = sorted((APP_ROOT / "model" / "held-out").glob("*.png"))
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def label(path) -> str:
    return path.stem.partition("-")[0]


def variant(path, size: int, *, inverted: bool) -> bytes:
    picture = Image.open(path).resize((size, size), Image.Resampling.BICUBIC)
    data = io.BytesIO()
    (ImageOps.invert(picture) if inverted else picture).save(data, "PNG")
    return data.getvalue()


def test_accuracy_on_the_held_out_pictures_is_the_one_told(model: Model):
    right = [model.predict(extract(path.read_bytes())).label == label(path) for path in HELD_OUT]
    assert len(right) == 360
    assert np.mean(right) == pytest.approx(model.accuracy, abs=1e-4)
    assert model.accuracy >= 0.97


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("size", [40, 300])
def test_scaled_and_inverted_pictures_keep_their_class(model: Model, size, inverted):
    right = [
        model.predict(extract(variant(path, size, inverted=inverted))).label == label(path)
        for path in HELD_OUT
    ]
    assert np.mean(right) >= 0.97


@pytest.mark.parametrize(("digit", "name"), list(enumerate(NAMES)))
def test_examples_are_held_out_pictures_recognised(model: Model, digit, name):
    path = EXAMPLES / f"{name}.png"
    prediction = model.predict(extract(path.read_bytes()))
    assert prediction.label == str(digit)
    assert prediction.confidence > 0.9
    example = np.asarray(Image.open(path))
    candidates = [np.asarray(Image.open(other)) for other in HELD_OUT if label(other) == str(digit)]
    assert any(np.array_equal(example, candidate) for candidate in candidates)


def test_model_describes_itself(model: Model):
    assert model.name == "digits"
    assert re.fullmatch(r"\d+\.\d+\.\d+-[0-9a-f]{12}", model.version)
    assert model.classes == tuple("0123456789")


def test_confidence_is_a_probability(model: Model):
    noise = np.random.default_rng(0).uniform(0, 16, (50, FEATURES))
    for features in noise:
        assert 0.1 <= model.predict(features).confidence <= 1 + 1e-6


def test_missing_model(tmp_path):
    with pytest.raises(ModelError, match="there is no model file"):
        Model(tmp_path / "none.onnx")


def test_damaged_model(tmp_path):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Model(path)


def test_nothing_is_reported_to_the_makers_of_the_runtime(tmp_path):
    """Were its telemetry on, onnxruntime would keep a device id in its user's home."""
    path = Settings.model_fields["model_path"].default
    code = f"from pathlib import Path; from inference import Model; Model(Path({str(path)!r}))"
    subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        check=True,
    )
    assert list(tmp_path.rglob("*")) == []
