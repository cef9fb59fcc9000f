import asyncio
import io
import logging
from typing import Any

import pytest
from conftest import EXAMPLES, bomb
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from production.api import uploads
from production.api.application import create_app
from production.api.logs import access_log_filter

MIB = 1024 * 1024


def assert_error(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json().keys() == {"error", "message"}
    assert answer.headers["Content-Type"] == "application/json"


def post(client: TestClient, picture: bytes):
    return client.post("/upload", files={"file": picture})


def png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def test_health_needs_no_token(client, model, issuer):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": "development",
        "model": {"name": "digits", "version": model.version, "accuracy": model.accuracy},
    }
    assert issuer.paths == []


def test_upload(authorized, model):
    answer = post(authorized, (EXAMPLES / "seven.png").read_bytes())
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"class", "confidence", "model"}
    assert body["class"] == "7"
    assert 0.9 < body["confidence"] <= 1
    assert body["model"] == f"digits {model.version}"


def test_other_fields_and_the_declared_type_do_not_matter(authorized, seven):
    answer = authorized.post(
        "/upload", data={"note": "x"}, files={"file": ("a.txt", seven, "text/plain")}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"", 400, "empty_file"),
        (b"seven", 415, "not_a_picture"),
        ((EXAMPLES / "seven.png").read_bytes()[:300], 422, "broken_picture"),
        (png(Image.new("L", (64, 64), 255)), 422, "blank_picture"),
        (bomb(30_000), 413, "picture_too_large"),
        (bomb(5_000), 413, "picture_too_large"),
        (bytes(6 * MIB), 413, "upload_too_large"),
    ],
)
def test_picture_that_will_not_do(authorized, picture, status, code):
    assert_error(post(authorized, picture), status, code)


FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        (None, b"", 415, "unsupported_media_type"),
        ("image/png", b"abc", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", b"file=a", 415, "unsupported_media_type"),
        ("multipart/mixed; boundary=x", PART, 415, "unsupported_media_type"),
        ("multipart/form-data", PART, 400, "malformed_form"),
        ("multipart/form-data; boundary=" + "x" * 300, b"", 400, "malformed_form"),
        (FORM, b"", 400, "malformed_form"),
        (FORM, b"--x--\r\n", 400, "missing_file"),
        (FORM, b"abc", 400, "malformed_form"),
        (FORM, PART, 400, "malformed_form"),
        (FORM, PART.replace(b'name="file"; ', b"") + b"\r\n--x--\r\n", 400, "malformed_form"),
        (FORM, PART.replace(b"file", b"other", 1) + b"\r\n--x--\r\n", 400, "missing_file"),
        (FORM, PART.replace(b'; filename="a"', b"") + b"\r\n--x--\r\n", 400, "missing_file"),
        (FORM, PART + b"\r\n" + PART + b"\r\n--x--\r\n", 400, "malformed_form"),
        (FORM, PART + b"\r\n--x--\r\n", 415, "not_a_picture"),
    ],
)
def test_form_that_will_not_do(authorized, content_type, body, status, code):
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert_error(authorized.post("/upload", content=body, headers=headers), status, code)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parameters=st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    body=st.binary()
    | st.lists(
        st.sampled_from([PART, b"--x", b"--", b"\r\n", b": ", b'name="file"', b"\x00", b"\xff"])
    ).map(b"".join),
)
@example(parameters=' boundary=x; charset="rot13"', body=PART + b"\r\n--x--\r\n")
@example(parameters=" boundary=", body=PART)
def test_no_form_is_a_fault(authorized, parameters, body):
    for tail in (parameters, " boundary=x"):
        answer = authorized.post(
            "/upload",
            content=body,
            headers={"Content-Type": f"multipart/form-data;{tail}"},
        )
        assert 400 <= answer.status_code < 500
        assert answer.json().keys() == {"error", "message"}


def run_upload(app, token: str, messages: list[dict[str, Any]], **headers: str) -> tuple[int, int]:
    """Send an upload message by message; return its status and how many were read for it."""
    read = 0
    sent = []

    async def receive():
        nonlocal read
        if sent:
            return {"type": "http.disconnect"}
        if read == len(messages):
            await asyncio.sleep(60)
        read += 1
        return messages[read - 1]

    async def send(message):
        sent.append(message)

    values = {"content-type": FORM, "authorization": f"Bearer {token}"} | headers
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in values.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/upload",
        "query_string": b"",
        "headers": raw,
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], read


def chunk(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_declared_large_upload_is_refused_unread(settings, model, issuer):
    app = create_app(settings, model)
    messages = [chunk(PART)]
    assert run_upload(app, issuer.token(), messages, content_length=str(50 * MIB)) == (413, 0)


def test_undeclared_large_upload_is_refused_at_the_limit(settings, model, issuer):
    app = create_app(settings, model)
    messages = [chunk(PART)] + [chunk(bytes(MIB)) for _ in range(50)]
    assert run_upload(app, issuer.token(), messages) == (413, 6)


def test_no_upload_is_written_to_disk(authorized, monkeypatch):
    def fail(*_: Any, **__: Any) -> None:
        pytest.fail("a file was made")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    assert_error(post(authorized, bytes(uploads.MAX_BODY - 1024)), 415, "not_a_picture")


def test_caller_that_leaves(settings, model, issuer):
    app = create_app(settings, model)
    assert run_upload(app, issuer.token(), [chunk(PART), {"type": "http.disconnect"}]) == (400, 2)


def test_caller_that_stalls(settings, model, issuer, monkeypatch):
    monkeypatch.setattr(uploads, "TIMEOUT", 0.05)
    app = create_app(settings, model)
    assert run_upload(app, issuer.token(), [chunk(PART)]) == (408, 1)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/", 404, "not_found"), ("GET", "/upload", 405, "method_not_allowed")],
)
def test_what_is_not_served(client, method, path, status, code):
    answer = client.request(method, path)
    assert_error(answer, status, code)


def test_fault_has_the_shape_of_every_error(settings, model, issuer, monkeypatch):
    def fail(_: Any) -> None:
        raise RuntimeError("private detail")

    monkeypatch.setattr("production.api.application.extract", fail)
    client = TestClient(create_app(settings, model), raise_server_exceptions=False)
    answer = client.post(
        "/upload", files={"file": b"x"}, headers={"Authorization": f"Bearer {issuer.token()}"}
    )
    assert_error(answer, 500, "internal_error")
    assert "private" not in answer.text


def test_description_tells_of_the_form_and_the_token(client):
    operation = client.get("/openapi.json").json()["paths"]["/upload"]["post"]
    assert "multipart/form-data" in operation["requestBody"]["content"]
    assert operation["security"] == [{"HTTPBearer": []}]


@pytest.mark.parametrize(
    ("target", "status", "line"),
    [
        ("/upload?access_token=secret", 401, '1.2.3.4:5 - "POST /upload HTTP/1.1" 401'),
        ("/health", 503, '1.2.3.4:5 - "POST /health HTTP/1.1" 503'),
        ("/health", 200, None),
        ("/health?probe", 200, None),
        ("/metrics", 500, '1.2.3.4:5 - "POST /metrics HTTP/1.1" 500'),
        ("/metrics", 200, None),
    ],
)
def test_access_log(target, status, line):
    message = '%s - "%s %s HTTP/%s" %d'
    arguments = ("1.2.3.4:5", "POST", target, "1.1", status)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, message, arguments, None)
    assert access_log_filter(record) == (line is not None)
    if line:
        assert record.getMessage() == line
