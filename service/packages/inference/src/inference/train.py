"""Trains the model on scikit-learn's digits data set and exports it to ONNX.

    python3 -m inference.train --output model --minimum-accuracy 0.97

Training and held-out digits are drawn as pictures and go through ``extraction`` like any upload,
so the accuracy measured here is that of the whole way from a picture's bytes to its class. The
exported file must answer exactly as the trained pipeline. Below the minimum accuracy the command
fails and writes no model.
"""

import argparse
import hashlib
import io
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from PIL import Image, ImageOps
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from extraction import extract
from inference.model import FEATURES, Model

SEED = 7
HELD_OUT = 0.2
VARIANTS = 8
MODEL_FILE = "digits.onnx"
HELD_OUT_FOLDER = "held-out"


def draw(digit: np.ndarray, slant: np.random.Generator | None = None) -> bytes:
    """Return a PNG of an 8x8 digit in dark ink on white paper.

    A random generator turns, shears and stretches the digit a little, as another hand would.
    """
    ink = Image.fromarray((digit * (255 / 16)).astype(np.uint8))
    ink = ImageOps.expand(ink.resize((64, 64), Image.Resampling.BICUBIC), border=16)
    if slant is not None:
        ink = ink.transform(
            ink.size, Image.Transform.AFFINE, _slanted(slant, ink.size), Image.Resampling.BICUBIC
        )
    png = io.BytesIO()
    ImageOps.invert(ink).save(png, "PNG")
    return png.getvalue()


def _slanted(slant: np.random.Generator, size: tuple[int, int]) -> tuple[float, ...]:
    """Return the coefficients of a small random affine map that keeps the centre in place."""
    angle = np.deg2rad(slant.uniform(-12, 12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, slant.uniform(-0.2, 0.2)], [0, 1]])
    matrix = turn @ shear @ np.diag(slant.uniform(0.85, 1.15, size=2))
    centre = np.array(size) / 2
    return tuple(np.column_stack([matrix, centre - matrix @ centre]).ravel())


def fit(digits: np.ndarray, labels: np.ndarray) -> Pipeline:
    """Train on the digits as they are and on :data:`VARIANTS` slanted variants of each."""
    slant = np.random.default_rng(SEED)
    pictures = [draw(digit) for digit in digits]
    pictures += [draw(digit, slant) for _ in range(VARIANTS) for digit in digits]
    network = MLPClassifier(
        (256, 128), alpha=0.01, early_stopping=True, n_iter_no_change=8, random_state=SEED
    )
    pipeline = make_pipeline(StandardScaler(), network)
    return pipeline.fit([extract(picture) for picture in pictures], np.tile(labels, VARIANTS + 1))


def export(pipeline: Pipeline) -> onnx.ModelProto:
    """Convert the pipeline to ONNX: features in, one probability per class out."""
    return to_onnx(
        pipeline,
        initial_types=[("features", FloatTensorType([None, FEATURES]))],
        options={"zipmap": False},
    )


def save(model: onnx.ModelProto, path: Path, accuracy: float) -> None:
    """Write the model with the description that :class:`inference.Model` reads."""
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    description = {
        "name": "digits",
        "version": f"{version('inference')}-{digest[:12]}",
        "classes": json.dumps([str(digit) for digit in range(10)]),
        "accuracy": f"{accuracy:.4f}",
    }
    onnx.helper.set_model_props(model, description)
    onnx.save(model, path)


def train(output: Path, minimum_accuracy: float) -> str:
    """Write the model and the held-out pictures into a folder, and return the figures to print.

    Exits with an error if the model is not accurate enough, or if its ONNX export does not answer
    as the trained pipeline does.
    """
    data = load_digits()
    digits, held_out, labels, expected = train_test_split(
        data.images, data.target, test_size=HELD_OUT, stratify=data.target, random_state=SEED
    )
    pipeline = fit(digits, labels)
    pictures = [draw(digit) for digit in held_out]
    features = [extract(picture) for picture in pictures]
    predicted = pipeline.predict(features)
    accuracy = float(np.mean(predicted == expected))
    figures = f"accuracy {accuracy:.4f} on {len(expected)} held-out pictures"
    if accuracy < minimum_accuracy:
        raise SystemExit(f"{figures}: below the minimum of {minimum_accuracy}")

    folder = output / HELD_OUT_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = output / MODEL_FILE
    save(export(pipeline), path, accuracy)
    model = Model(path)
    if [model.predict(row).label for row in features] != [str(label) for label in predicted]:
        path.unlink()
        raise SystemExit("the exported model does not answer as the trained one does")
    for number, (picture, label) in enumerate(zip(pictures, expected, strict=True)):
        (folder / f"{label}-{number:03}.png").write_bytes(picture)
    return f"{figures} (minimum {minimum_accuracy}); model {model.name} {model.version}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="inference.train", description="Train the digit model.")
    parser.add_argument("--output", type=Path, required=True, help="folder for the model")
    parser.add_argument("--minimum-accuracy", type=float, required=True, help="from 0 to 1")
    arguments = parser.parse_args()
    print(train(arguments.output, arguments.minimum_accuracy))


if __name__ == "__main__":
    main()
