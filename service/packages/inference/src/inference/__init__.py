"""Recognises one handwritten digit from the features that ``extraction`` makes of a picture."""

import os

# onnxruntime reports on its use to its maker unless it is told not to before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from inference.model import FEATURES, Model, ModelError, Prediction

__all__ = ["FEATURES", "Model", "ModelError", "Prediction"]
