"""Bounds the connections: how many there are at once, and how long they wait for their callers."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 512
PATIENCE = 10


class BoundedConnection(H11Protocol):
    """A connection that ends when its caller is awaited for longer than :data:`PATIENCE` seconds.

    A caller is awaited for the rest of a request's headers, however they trickle in, and, once its
    answer has begun, for reading that and for what it still sends. The time of a body that is read
    is bounded by its reader. Of more connections than :data:`MAX_CONNECTIONS`, the one that has
    waited longest for its caller ends.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Await the first request, and make room for this connection."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > MAX_CONNECTIONS:
            waiting = [each for each in self.connections if each._deadline]
            min(waiting, key=lambda each: each._deadline.when())._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline, which would keep what the connection holds in memory."""
        super().connection_lost(exc)
        self._forget()

    def handle_events(self) -> None:
        """Begin the requests that have arrived."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """Await the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Await that the caller reads its answer."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Go on with the next request, if there is one."""
        super().resume_writing()
        self._watch()

    def _watch(self) -> None:
        """Set a deadline when it becomes the caller's turn, and forget it when it no longer is."""
        serving = self.cycle is not None and not self.cycle.response_started
        if serving and not self.flow.write_paused:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self._end)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self) -> None:
        """End the connection at once: a caller that does not read would hold up a polite end."""
        self._forget()
        self.transport.abort()
