"""Checks a stack's outputs as the TypeScript reader does, with the same messages."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from .models import PublishedOutputs

SCHEMA_VERSION = 1


class OutputsError(ValueError):
    """The outputs cannot be read, or are not those of a deployment. The message says what to do."""


def deployment(
    stack: str, *, project: str = "mlops", organization: str = "organization"
) -> PublishedOutputs:
    """Return the outputs of a stack whose image is in a registry; it runs the Pulumi CLI.

    `deployment("prod").image` is prod's image with its digest. It needs the CLI and read access to
    the state, and no passphrase.

    Args:
        stack: The stack's name, without organization and project.
        project: The stack's Pulumi project.
        organization: Its organization on Pulumi Cloud; other backends call it `organization`.

    Raises:
        OutputsError: The stack cannot be read, or has other outputs.

    """
    name = f"{organization}/{project}/{stack}"
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise OutputsError(
            "There is no command pulumi: https://www.pulumi.com/docs/install"
        ) from None
    if done.returncode != 0:
        said = done.stderr.strip().removeprefix("error: ")
        raise OutputsError(f'The stack "{name}" cannot be read: {said}')
    return check_outputs(name, done.stdout)


def check_outputs(name: str, text: str) -> PublishedOutputs:
    """Return a stack's outputs from the text that `pulumi stack output --json` prints.

    Args:
        name: The stack's name, for messages.
        text: JSON.

    Raises:
        OutputsError: It lists every problem.

    """
    try:
        outputs = json.loads(text)
    except ValueError as error:
        raise OutputsError(f'The outputs of the stack "{name}" are not JSON: {error}') from None
    if not isinstance(outputs, dict):
        raise OutputsError(f'The outputs of the stack "{name}" are not an object of JSON.')
    _check_kind(name, outputs)
    try:
        # As JSON, which has no other way to write an integer or a list.
        return PublishedOutputs.model_validate_json(text)
    except ValidationError as error:
        lines = [_describe(problem["loc"], problem["msg"], outputs) for problem in error.errors()]
        raise OutputsError(
            f'The outputs of the stack "{name}" are not those of a deployment; '
            "`pulumi up` in it makes them anew:\n" + "\n".join(lines)
        ) from None


def _check_kind(name: str, outputs: Mapping[str, Any]) -> None:
    if not outputs:
        raise OutputsError(f'The stack "{name}" has no outputs yet: `pulumi up` in it comes first.')
    if "schemaVersion" not in outputs:
        raise OutputsError(
            f'The stack "{name}" has outputs, but not those of a deployment: '
            "there is no schemaVersion. Is it the right project?"
        )
    version = outputs["schemaVersion"]
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise OutputsError(
            f'The stack "{name}" has outputs of schemaVersion {json.dumps(version)}, and this '
            f"reader knows {SCHEMA_VERSION}: install the mlops-outputs of that stack's project."
        )
    if outputs.get("kind") == "local":
        raise OutputsError(
            f'The stack "{name}" runs the service on one machine: its image is in no registry. '
            "Name a stack that publishes."
        )


def _describe(path: tuple[int | str, ...], message: str, outputs: Mapping[str, Any]) -> str:
    output = str(path[0])
    value = f" = {json.dumps(outputs[output])}" if output in outputs else ""
    return f"  {'.'.join(map(str, path))}{value}: {message}"
