import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2
import jwt
import pytest
from conftest import AUDIENCE, Issuer, Key, run, until
from cryptography.hazmat.primitives import serialization
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from production.api.application import create_app
from production.api.authentication import IssuerKeys


def upload(client: TestClient, authorization: str | None, picture: bytes = b""):
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.post("/upload", files={"file": picture}, headers=headers)


def assert_refused(answer, reason: str) -> None:
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_token", "message": reason}
    challenge = f'Bearer error="invalid_token", error_description="{reason}"'
    assert answer.headers["WWW-Authenticate"] == challenge


def encode(part: dict[str, Any] | bytes) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_good_token(client, issuer, seven, algorithm):
    issuer.keys.append(Key("another", algorithm))
    answer = upload(client, f"Bearer {issuer.token(key=issuer.keys[-1])}", seven)
    assert answer.status_code == 200
    assert answer.json()["class"] == "7"
    assert issuer.paths == ["/realms/test/.well-known/jwks.json"]


def test_audience_may_be_one_of_several(client, issuer, seven):
    token = issuer.token(aud=["another", AUDIENCE])
    assert upload(client, f"bearer {token}", seven).status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Basic dTpw", "Bearer", "Bearer "])
def test_no_token(client, issuer, authorization):
    answer = upload(client, authorization)
    assert answer.status_code == 401
    assert answer.json()["error"] == "missing_token"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="upload"'
    assert issuer.paths == []


@pytest.mark.parametrize(
    ("otherwise", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "the token has expired"),
        ({"nbf": int(time.time()) + 3600}, "the token is not valid yet"),
        ({"iat": int(time.time()) + 3600}, "the token is not valid yet"),
        ({"aud": "another"}, "the token is for another audience"),
        ({"aud": [AUDIENCE + "x"]}, "the token is for another audience"),
        ({"iss": "https://another.example"}, "the token is from another issuer"),
        ({"without": "exp"}, "the token lacks a required claim"),
        ({"without": "iss"}, "the token lacks a required claim"),
        ({"without": "aud"}, "the token lacks a required claim"),
        ({"exp": "never"}, "the token is malformed"),
        *(
            ({"headers": {"typ": typ}}, "the token is no access token: its typ must be at+jwt")
            for typ in (None, "", "JWT", "logout+jwt", "secevent+jwt", "id_token+jwt", "at+jwt2")
        ),
        ({"headers": {"kid": "unknown"}}, "the token's key is not one of the issuer's"),
        ({"key": Key("first")}, "the token's signature is wrong"),
        ({"key": Key("first", "ES256")}, "the token's algorithm is not accepted"),
    ],
)
def test_token_that_is_not_accepted(client, issuer, otherwise, reason):
    assert_refused(upload(client, f"Bearer {issuer.token(**otherwise)}"), reason)


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_type_of_an_access_token(client, issuer, seven, typ):
    token = issuer.token(headers={"typ": typ})
    assert upload(client, f"Bearer {token}", seven).status_code == 200


def test_leeway_is_small(client, issuer, seven):
    now = int(time.time())
    assert upload(client, f"Bearer {issuer.token(exp=now - 3)}", seven).status_code == 200
    answer = upload(client, f"Bearer {issuer.token(exp=now - 15)}", seven)
    assert_refused(answer, "the token has expired")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "unheard-of"])
def test_algorithm_that_is_not_allowed(client, issuer, algorithm):
    header, payload, signature = issuer.token().split(".")
    header = encode({"alg": algorithm, "typ": "at+jwt", "kid": "first"})
    for end in ("", signature):
        answer = upload(client, f"Bearer {header}.{payload}.{end}")
        assert_refused(answer, "the token's algorithm is not accepted")
    assert issuer.paths == []


def test_public_key_is_no_shared_secret(client, issuer):
    public = issuer.key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    payload = issuer.token().split(".")[1]
    signed = f"{encode({'alg': 'HS256', 'kid': 'first'})}.{payload}"
    signature = hmac.digest(public, signed.encode(), hashlib.sha256)
    answer = upload(client, f"Bearer {signed}.{encode(signature)}")
    assert_refused(answer, "the token's algorithm is not accepted")


def test_shared_secret_among_the_keys_is_no_key(client, issuer, monkeypatch):
    secret = b"s" * 32
    jwk = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": encode(secret)}
    issuer.body = json.dumps({"keys": [issuer.key.jwk, jwk]}).encode()
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    token = jwt.encode(claims, secret, "HS256", {"kid": "shared"})
    assert_refused(upload(client, f"Bearer {token}"), "the token's algorithm is not accepted")


@pytest.mark.parametrize("change", ["payload", "signature"])
def test_changed_token(client, issuer, change):
    parts = issuer.token().split(".")
    other = issuer.token(sub="another").split(".")
    index = {"payload": 1, "signature": 2}[change]
    parts[index] = other[index]
    assert_refused(upload(client, f"Bearer {'.'.join(parts)}"), "the token's signature is wrong")


def test_encryption_key_signs_nothing(client, issuer):
    issuer.body = json.dumps(
        {"keys": [issuer.key.jwk | {"use": "enc"}, Key("second").jwk]}
    ).encode()
    answer = upload(client, f"Bearer {issuer.token()}")
    assert_refused(answer, "the token's key is not one of the issuer's")


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1))
def test_garbage_is_refused(client, garbage):
    answer = upload(client, b"Bearer " + garbage.encode("latin-1"))
    assert answer.status_code == 401


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku"]),
        st.sampled_from(["RS256", "ES256", "first", None, True, 1, [], ["b64"], {}]),
    ),
    payload=st.binary() | st.sampled_from([b"{}", b"[]", b"null", b'{"exp": 1e999}']),
    signature=st.binary(),
)
def test_forged_parts_are_refused(client, header, payload, signature):
    token = f"{encode(header)}.{encode(payload)}.{encode(signature)}"
    assert upload(client, f"Bearer {token}").status_code == 401


def test_keys_are_cached_and_rotation_is_followed(settings, model, issuer, seven):
    keys = IssuerKeys(settings.jwks_url, pause=0)
    client = TestClient(create_app(settings, model, keys))
    old = f"Bearer {issuer.token()}"
    for _ in range(3):
        assert upload(client, old, seven).status_code == 200
    assert len(issuer.paths) == 1
    issuer.keys = [Key("second")]
    assert upload(client, f"Bearer {issuer.token(key=issuer.keys[0])}", seven).status_code == 200
    assert len(issuer.paths) == 2
    assert_refused(upload(client, old, seven), "the token's key is not one of the issuer's")


def test_unknown_keys_do_not_flood_the_issuer(client, issuer):
    for number in range(5):
        token = issuer.token(headers={"kid": f"unknown-{number}"})
        assert upload(client, f"Bearer {token}").status_code == 401
    assert len(issuer.paths) == 1


def test_known_key_waits_for_no_unknown_one(settings, model, issuer, seven):
    """While the issuer is asked for unknown keys, known ones do; all unknown ones have one look."""
    pause = 1
    app = create_app(settings, model, IssuerKeys(settings.jwks_url, pause))

    async def test() -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:

            async def status(**otherwise: Any) -> int:
                headers = {"Authorization": f"Bearer {issuer.token(**otherwise)}"}
                answer = await client.post("/upload", files={"file": seven}, headers=headers)
                return answer.status_code

            assert await status() == 200
            looked = time.monotonic()
            await until(lambda: time.monotonic() > looked + pause)
            issuer.answers.clear()
            strangers = [
                asyncio.create_task(status(headers={"kid": f"unknown-{number}"}))
                for number in range(100)
            ]
            await until(lambda: len(issuer.paths) == 2)
            assert await asyncio.wait_for(status(), 2) == 200
            assert not any(stranger.done() for stranger in strangers)
            issuer.answers.set()
            assert set(await asyncio.gather(*strangers)) == {401}

    run(test())
    assert len(issuer.paths) == 2


def test_issuer_that_does_not_answer(settings, model, issuer, monkeypatch):
    monkeypatch.setattr("production.api.authentication.KEYS_TIMEOUT", 0.1)
    client = TestClient(create_app(settings, model))
    issuer.answers.clear()
    for _ in range(5):
        assert_unavailable(upload(client, f"Bearer {issuer.token()}"))
    assert len(issuer.paths) == 1


def assert_unavailable(answer) -> None:
    assert answer.status_code == 503
    assert answer.json()["error"] == "keys_unavailable"
    assert int(answer.headers["Retry-After"]) > 0


def test_issuer_that_is_down(client, issuer, seven):
    issuer.stop()
    assert_unavailable(upload(client, f"Bearer {issuer.token()}", seven))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"\xff\xfe"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "unheard-of"}]}'),
        (200, b"[" * 100_000),
    ],
)
def test_issuer_that_serves_no_keys(client, issuer, status, body):
    issuer.status, issuer.body = status, body
    assert_unavailable(upload(client, f"Bearer {issuer.token()}"))


def test_failed_issuer_is_asked_again_only_after_a_pause(
    client, issuer, seven, monkeypatch: pytest.MonkeyPatch
):
    token = f"Bearer {issuer.token()}"
    issuer.status = 500
    for _ in range(5):
        assert_unavailable(upload(client, token, seven))
    assert len(issuer.paths) == 1
    issuer.status = 200
    monkeypatch.setattr("production.api.authentication.time.monotonic", lambda: time.time() + 1e9)
    assert upload(client, token, seven).status_code == 200


@pytest.mark.parametrize("kind", ["none", "expired"])
def test_stranger_is_refused_before_any_of_the_body_is_read(settings, model, issuer: Issuer, kind):
    headers = [
        (b"content-type", b"multipart/form-data; boundary=x"),
        (b"content-length", b"1000"),
    ]
    if kind == "expired":
        headers.append((b"authorization", f"Bearer {issuer.token(exp=1)}".encode()))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/upload",
        "query_string": b"",
        "headers": headers,
    }
    sent = []

    async def receive():
        assert b"".join(message.get("body", b"") for message in sent).endswith(b"}")
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(create_app(settings, model)(scope, receive, send))
    assert sent[0]["status"] == 401
    assert (b"connection", b"close") in sent[0]["headers"]
