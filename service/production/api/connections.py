"""Ends connections so that an answer given before the request's body was read still arrives."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER = 10


class LingeringClose:
    """Middleware that closes a connection slowly if a request's body was not read to its end.

    A socket that is closed while bytes wait in it resets its connection, and the reset can overtake
    the answer. So the answer is sent whole first, what the caller still sends is then thrown away,
    for a bounded time, and only then the connection is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope.get("headers", ()))
        unread = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"

        async def watch() -> Message:
            nonlocal unread
            message = await receive()
            unread = message.get("more_body", False)
            return message

        async def linger(message: Message) -> None:
            if unread and message["type"] == "http.response.start":
                await send(message | {"headers": [*message["headers"], (b"connection", b"close")]})
            elif not unread or message.get("more_body", False):
                await send(message)
            else:
                await send(message | {"more_body": True})
                with suppress(TimeoutError, asyncio.CancelledError):
                    async with asyncio.timeout(LINGER):
                        while unread:
                            await watch()
                await send({"type": "http.response.body"})

        await self._app(scope, watch, linger)
