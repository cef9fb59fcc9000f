"""Connections of callers that have to be waited for, with the server of production."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from conftest import run, until

from production.api import server
from production.api.application import create_app

PATIENCE = 0.5
HEALTH = b"GET /health HTTP/1.1\r\nHost: digits\r\n\r\n"


class Caller:
    """A connection to the service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def repeat(self, data: bytes, pause: float = 0) -> None:
        """Send the same until the connection ends, which raises an error."""
        while True:
            await self.send(data)
            await asyncio.sleep(pause)

    async def answer(self) -> int:
        """Return the status of the next answer, once all of it has arrived."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split()[1]) for line in head.splitlines() if line.startswith(b"content-length")
        )
        await self._reader.readexactly(length)
        return int(head.split()[1])

    async def health(self) -> int:
        await self.send(HEALTH)
        return await self.answer()

    async def ended(self) -> None:
        """Wait until the service ends the connection."""
        with suppress(ConnectionError):
            await self._reader.read()

    def leave(self) -> None:
        self._writer.transport.abort()


class Service:
    """The service in this process, and its callers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.callers: list[Caller] = []

    async def call(self, data: bytes = b"") -> Caller:
        """Open a connection, and send something over it."""
        caller = Caller(*await asyncio.open_connection("127.0.0.1", self._port))
        self.callers.append(caller)
        await caller.send(data)
        return caller


@pytest.fixture
def serve(settings, model, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", PATIENCE)

    @asynccontextmanager
    async def serve() -> AsyncIterator[Service]:
        config = uvicorn.Config(
            create_app(settings, model),
            port=0,
            http=server.BoundedConnection,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        serving = uvicorn.Server(config)
        task = asyncio.create_task(serving.serve())
        await until(lambda: serving.started)
        service = Service(serving.servers[0].sockets[0].getsockname()[1])
        try:
            async with asyncio.timeout(20):
                yield service
        finally:
            for caller in service.callers:
                caller.leave()
            serving.should_exit = True
            await task

    return serve


@pytest.mark.parametrize(
    "sent", [b"", b"GET", HEALTH[:-2], HEALTH + HEALTH[:-2], b"POST /upload HTTP/1.1\r\nHost: "]
)
def test_half_a_request_is_ended(serve, sent):
    async def test() -> None:
        async with serve() as service:
            caller = await service.call(sent)
            begun = asyncio.get_running_loop().time()
            await caller.ended()
            assert asyncio.get_running_loop().time() - begun < 5 * PATIENCE
            assert await (await service.call()).health() == 200

    run(test())


def test_headers_that_trickle_are_ended(serve):
    async def test() -> None:
        async with serve() as service:
            caller = await service.call(HEALTH[:-2])
            with pytest.raises(ConnectionError):
                await caller.repeat(b"X-A: b\r\n", PATIENCE / 20)

    run(test())


def test_caller_that_does_not_read_is_ended(serve):
    async def test() -> None:
        async with serve() as service:
            caller = await service.call()
            with pytest.raises(ConnectionError):
                await caller.repeat(HEALTH.replace(b"health", b"openapi.json") * 100)

    run(test())


def test_body_that_takes_long_is_read(serve, issuer, seven):
    """The time of a body is the upload's own; and a connection is kept between requests."""

    async def test() -> None:
        async with serve() as service:
            caller = await service.call()
            head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            body = head + seven + b"\r\n--x--\r\n"
            for _ in range(2):
                await caller.send(
                    b"POST /upload HTTP/1.1\r\nHost: digits\r\nAuthorization: Bearer "
                    + issuer.token().encode()
                    + b"\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                    + b"Content-Length: %d\r\n\r\n" % len(body)
                )
                for start in range(0, len(body), len(body) // 10 + 1):
                    await asyncio.sleep(PATIENCE / 5)
                    await caller.send(body[start : start + len(body) // 10 + 1])
                assert await caller.answer() == 200

    run(test())


def test_there_is_always_room_for_a_caller_that_acts(serve, monkeypatch):
    """Of too many connections, those end that have waited longest for their callers."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 20)
    monkeypatch.setattr(server, "PATIENCE", 60)

    async def test() -> None:
        async with serve() as service:
            silent = [await service.call(HEALTH[:10]) for _ in range(20)]
            acting = await service.call()
            assert await acting.health() == 200
            await silent[0].ended()
            for _ in range(100):
                await service.call(HEALTH[:10])
                assert await acting.health() == 200

    run(test())
