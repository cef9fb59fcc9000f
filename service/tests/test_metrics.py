"""What Prometheus reads: each metric, its labels, and what must never be among them."""

import asyncio
import threading
from types import SimpleNamespace

import httpx2
import pytest
from conftest import EXAMPLES
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from extraction import extract
from production.api import metrics as module
from production.api.application import create_app


class Scrape:
    """The samples of one scrape, read as Prometheus reads them."""

    def __init__(self, client: TestClient) -> None:
        self.answer = client.get("/metrics", headers={"Authorization": ""})
        self.families = list(text_string_to_metric_families(self.answer.text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def by_labels(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the values of a metric by the values of its labels, in their names' order."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for sample in self.samples
            if sample.name == name
        }

    @property
    def requests(self) -> dict[tuple[str, ...], float]:
        """By path and status."""
        return self.by_labels("http_requests_total")

    @property
    def predictions(self) -> dict[tuple[str, ...], float]:
        """By class."""
        return self.by_labels("digits_predictions_total")


def test_scrape_needs_no_token(client, issuer):
    answer = Scrape(client).answer
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert issuer.paths == []


def test_scrape_waits_for_no_upload(settings, model, issuer, seven, monkeypatch):
    """With one upload at work, and others waiting, a scrape is answered."""
    decoding, scraped = asyncio.Event(), threading.Event()

    def decode(picture: bytes):
        loop.call_soon_threadsafe(decoding.set)
        assert scraped.wait(5)
        return extract(picture)

    monkeypatch.setattr("production.api.application.extract", decode)
    transport = httpx2.ASGITransport(create_app(settings, model))
    headers = {"Authorization": f"Bearer {issuer.token()}"}

    async def run() -> None:
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            uploads = [
                asyncio.create_task(client.post("/upload", files={"file": seven}, headers=headers))
                for _ in range(3)
            ]
            await decoding.wait()
            try:
                answer = await asyncio.wait_for(client.get("/metrics"), 5)
            finally:
                scraped.set()
            assert (answer.status_code, "/upload" in answer.text) == (200, False)
            assert {answer.status_code for answer in await asyncio.gather(*uploads)} == {200}

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        runner.run(run())


def test_types_and_descriptions(client):
    families = {family.name: family for family in Scrape(client).families}
    assert all(family.documentation for family in families.values())
    types = {name: f.type for name, f in families.items() if not name.startswith("process_")}
    assert types == {
        "http_requests": "counter",
        "http_request_duration_seconds": "histogram",
        "digits_predictions": "counter",
        "digits_model_info": "gauge",
    }
    assert {"process_resident_memory_bytes", "process_cpu_seconds"} <= families.keys()


def test_model(client, model):
    (sample,) = (s for s in Scrape(client).samples if s.name == "digits_model_info")
    assert sample.labels == {"name": "digits", "version": model.version}
    assert sample.value == 1


@pytest.mark.parametrize(
    ("method", "target", "path", "status"),
    [
        ("GET", "/health", "/health", "200"),
        ("GET", "/health?probe=1", "/health", "200"),
        ("POST", "/upload?access_token=secret", "/upload", "401"),
        ("GET", "/upload", "/upload", "405"),
        ("BREW", "/upload", "/upload", "405"),
        ("GET", "/docs", "/docs", "200"),
        ("GET", "/openapi.json", "/openapi.json", "200"),
        ("GET", "/", "other", "404"),
        ("GET", "/upload/", "other", "307"),
        ("GET", "/alice@example.com", "other", "404"),
    ],
)
def test_requests_by_path_and_status(client, method, target, path, status):
    client.follow_redirects = False
    for _ in range(2):
        client.request(method, target)
    scrape = Scrape(client)
    assert scrape.requests == {(path, status): 2}
    assert scrape.by_labels("http_request_duration_seconds_count") == {(path,): 2}


def test_scrapes_are_counted(client):
    assert Scrape(client).requests == {}
    assert Scrape(client).requests == {("/metrics", "200"): 1}


def test_fault_is_counted(settings, model, issuer, monkeypatch):
    def fail(_: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr("production.api.application.extract", fail)
    client = TestClient(create_app(settings, model), raise_server_exceptions=False)
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    client.post("/upload", files={"file": b"x"}, headers=headers)
    scrape = Scrape(client)
    assert scrape.requests == {("/upload", "500"): 1}
    assert set(scrape.predictions.values()) == {0}


def test_failure_after_the_answer_began_is_counted_once(settings, model):
    """The caller is gone while its answer is sent: that is one request, with the status sent."""
    app = create_app(settings, model)

    async def send(_):
        raise OSError

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "query_string": b"",
        "headers": [],
    }
    with pytest.raises(OSError):  # noqa: PT011
        asyncio.run(app(scope, None, send))
    assert Scrape(TestClient(app)).requests == {("/health", "200"): 1}


def test_predictions_by_class(authorized, model):
    expected = {(label,): 0 for label in model.classes}
    assert Scrape(authorized).predictions == expected
    for picture in sorted(EXAMPLES.glob("*.png")):
        label = authorized.post("/upload", files={"file": picture.read_bytes()}).json()["class"]
        expected[label,] += 1
        assert Scrape(authorized).predictions == expected
    assert set(expected.values()) == {1}


def test_refused_picture_is_no_prediction(authorized):
    authorized.post("/upload", files={"file": b"seven"})
    scrape = Scrape(authorized)
    assert scrape.requests == {("/upload", "415"): 1}
    assert set(scrape.predictions.values()) == {0}


def test_latency(settings, model, monkeypatch):
    """A request of 300 ms is in the buckets from 500 ms on; sending its answer is not timed."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "perf_counter", lambda: clock.now)

    async def app(_, __, send):
        clock.now += 0.3
        await send({"type": "http.response.start", "status": 200})
        clock.now += 60
        await send({"type": "http.response.body"})

    async def ignore(_):
        pass

    metrics = module.Metrics("digits", "1", "7")
    scope = {"type": "http", "path": "/upload"}
    asyncio.run(module.RequestMetrics(app, metrics, ["/upload"])(scope, None, ignore))
    samples = {
        (sample.name.removeprefix("http_request_duration_seconds_"), sample.labels.get("le")): (
            sample.value
        )
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if family.name == "http_request_duration_seconds"
    }
    assert samples["bucket", "0.25"] == 0
    assert samples["bucket", "0.5"] == samples["bucket", "+Inf"] == samples["count", None] == 1
    assert samples["sum", None] == pytest.approx(0.3)


def test_no_caller_makes_a_series_or_is_seen(authorized, issuer):
    """Paths, methods, headers and pictures of callers add no series, and appear in none."""

    def call(mark: str) -> Scrape:
        for target in (f"/{mark}", f"/upload/{mark}", f"/health?{mark}", f"/docs/{mark}"):
            authorized.request(mark, target)
            authorized.get(target, headers={"User-Agent": mark, "X-Forwarded-For": mark})
        for token in (mark, issuer.token(sub=mark)):
            authorized.post(
                "/upload",
                files={mark: (mark, mark.encode())},
                headers={"Authorization": f"Bearer {token}"},
            )
        return Scrape(authorized)

    def series(scrape: Scrape) -> set:
        return {(sample.name, *sorted(sample.labels.items())) for sample in scrape.samples}

    call("FIRST")
    before = call("SECOND")
    after = call("THIRD")
    assert series(after) == series(before)
    assert not any(mark in after.answer.text for mark in ("FIRST", "SECOND", "THIRD"))


def test_applications_count_for_themselves(settings, model):
    one, other = (TestClient(create_app(settings, model)) for _ in range(2))
    one.get("/health")
    assert Scrape(other).requests == {}
