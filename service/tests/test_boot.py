"""The service as it is started in production: a process, its output, its end."""

import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import AUDIENCE, EXAMPLES, Issuer

from production.api.settings import APP_ROOT

MIB = 1024 * 1024
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING|ERROR|CRITICAL) [\w.]+: .+")


def boot(**environment: str) -> subprocess.Popen:
    inherited = {name: value for name, value in os.environ.items() if "OAUTH2" not in name}
    return subprocess.Popen(
        [sys.executable, "boot.py"],
        cwd=APP_ROOT,
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    def __init__(self, issuer: Issuer) -> None:
        self.port = free_port()
        self.process = boot(
            PORT=str(self.port),
            OAUTH2_ISSUER=issuer.url,
            OAUTH2_AUDIENCE=AUDIENCE,
            OAUTH2_JWKS_URI=".well-known/jwks.json",
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("the service did not start")

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        yield connection
        connection.close()

    def stop(self) -> tuple[float, str]:
        """Ask the process to end; return how long that took, and all that it had printed."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=20)
        return time.monotonic() - started, output


@pytest.fixture
def service(issuer: Issuer) -> Iterator[Service]:
    service = Service(issuer)
    yield service
    if service.process.poll() is None:
        service.process.kill()
        service.process.communicate()


def form(picture: bytes) -> tuple[bytes, dict[str, str]]:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = head + picture + b"\r\n--x--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


def test_no_settings():
    process = boot()
    output, _ = process.communicate(timeout=20)
    assert process.returncode == os.EX_CONFIG
    lines = output.splitlines()
    assert [line.partition("boot: ")[2] for line in lines] == [
        "OAUTH2_ISSUER is not set",
        "OAUTH2_AUDIENCE is not set",
        "OAUTH2_JWKS_URI is not set",
    ]
    assert all(LINE.fullmatch(line) for line in lines)


def test_no_model(issuer):
    process = boot(
        OAUTH2_ISSUER=issuer.url,
        OAUTH2_AUDIENCE=AUDIENCE,
        OAUTH2_JWKS_URI="keys",
        MODEL_PATH="/nowhere/digits.onnx",
    )
    output, _ = process.communicate(timeout=20)
    assert process.returncode == os.EX_CONFIG
    (line,) = output.splitlines()
    assert line.endswith("boot: there is no model file /nowhere/digits.onnx")


def test_serves_logs_and_ends(service: Service, issuer: Issuer):
    token = issuer.token()
    body, headers = form((EXAMPLES / "seven.png").read_bytes())
    with service.connection() as connection:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert answer.read()
        assert answer.status == 200
        assert answer.headers["Server"] is None
        headers["Authorization"] = f"Bearer {token}"
        connection.request("POST", f"/upload?access_token={token}", body, headers)
        answer = connection.getresponse()
        assert b'"class":"7"' in answer.read()
    with service.connection() as connection:
        connection.request("POST", "/upload", body, headers | {"Authorization": f"Bearer {token}x"})
        assert connection.getresponse().status == 401
    with service.connection() as connection:
        connection.request("GET", "/metrics")
        metrics = connection.getresponse().read().decode()
    counted = [line for line in metrics.splitlines() if line.startswith("http_requests_total")]
    assert counted == [
        'http_requests_total{path="/health",status="200"} 1.0',
        'http_requests_total{path="/upload",status="200"} 1.0',
        'http_requests_total{path="/upload",status="401"} 1.0',
    ]
    seconds, output = service.stop()
    assert seconds < 3
    assert service.process.returncode in (0, -signal.SIGTERM)
    assert all(LINE.fullmatch(line) for line in output.splitlines())
    assert '"POST /upload HTTP/1.1" 200' in output
    assert '"POST /upload HTTP/1.1" 401' in output
    assert not any(path in output for path in ("/health", "/metrics"))
    assert not any(part in output for part in token.split("."))


def test_stalled_upload_does_not_hold_up_the_end(service: Service, issuer: Issuer):
    body, headers = form(bytes(MIB))
    headers |= {"Authorization": f"Bearer {issuer.token()}", "Content-Length": str(len(body))}
    with service.connection() as connection:
        connection.putrequest("POST", "/upload")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body[:1000])
        time.sleep(0.5)
        seconds, output = service.stop()
        answer = connection.getresponse()
        assert answer.status == 503
        assert b'"stopping"' in answer.read()
    assert 4 < seconds < 8
    assert all(LINE.fullmatch(line) for line in output.splitlines())


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("kind", "status"), [("stranger", 401), ("known", 413)])
def test_50_mib_are_refused_early(service: Service, issuer: Issuer, declared, kind, status):
    """A caller who looks for an answer while it sends has one long before it sent everything."""
    body, headers = form(bytes(50 * MIB))
    if kind == "known":
        headers["Authorization"] = f"Bearer {issuer.token()}"
    headers |= {"Content-Length": str(len(body))} if declared else {"Transfer-Encoding": "chunked"}
    sent = 0
    with service.connection() as connection:
        connection.putrequest("POST", "/upload")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        for start in range(0, len(body), MIB):
            if select.select([connection.sock], [], [], 0.1)[0]:
                break
            piece = body[start : start + MIB]
            connection.send(piece if declared else b"%x\r\n%b\r\n" % (len(piece), piece))
            sent += len(piece)
        answer = http.client.HTTPResponse(connection.sock)
        answer.begin()
        assert answer.status == status
        assert answer.headers["Connection"] == "close"
    assert sent < len(body) / 2


def test_refusal_arrives_at_a_caller_who_sends_everything_first(service: Service):
    body, headers = form(bytes(50 * MIB))
    for _ in range(10):
        with service.connection() as connection:
            connection.request("POST", "/upload", body, headers)
            assert connection.getresponse().status == 401


def test_connection_is_kept_after_a_refusal_of_what_was_read(service: Service, issuer: Issuer):
    body, headers = form(b"not a picture")
    headers["Authorization"] = f"Bearer {issuer.token()}"
    with service.connection() as connection:
        for _ in range(2):
            connection.request("POST", "/upload", body, headers)
            socket_used = connection.sock
            answer = connection.getresponse()
            assert answer.status == 415
            assert answer.read()
            assert connection.sock is socket_used
