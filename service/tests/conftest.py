import asyncio
import json
import struct
import threading
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.testclient import TestClient
from hypothesis import settings as hypothesis_settings

from inference import Model
from production.api.application import create_app
from production.api.settings import APP_ROOT, Settings

AUDIENCE = "https://digits.example/"
EXAMPLES = APP_ROOT / "examples"

hypothesis_settings.register_profile("default", deadline=None, database=None, derandomize=True)
hypothesis_settings.load_profile("default")


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until a condition holds, or fail."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test in an event loop, for half a minute at most."""
    asyncio.run(asyncio.wait_for(test, 30))


def bomb(side: int) -> bytes:
    """Return a small, valid, black PNG of a huge picture, made without holding its pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + -(-side // 8))
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", pixels)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in [*parts, (b"IEND", b"")]
    )


class Key:
    """A signing key of an issuer, and its public half as a JWK."""

    def __init__(self, kid: str, algorithm: str = "RS256") -> None:
        self.kid = kid
        self.algorithm = algorithm
        if algorithm.startswith("ES"):
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def jwk(self) -> dict[str, Any]:
        public = jwt.get_algorithm_by_name(self.algorithm).to_jwk(
            self.private.public_key(), as_dict=True
        )
        return public | {"kid": self.kid, "alg": self.algorithm, "use": "sig"}


class Issuer:
    """An issuer of tokens, whose keys are served over HTTP while its event ``answers`` is set."""

    def __init__(self) -> None:
        self.key = Key("first")
        self.keys = [self.key]
        self.body: bytes | None = None
        self.status = 200
        self.paths: list[str] = []
        self.answers = threading.Event()
        self.answers.set()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.paths.append(self.path)
                issuer.answers.wait(20)
                body = issuer.body
                if body is None:
                    body = json.dumps({"keys": [key.jwk for key in issuer.keys]}).encode()
                self.send_response(issuer.status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/realms/test"

    def stop(self) -> None:
        self.answers.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def token(
        self,
        *,
        key: Key | None = None,
        headers: dict | None = None,
        without: str = "",
        **claims: Any,
    ) -> str:
        """Return a token that is good but for what is asked to be otherwise."""
        key = key or self.key
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "test", "iat": now, "exp": now + 60}
        payload = {name: value for name, value in (good | claims).items() if name != without}
        header = {"kid": key.kid, "typ": "at+jwt"} | (headers or {})
        return jwt.encode(payload, key.private, key.algorithm, header)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def settings(issuer: Issuer) -> Settings:
    return Settings(
        oauth2_issuer=issuer.url,
        oauth2_audience=AUDIENCE,
        oauth2_jwks_uri=".well-known/jwks.json",
    )


@pytest.fixture(scope="session")
def model() -> Model:
    return Model(Settings.model_fields["model_path"].default)


@pytest.fixture
def client(settings: Settings, model: Model) -> TestClient:
    return TestClient(create_app(settings, model))


@pytest.fixture
def authorized(client: TestClient, issuer: Issuer) -> TestClient:
    client.headers["Authorization"] = f"Bearer {issuer.token()}"
    return client


@pytest.fixture(scope="session")
def seven() -> bytes:
    return (EXAMPLES / "seven.png").read_bytes()
