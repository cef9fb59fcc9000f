"""What the generated models are made of, so that they check as the TypeScript reader does."""

from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, field_validator

_url = TypeAdapter(pydantic.AnyUrl)


def _check_url(text: str) -> str:
    trimmed = text.strip()
    _url.validate_python(trimmed)
    return trimmed


AnyUrl = Annotated[str, AfterValidator(_check_url)]
"""A URL as it was written: pydantic's own would add a slash."""


class Checked(BaseModel):
    """Converts nothing, and ignores fields that this version does not know."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:  # noqa: ANN401
        """Refuse null: an optional field may be absent."""
        if value is None:
            raise ValueError("null is not a value: leave it out")
        return value
