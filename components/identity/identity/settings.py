"""The server's settings, read from the environment and checked once, at start."""

import os
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(ValueError):
    """Some settings are missing; the message names them all."""


@dataclass(frozen=True)
class Settings:
    """Who issues tokens, for whom by default, and to which client."""

    issuer: str
    audience: str
    client_id: str
    client_secret: str = field(repr=False)
    key_path: Path
    port: int

    @property
    def folder(self) -> str:
        """The issuer, as the folder that the server's endpoints are in."""
        return self.issuer.removesuffix("/")


def load_settings() -> Settings:
    """Read the environment, or raise a :class:`SettingsError`."""
    required = ("ISSUER", "AUDIENCE", "CLIENT_ID", "CLIENT_SECRET")
    values = [os.environ.get(name, "").strip() for name in required]
    missing = [name for name, value in zip(required, values, strict=True) if not value]
    if missing:
        raise SettingsError(f"not set: {', '.join(missing)}")
    return Settings(
        *values,
        key_path=Path(os.environ.get("KEY_PATH", "/tmp/key.pem")),  # noqa: S108, the only folder that may be written to
        port=int(os.environ.get("PORT", "9000")),
    )
