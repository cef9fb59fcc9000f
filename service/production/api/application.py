"""The application: liveness for its operators, and digits recognised for its callers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from extraction import (
    BlankPicture,
    BrokenPicture,
    NotAPicture,
    PictureError,
    PictureTooLarge,
    extract,
)
from inference import Model, Prediction
from production.api.admission import Admission
from production.api.authentication import IssuerKeys, TokenVerifier
from production.api.connections import LingeringClose
from production.api.errors import ApiError, install_error_handlers
from production.api.metrics import CONTENT_TYPE, Metrics, RequestMetrics
from production.api.settings import Settings
from production.api.uploads import FIELD, check_headers, length_of, read_upload

# A large picture takes some 200 MiB while it is decoded.
MAX_DECODING = 1

LAST_ANSWERS = 0.1

_REFUSALS = {
    NotAPicture: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_a_picture"),
    PictureTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "picture_too_large"),
    BrokenPicture: (HTTPStatus.UNPROCESSABLE_ENTITY, "broken_picture"),
    BlankPicture: (HTTPStatus.UNPROCESSABLE_ENTITY, "blank_picture"),
}

_UPLOAD_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class ModelDescription(BaseModel):
    """The model in use, and its accuracy on the pictures held out from its training."""

    name: str
    version: str
    accuracy: float


class Health(BaseModel):
    """The answer of a service that is up."""

    status: str = "ok"
    version: str
    model: ModelDescription


class Classification(BaseModel):
    """The digit seen in a picture."""

    label: str = Field(serialization_alias="class", examples=["7"])
    confidence: float = Field(ge=0, le=1, examples=[0.98])
    model: str = Field(examples=["digits 1.0.0-0123456789ab"])


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    """On stopping, let requests that the server has just cancelled send their answers."""
    yield
    await asyncio.sleep(LAST_ANSWERS)


def create_app(settings: Settings, model: Model, keys: IssuerKeys | None = None) -> FastAPI:
    """Build the application; the issuer's keys are fetched from the settings' URL by default."""
    app = FastAPI(title="Digits", version=settings.service_version, lifespan=_lifespan)
    install_error_handlers(app)
    metrics = Metrics(model.name, model.version, model.classes)
    app.add_middleware(LingeringClose)
    authenticated = TokenVerifier(settings, keys or IssuerKeys(settings.jwks_url))
    admission = Admission()
    decoding = CapacityLimiter(MAX_DECODING)
    health = Health(
        version=settings.service_version,
        model=ModelDescription(name=model.name, version=model.version, accuracy=model.accuracy),
    )

    def classify(picture: bytes) -> Prediction | ApiError:
        """Return what is seen, or the refusal of the picture.

        Raised across threads, an error stays in memory until the next garbage collection, and with
        it the frames of its traceback: the upload, and the decoded picture.
        """
        try:
            return model.predict(extract(picture))
        except PictureError as error:
            return ApiError(*_REFUSALS[type(error)], str(error))

    @app.get("/health")
    async def get_health() -> Health:
        """Tell that the service is up, and what it runs."""
        return health

    @app.get("/metrics", response_class=PlainTextResponse)
    async def get_metrics() -> Response:
        """Tell Prometheus what has been served."""
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    @app.post(
        "/upload",
        dependencies=[Depends(authenticated), Depends(check_headers)],
        openapi_extra=_UPLOAD_FORM,
    )
    async def post_upload(request: Request) -> Classification:
        """Recognise the handwritten digit in a picture.

        The body is read here, not declared as a parameter: the framework reads declared bodies
        before it runs dependencies, so strangers could make the service read theirs.
        """
        try:
            with admission.admit(length_of(request)):
                prediction = await to_thread.run_sync(
                    classify, await read_upload(request), limiter=decoding
                )
        except asyncio.CancelledError as error:  # the server's grace for open requests is over
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE, "stopping", "the service is stopping"
            ) from error
        if isinstance(prediction, ApiError):
            raise prediction
        metrics.count_prediction(prediction.label)
        return Classification(
            label=prediction.label,
            confidence=round(prediction.confidence, 4),
            model=f"{model.name} {model.version}",
        )

    paths = {route.path for route in app.routes}
    app.add_middleware(RequestMetrics, metrics=metrics, paths=paths)
    return app
