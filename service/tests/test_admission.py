"""What is held in memory at once, and who is turned away for it."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from conftest import run, until

from extraction import BrokenPicture
from production.api import admission
from production.api.application import create_app
from production.api.errors import ApiError
from production.api.uploads import MAX_BODY

MIB = 1024 * 1024
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
PLACES = admission.MAX_HELD // MAX_BODY
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.fixture(autouse=True)
def _no_lingering(monkeypatch):
    """Let an answer arrive although the body that it refuses is not sent before its release."""
    monkeypatch.setattr("production.api.connections.LINGER", 0)


class Uploads:
    """Uploads to an application that sees their bodies only when they are released."""

    def __init__(self, app: Any, token: str) -> None:
        transport = httpx2.ASGITransport(app)
        headers = FORM | {"Authorization": f"Bearer {token}"}
        self._client = httpx2.AsyncClient(
            transport=transport, base_url="http://test", headers=headers
        )
        self._released = asyncio.Event()
        self.reading = 0

    def start(self, picture: bytes, **headers: str) -> asyncio.Task[httpx2.Response]:
        """Send an upload of an unknown length, or of the length that the headers declare."""

        async def body() -> AsyncIterator[bytes]:
            self.reading += 1
            await self._released.wait()
            yield HEAD + picture + b"\r\n--x--\r\n"

        return asyncio.create_task(self._client.post("/upload", content=body(), headers=headers))

    def release(self) -> None:
        self._released.set()


def assert_busy(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["error"]) == (503, "busy")
    assert answer.headers["Retry-After"] == str(admission.RETRY_AFTER)


@pytest.mark.parametrize("declared", [{}, {"Content-Length": str(MAX_BODY)}])
def test_no_more_is_held_than_there_is_room(settings, model, issuer, seven, declared):
    """Who comes beyond is told so, unread; nobody who was accepted is lost; then there is room."""

    async def test() -> None:
        uploads = Uploads(create_app(settings, model), issuer.token())
        accepted = [uploads.start(seven, **declared) for _ in range(PLACES)]
        await until(lambda: uploads.reading == PLACES)
        for refused in [uploads.start(seven, **declared) for _ in range(20)]:
            assert_busy(await refused)
        assert not any(upload.done() for upload in accepted)
        uploads.release()
        assert {answer.status_code for answer in await asyncio.gather(*accepted)} == {200}
        assert (await uploads.start(seven, **declared)).status_code == 200

    run(test())


def test_small_uploads_take_little_room(settings, model, issuer, seven):
    async def test() -> None:
        uploads = Uploads(create_app(settings, model), issuer.token())
        length = {"Content-Length": str(len(seven) + 100)}
        accepted = [uploads.start(seven, **length) for _ in range(20 * PLACES)]
        await until(lambda: uploads.reading == len(accepted))
        uploads.release()
        assert {answer.status_code for answer in await asyncio.gather(*accepted)} == {200}

    run(test())


def test_length_beside_a_transfer_encoding_is_not_believed(settings, model, issuer, seven):
    async def test() -> None:
        uploads = Uploads(create_app(settings, model), issuer.token())
        lie = {"Transfer-Encoding": "chunked", "Content-Length": "1"}
        accepted = [uploads.start(seven, **lie) for _ in range(PLACES)]
        await until(lambda: uploads.reading == PLACES)
        assert_busy(await uploads.start(seven, **lie))
        uploads.release()
        await asyncio.gather(*accepted)

    run(test())


@pytest.mark.parametrize("picture", [b"", b"not a picture", bytes(6 * MIB)])
def test_refused_upload_leaves_its_room(settings, model, issuer, picture):
    async def test() -> None:
        uploads = Uploads(create_app(settings, model), issuer.token())
        uploads.release()
        for _ in range(3 * PLACES):
            assert 400 <= (await uploads.start(picture)).status_code < 500

    run(test())


def test_caller_that_leaves_leaves_its_room(settings, model, issuer, seven):
    async def test() -> None:
        uploads = Uploads(create_app(settings, model), issuer.token())
        leaving = [uploads.start(seven) for _ in range(PLACES)]
        await until(lambda: uploads.reading == PLACES)
        for upload in leaving:
            upload.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        uploads.release()
        assert (await uploads.start(seven)).status_code == 200

    run(test())


def test_fault_leaves_its_room():
    held = admission.Admission(1)
    for _ in range(2):
        with suppress(RuntimeError), held.admit(1):
            raise RuntimeError
    with held.admit(1), pytest.raises(ApiError), held.admit(1):
        pytest.fail("it has no room")


def test_refused_picture_is_not_kept(authorized, monkeypatch):
    """What the refusal of a picture held is freed with its answer, not by a later collection."""

    class Decoded:
        pass

    pictures = []

    def refuse(_: bytes) -> None:
        picture = Decoded()
        pictures.append(weakref.ref(picture))
        raise BrokenPicture("broken")

    monkeypatch.setattr("production.api.application.extract", refuse)
    gc.disable()
    try:
        assert authorized.post("/upload", files={"file": b"x"}).status_code == 422
        assert [picture() for picture in pictures] == [None]
    finally:
        gc.enable()
