"""The authorization server: client credentials in, RFC 9068 access tokens out."""

import hmac
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.errors import InvalidClientError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, Response, request
from joserfc.jwk import KeySet, RSAKey

from identity.keys import ALGORITHM
from identity.settings import Settings

LIFETIME = 3600
AUTHENTICATION_METHOD = "client_secret_basic"


class Client(ClientMixin):
    """The one client: it may ask for tokens with its credentials, and with no scope."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._id = client_id
        self._secret = client_secret

    def get_client_id(self) -> str:
        return self._id

    def get_allowed_scope(self, scope: str | None) -> str:
        return ""

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(self._secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == AUTHENTICATION_METHOD

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == ClientCredentialsGrant.GRANT_TYPE


class Grant(ClientCredentialsGrant):
    """The client credentials grant, with the client authenticated by HTTP Basic only."""

    TOKEN_ENDPOINT_AUTH_METHODS = (AUTHENTICATION_METHOD,)

    def authenticate_token_endpoint_client(self) -> ClientMixin:
        try:
            return super().authenticate_token_endpoint_client()
        except ValueError:  # Authlib decodes credentials without a look at what they are
            raise InvalidClientError(
                "The credentials are not Base64 of UTF-8.", status_code=401
            ) from None


class TokenGenerator(JWTBearerTokenGenerator):
    """Signs tokens for the audience that a request asks for, or for the default one.

    Any audience may be asked for by the parameter ``audience``, so that a developer can see the
    service refuse a token that is meant for another.
    """

    def __init__(self, settings: Settings, key: RSAKey) -> None:
        super().__init__(settings.issuer, ALGORITHM, expires_generator=lambda *_: LIFETIME)
        self._audience = settings.audience
        self._keys = KeySet([key])

    def get_jwks(self) -> KeySet:
        return self._keys

    def get_audiences(self, *_: Any) -> str:
        return request.form.get("audience") or self._audience


def create_app(settings: Settings, key: RSAKey) -> Flask:
    """Build the server for one client and one key."""
    app = Flask(__name__)
    client = Client(settings.client_id, settings.client_secret)
    server = AuthorizationServer(
        app,
        query_client={settings.client_id: client}.get,
        save_token=lambda *_: None,  # a JWT is kept by its bearer
    )
    server.register_grant(Grant)
    server.register_token_generator("default", TokenGenerator(settings, key))
    jwks = KeySet([key]).as_dict(private=False)
    metadata = {
        "issuer": settings.issuer,
        "token_endpoint": f"{settings.folder}/token",
        "jwks_uri": f"{settings.folder}/.well-known/jwks.json",
        "grant_types_supported": [ClientCredentialsGrant.GRANT_TYPE],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": [AUTHENTICATION_METHOD],
    }

    @app.post("/token")
    def token() -> Response:
        return server.create_token_response()

    @app.get("/.well-known/jwks.json")
    def key_set() -> dict:
        return jwks

    @app.get("/.well-known/openid-configuration")
    @app.get("/.well-known/oauth-authorization-server")
    def configuration() -> dict:
        return metadata

    @app.get("/health")
    def health() -> dict:
        return {"status": "ok"}

    return app
