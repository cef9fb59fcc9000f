"""Reads the outputs of the project's stacks: typed, and checked when they are read."""

from .models import PublishedOutputs, Replicas
from .reader import OutputsError, check_outputs, deployment

__all__ = ["OutputsError", "PublishedOutputs", "Replicas", "check_outputs", "deployment"]
