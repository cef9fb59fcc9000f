"""The trained model: one ONNX file that carries its own description.

The file's metadata properties name the model, its version, its classes and the accuracy it reached
on the held-out pictures when it was trained; see ``inference.train``, which writes them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

FEATURES = 64


class ModelError(RuntimeError):
    """The model file cannot be used; the message names the file and the reason."""


@dataclass(frozen=True)
class Prediction:
    """The most likely class, and the probability the model gives it."""

    label: str
    confidence: float


class Model:
    """A digit classifier loaded from an ONNX file; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Load the model, or raise a :class:`ModelError`."""
        if not path.is_file():
            raise ModelError(f"there is no model file {path}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
            description = self._session.get_modelmeta().custom_metadata_map
            self.name: str = description["name"]
            self.version: str = description["version"]
            self.classes: tuple[str, ...] = tuple(json.loads(description["classes"]))
            self.accuracy = float(description["accuracy"])
        except KeyError as error:
            raise ModelError(f"the model file {path} does not tell its {error}") from error
        except Exception as error:  # onnxruntime's errors have no public base class
            raise ModelError(f"the model file {path} cannot be loaded: {error}") from error

    def predict(self, features: np.ndarray) -> Prediction:
        """Classify the :data:`FEATURES` features of one picture."""
        batch = np.asarray(features, dtype=np.float32).reshape(1, FEATURES)
        (probabilities,) = self._session.run(["probabilities"], {"features": batch})[0]
        best = int(probabilities.argmax())
        return Prediction(self.classes[best], float(probabilities[best]))
