"""Bearer tokens: JWTs signed by the configured issuer for the configured audience."""

import asyncio
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
TYPES = ("at+jwt", "application/at+jwt")
REQUIRED_CLAIMS = ("exp", "iss", "aud")
LEEWAY = 10
KEYS_TIMEOUT = 5
KEYS_PAUSE = 5


class NotAnAccessToken(jwt.InvalidTokenError):
    """The token's ``typ`` is not that of access tokens, as of an ID token or a logout token."""


_REASONS = {
    NotAnAccessToken: "the token is no access token: its typ must be at+jwt",
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


class IssuerKeys:
    """The issuer's signing keys, cached for five minutes.

    A known key is there at once, whatever else is looked for. An unknown key id makes it look for
    newly rotated keys: one look at a time, each a pause after the one before, whether that failed
    or not. So however many callers wait, each waits for one look.
    """

    def __init__(self, url: str, pause: float = KEYS_PAUSE) -> None:
        self._client = jwt.PyJWKClient(url, timeout=KEYS_TIMEOUT)
        self._pause = pause
        self._looking = asyncio.Lock()
        self._next_look = 0.0
        self._failure: str | None = None

    async def get(self, kid: str) -> jwt.PyJWK:
        """Return a key.

        Raises ``jwt.PyJWKClientError`` if the issuer has no such key, :class:`KeysUnavailable` if
        that cannot be told.
        """
        if key := self._known(kid):
            return key
        async with self._looking:
            if (key := self._known(kid)) is None and time.monotonic() >= self._next_look:
                await self._look()
                key = self._known(kid)
        if key is not None:
            return key
        if self._failure is not None:
            raise KeysUnavailable(self._failure)
        raise jwt.PyJWKClientError("the issuer has no such key")

    def _known(self, kid: str) -> jwt.PyJWK | None:
        """Return a signing key from the cache."""
        cached = self._client.jwk_set_cache.get()
        keys = cached.keys if cached else []
        signing = (key for key in keys if key.public_key_use in ("sig", None))
        return next((key for key in signing if key.key_id == kid), None)

    async def _look(self) -> None:
        """Fetch the key set, and note why if that fails."""
        try:
            async with asyncio.timeout(KEYS_TIMEOUT):
                await to_thread.run_sync(self._client.fetch_data, abandon_on_cancel=True)
            self._failure = None
        except (jwt.PyJWTError, OSError, ValueError, RecursionError) as error:
            self._failure = str(error)
        self._next_look = time.monotonic() + self._pause


class TokenVerifier:
    """Decides whether a token was issued by the issuer for this service, and is valid now."""

    def __init__(self, settings: Settings, keys: IssuerKeys) -> None:
        self._issuer = settings.oauth2_issuer
        self._audience = settings.oauth2_audience
        self._keys = keys

    async def verify(self, token: str) -> dict[str, Any]:
        """Return the token's claims.

        Raises ``jwt.PyJWTError`` for a token that is not accepted, :class:`KeysUnavailable` if
        that cannot be told. A token whose header is no good is refused without asking for keys.
        """
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        if str(header.get("typ")).lower() not in TYPES:  # RFC 9068, section 4
            raise NotAnAccessToken
        if "kid" not in header:
            raise jwt.PyJWKClientError("the token names no key")
        return jwt.decode(
            token,
            await self._keys.get(header["kid"]),
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
            await self.verify(credentials.credentials)
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
