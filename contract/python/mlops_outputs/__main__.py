"""Checks what `pulumi stack output --json` prints, and prints one of the outputs.

pulumi stack output --json -s organization/mlops/prod | python -m mlops_outputs image
"""

import argparse
import sys

from .models import PublishedOutputs
from .reader import OutputsError, check_outputs


def main() -> None:
    """Print the output that the arguments name, or say what is wrong and fail."""
    names = [field.alias or name for name, field in PublishedOutputs.model_fields.items()]
    parser = argparse.ArgumentParser(prog="python -m mlops_outputs", description=__doc__)
    parser.add_argument("output", choices=names, metavar="OUTPUT", help=", ".join(names))
    name = parser.parse_args().output
    try:
        outputs = check_outputs("standard input", sys.stdin.read())
    except OutputsError as error:
        sys.exit(str(error))
    values = outputs.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if name not in values:
        sys.exit(f"The stack has no {name}.")
    print(values[name])


if __name__ == "__main__":
    main()
