"""The one shape of every error answer: ``{"error": code, "message": text}``."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class ApiError(Exception):
    """A refusal to tell the caller: a status, a code for programs and a message for people."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


def _answer(status: int, code: str, message: str, headers: dict[str, str]) -> JSONResponse:
    return JSONResponse({"error": code, "message": message}, status, headers)


def _refusal(_: Request, error: ApiError) -> JSONResponse:
    return _answer(error.status, error.code, str(error), error.headers)


def _routing(_: Request, error: HTTPException) -> JSONResponse:
    """Answer what the framework itself refuses, such as an unknown path or method."""
    status = HTTPStatus(error.status_code)
    return _answer(status, status.name.lower(), status.description, dict(error.headers or {}))


def _fault(_: Request, __: Exception) -> JSONResponse:
    """Answer a fault of the service; the server logs its traceback."""
    return _answer(500, "internal_error", "The service failed to answer.", {})


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of the application an answer of the one shape."""
    app.add_exception_handler(ApiError, _refusal)
    app.add_exception_handler(HTTPException, _routing)
    app.add_exception_handler(Exception, _fault)
