"""The service's settings, read from the environment and checked once, at start."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from pydantic import AfterValidator, HttpUrl, StringConstraints, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

APP_ROOT = Path(__file__).parents[2]

_URL = TypeAdapter(HttpUrl)


class SettingsError(ValueError):
    """Some settings are missing or invalid: :attr:`problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _issuer(value: str) -> str:
    """Check an issuer, and keep it to the letter, as tokens are compared with it."""
    url = _URL.validate_python(value)
    if url.query is not None or url.fragment is not None:
        raise ValueError("URL must have no query and no fragment")
    return value


def _resolve(uri: str, folder: str) -> str:
    """Return a URI, relative to a folder if it has no scheme, as a valid URL."""
    return str(_URL.validate_python(uri if urlsplit(uri).scheme else urljoin(folder, uri)))


def _absolute_or_relative(value: str) -> str:
    _resolve(value, "https://issuer/")
    return value


class Settings(BaseSettings):
    """One field per environment variable, of the same name in capitals."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    oauth2_issuer: Annotated[str, AfterValidator(_issuer)]
    oauth2_audience: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    oauth2_jwks_uri: Annotated[str, AfterValidator(_absolute_or_relative)]
    model_path: Path = APP_ROOT / "model" / "digits.onnx"
    service_version: str = "development"
    port: int = 8080

    @property
    def jwks_url(self) -> str:
        """Where the issuer's keys are: a relative URI is one below the issuer."""
        return _resolve(self.oauth2_jwks_uri, self.oauth2_issuer.removesuffix("/") + "/")


def load_settings() -> Settings:
    """Read the environment, or raise a :class:`SettingsError` that tells every problem at once."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError([_problem(*e["loc"], e) for e in error.errors()]) from None


def _problem(field: str, error: dict) -> str:
    reason = "is not set" if error["type"] == "missing" else f"is invalid: {error['msg']}"
    return f"{field.upper()} {reason}"
