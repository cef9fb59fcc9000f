import os
import signal
import socket
import stat
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

import jwt
import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from identity.keys import load_or_create_key
from identity.server import LIFETIME, create_app
from identity.settings import Settings

ISSUER = "http://identity:9000"
AUDIENCE = "https://digits.example/"
CLIENT_ID = "local:developer"
CLIENT_SECRET = "not a secret: %+/é"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> RSAKey:
    return load_or_create_key(tmp_path_factory.mktemp("key") / "key.pem")


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, tmp_path / "key.pem", 9000)


@pytest.fixture
def client(settings, key) -> FlaskClient:
    return create_app(settings, key).test_client()


def run(module: str, *arguments: str, **environment: str) -> subprocess.Popen:
    """Start a module as the image does."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve as the image does; yield the environment, and end the server by SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "ISSUER": ISSUER,
        "AUDIENCE": AUDIENCE,
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "KEY_PATH": str(tmp_path_factory.mktemp("run") / "key.pem"),
        "PORT": str(port),
    }
    server = run("identity", **environment)
    deadline = time.monotonic() + 20
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield environment
    server.send_signal(signal.SIGTERM)
    output, errors = server.communicate(timeout=5)
    assert server.returncode == os.EX_OK
    assert "for a local stack only" in output
    assert CLIENT_SECRET not in output
    assert errors == ""


def accept(environment: dict[str, str], token: str) -> dict:
    """Verify a token as the service does: by issuer, audience and JWKS URI."""
    keys = jwt.PyJWKClient(f"http://127.0.0.1:{environment['PORT']}/.well-known/jwks.json")
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["RS256", "ES256"],
        issuer=ISSUER,
        audience=AUDIENCE,
        options={"require": ["exp", "iss", "aud"]},
    )


def test_service_accepts_the_token_of_the_command(environment):
    output, errors = run("identity.token", **environment).communicate(timeout=20)
    assert errors == ""
    assert output.count("\n") == 1
    token = output.removesuffix("\n")
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    claims = accept(environment, token)
    assert claims["exp"] - claims["iat"] == LIFETIME == 3600
    assert claims["sub"] == claims["client_id"] == CLIENT_ID
    assert claims["jti"]


def test_another_audience_may_be_asked_for(environment):
    token, _ = run("identity.token", "another", **environment).communicate(timeout=20)
    with pytest.raises(jwt.InvalidAudienceError):
        accept(environment, token.strip())
    claims = jwt.decode(token.strip(), options={"verify_signature": False})
    assert claims["aud"] == "another"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"CLIENT_SECRET": "wrong"}, "no token: HTTP Error 401: UNAUTHORIZED\n"),
        ({"PORT": "1"}, "no token: <urlopen error [Errno 111] Connection refused>\n"),
    ],
)
def test_command_without_a_token_says_why_on_standard_error(environment, change, reason):
    command = run("identity.token", **environment | change)
    assert command.communicate(timeout=20) == ("", reason)
    assert command.returncode == 1


def test_answer_is_that_of_rfc_6749(client):
    auth = (quote(CLIENT_ID, safe=""), quote(CLIENT_SECRET, safe=""))
    answer = client.post("/token", data=GRANT, auth=auth)
    assert answer.status_code == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == LIFETIME
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        (GRANT, None, 401, "invalid_client"),
        (GRANT, ("nobody", "x"), 401, "invalid_client"),
        (GRANT, (quote(CLIENT_ID), "x"), 401, "invalid_client"),
        (
            GRANT | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
            None,
            401,
            "invalid_client",
        ),
        ({}, None, 400, "unsupported_grant_type"),
        ({"grant_type": "password"}, None, 400, "unsupported_grant_type"),
    ],
)
def test_refusals(client, form, auth, status, error):
    answer = client.post("/token", data=form, auth=auth)
    assert (answer.status_code, answer.json["error"]) == (status, error)


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        " ",
        "x",
        "\u00e9",
        "====",
        b64encode(b""),
        b64encode(b":"),
        b64encode(b"\x00:\x00"),
        b64encode(b"\xff\xfe:\xff"),
        b64encode(CLIENT_ID.encode()),
        b64encode(f"{quote(CLIENT_ID, safe='')}:".encode() + b"\xff"),
        b64encode(f"{quote(CLIENT_ID, safe='')}:%ff%ed%a0%80".encode()),
    ],
)
def test_broken_credentials_are_refused(client, credentials):
    text = credentials if isinstance(credentials, str) else credentials.decode()
    answer = client.post("/token", data=GRANT, headers={"Authorization": f"Basic {text}"})
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server"])
def test_metadata(client, name):
    metadata = client.get(f"/.well-known/{name}").json
    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint"] == f"{ISSUER}/token"
    assert metadata["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"


def test_private_key_is_not_served(client):
    (jwk,) = client.get("/.well-known/jwks.json").json["keys"]
    assert jwk.keys() == {"kty", "n", "e", "kid", "use", "alg"}


def test_health(client):
    assert client.get("/health").json == {"status": "ok"}


def test_key_is_private_and_kept(tmp_path):
    path = tmp_path / "key.pem"
    first = load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path).kid == first.kid
    path.unlink()
    assert load_or_create_key(path).kid != first.kid


def test_missing_settings_are_all_named():
    server = run("identity", ISSUER="", AUDIENCE=AUDIENCE, CLIENT_ID=" ", CLIENT_SECRET="")
    output, errors = server.communicate(timeout=20)
    assert server.returncode == os.EX_CONFIG
    assert output.endswith("not set: ISSUER, CLIENT_ID, CLIENT_SECRET\n")
    assert errors == ""


def test_missing_key_folder_is_told(environment, tmp_path):
    server = run("identity", **environment | {"KEY_PATH": str(tmp_path / "none" / "key.pem")})
    output, errors = server.communicate(timeout=20)
    assert server.returncode == os.EX_CONFIG
    assert "the signing key cannot be kept: [Errno 2] No such file or directory" in output
    assert errors == ""


def test_secret_is_not_shown(settings):
    assert CLIENT_SECRET not in repr(settings)
