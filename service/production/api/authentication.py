"""Bearer tokens: JWTs signed by the configured issuer for the configured audience."""

import time
from http import HTTPStatus
from typing import Annotated, Any

import jwt
from anyio import to_thread
from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from production.api.errors import ApiError
from production.api.settings import Settings

ALGORITHMS = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)
REQUIRED_CLAIMS = ("exp", "iss", "aud")
LEEWAY = 10
KEYS_TIMEOUT = 5
KEYS_PAUSE = 5

_REASONS = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is from another issuer",
    jwt.MissingRequiredClaimError: "the token lacks a required claim",
    jwt.InvalidAlgorithmError: "the token's algorithm is not accepted",
    jwt.InvalidSignatureError: "the token's signature is wrong",
    jwt.PyJWKClientError: "the token's key is not one of the issuer's",
}

bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A token of the issuer.")


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had, so no token can be judged."""


class IssuerKeys(jwt.PyJWKClient):
    """The issuer's signing keys, cached for five minutes.

    An unknown key id makes it look for newly rotated keys, after a pause since the last look. After
    a failure it pauses too: callers share one lock, so each of them would otherwise wait in turn
    for an issuer that does not answer.
    """

    def __init__(self, url: str, pause: float = KEYS_PAUSE) -> None:
        super().__init__(url, timeout=KEYS_TIMEOUT, cooldown_duration=pause)
        self._pause = pause
        self._retry_at = 0.0

    def fetch_data(self) -> Any:
        """Fetch the key set, or raise :class:`KeysUnavailable`."""
        if time.monotonic() < self._retry_at:
            raise KeysUnavailable("the last attempt failed a moment ago")
        try:
            return super().fetch_data()
        except (jwt.PyJWKClientError, jwt.PyJWKSetError, OSError, ValueError) as error:
            self._retry_at = time.monotonic() + self._pause
            raise KeysUnavailable(str(error)) from error


class TokenVerifier:
    """Decides whether a token was issued by the issuer for this service, and is valid now."""

    def __init__(self, settings: Settings, keys: IssuerKeys) -> None:
        self._issuer = settings.oauth2_issuer
        self._audience = settings.oauth2_audience
        self._keys = keys

    def verify(self, token: str) -> dict[str, Any]:
        """Return the token's claims.

        Raises ``jwt.PyJWTError`` for a token that is not accepted, :class:`KeysUnavailable` if
        that cannot be told. A token whose header is no good is refused without asking for keys.
        """
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        if "kid" not in header:
            raise jwt.PyJWKClientError("the token names no key")
        return jwt.decode(
            token,
            self._keys.get_signing_key(header["kid"]),
            algorithms=ALGORITHMS,
            issuer=self._issuer,
            audience=self._audience,
            leeway=LEEWAY,
            options={"require": REQUIRED_CLAIMS},
        )

    async def __call__(
        self, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
    ) -> None:
        """Let a request with a valid token pass; refuse any other as RFC 6750 asks.

        As a dependency of a route without body parameters, this runs before any of the body is
        read.
        """
        if credentials is None:
            raise _unauthorized("missing_token", "send an access token as a bearer token")
        try:
            await to_thread.run_sync(self.verify, credentials.credentials)
        except KeysUnavailable as error:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "keys_unavailable",
                "the issuer's keys cannot be fetched, so the token cannot be checked",
                {"Retry-After": str(KEYS_PAUSE)},
            ) from error
        except jwt.PyJWTError as error:
            reason = next(
                (text for kind, text in _REASONS.items() if isinstance(error, kind)),
                "the token is malformed",
            )
            raise _unauthorized(
                "invalid_token", reason, f' error="invalid_token", error_description="{reason}"'
            ) from error


def _unauthorized(code: str, message: str, challenge: str = ' realm="upload"') -> ApiError:
    """Build a 401; as RFC 6750 asks, only a token that was sent has an error in the challenge."""
    headers = {"WWW-Authenticate": f"Bearer{challenge}"}
    return ApiError(HTTPStatus.UNAUTHORIZED, code, message, headers)
