"""Reads the one picture of a multipart upload, in bounded memory and time, never onto disk."""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from production.api.errors import ApiError

FIELD = "file"
MAX_BODY = 5 * 1024 * 1024
MAX_OTHER_FIELDS = 8
TIMEOUT = 30


class _FormParser(MultiPartParser):
    """Starlette's parser, for one file in a body that is bounded, held in memory, and complete.

    The body may hold no more than the limit, whatever length it declared, if any. Starlette takes
    a form that breaks off for one without its last part; this refuses it.
    """

    spool_max_size = MAX_BODY

    def __init__(self, request: Request) -> None:
        body = self._bounded(request.stream())
        super().__init__(request.headers, body, max_files=1, max_fields=MAX_OTHER_FIELDS)
        self._complete = False

    def on_end(self) -> None:
        """Note that the closing boundary was met."""
        self._complete = True

    async def _bounded(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        received = 0
        async for chunk in stream:
            received += len(chunk)
            if received > MAX_BODY:
                raise _too_large()
            yield chunk
        if not self._complete:
            raise MultiPartException("it ends before its closing boundary")


async def check_headers(request: Request) -> None:
    """Refuse, as a dependency, a request whose headers already tell that its body will not do."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise ApiError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the request's content type must be multipart/form-data",
        )
    if length_of(request) > MAX_BODY:
        raise _too_large()


def length_of(request: Request) -> int:
    """Return the length that a body declares, or the most that a body may have.

    As in HTTP/1.1, a length beside a transfer encoding means nothing.
    """
    if "transfer-encoding" in request.headers:
        return MAX_BODY
    return int(request.headers.get("content-length", MAX_BODY))


async def read_upload(request: Request) -> bytes:
    """Return the content of the form's file, or raise an :class:`ApiError` with a 4xx status."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _read_file(request)
    except MultiPartException as error:
        raise _bad_form(f"the form cannot be read: {error.message}") from error
    except ClientDisconnect as error:
        raise _bad_form("the connection ended before the form") from error
    except TimeoutError as error:
        raise ApiError(
            HTTPStatus.REQUEST_TIMEOUT,
            "upload_too_slow",
            f"the upload took longer than {TIMEOUT} seconds",
        ) from error


async def _read_file(request: Request) -> bytes:
    form = await _FormParser(request).parse()
    try:
        file = form.get(FIELD)
        if not isinstance(file, UploadFile):
            raise ApiError(
                HTTPStatus.BAD_REQUEST, "missing_file", f"the form has no file in its field {FIELD}"
            )
        data = await file.read()
    finally:
        await form.close()
    if not data:
        raise ApiError(HTTPStatus.BAD_REQUEST, "empty_file", "the file is empty")
    return data


def _too_large() -> ApiError:
    return ApiError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "upload_too_large",
        f"an upload may have at most {MAX_BODY // 1024**2} MiB",
    )


def _bad_form(message: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, "malformed_form", message)
