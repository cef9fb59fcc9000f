"""Bounds the bodies that are held at once, so that no number of uploads fills the memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from production.api.errors import ApiError

MAX_HELD = 64 * 1024 * 1024
RETRY_AFTER = 5


class Admission:
    """Admits uploads while the lengths of all that are admitted stay below a limit in bytes."""

    def __init__(self, limit: int = MAX_HELD) -> None:
        self._free = limit

    @contextmanager
    def admit(self, length: int) -> Iterator[None]:
        """Reserve room for a body until its answer is known, or refuse it before it is read."""
        if length > self._free:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "the service is busy with other uploads: try again later",
                {"Retry-After": str(RETRY_AFTER)},
            )
        self._free -= length
        try:
            yield
        finally:
            self._free += length
