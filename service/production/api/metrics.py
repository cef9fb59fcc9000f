"""Metrics for Prometheus: requests, how long they take, and what the model answers.

They are held in the memory of the one process that serves, so nothing is written to disk. Label
values are routes, statuses and the model's classes alone: their number is bounded, and nothing that
a caller sends is among them.
"""

from collections.abc import Container, Iterable
from time import perf_counter

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
NO_ROUTE = "other"

# From a health check, which takes less than a millisecond, to the longest time of an upload.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# A time stamp beside every counter, which Prometheus does not need: half of all lines.
disable_created_metrics()


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self, name: str, version: str, classes: Iterable[str]) -> None:
        """Register the metrics for a model; the counts of its classes start at zero."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "http_requests",
            "Requests by route and status; path is 'other' where no route matches.",
            ["path", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's headers until its answer begins, by route.",
            ["path"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._predictions = Counter(
            "digits_predictions",
            "Pictures classified, by the class that the model saw.",
            ["class"],
            registry=self._registry,
        )
        for label in classes:
            self._predictions.labels(label)
        model = Info("digits_model", "The model in use.", registry=self._registry)
        model.info({"name": name, "version": version})

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count an answer to a request for a route."""
        self._requests.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)

    def count_prediction(self, label: str) -> None:
        """Count a picture that was classified."""
        self._predictions.labels(label).inc()

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format, of :data:`CONTENT_TYPE`."""
        return generate_latest(self._registry)


class RequestMetrics:
    """Middleware that counts each request when its answer begins, or when it fails without one."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Container[str]) -> None:
        """Count for an application with routes at these paths, which have no parameters."""
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self._paths else NO_ROUTE
        started = perf_counter()
        counted = False

        def count(status: int) -> None:
            nonlocal counted
            counted = True
            self._metrics.count_request(path, status, perf_counter() - started)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except BaseException:
            if not counted:  # the server answers with 500, outside of this middleware
                count(500)
            raise
