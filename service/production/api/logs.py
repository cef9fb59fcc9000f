"""Logs: one line format on standard output for the service, its server and their warnings."""

import logging
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging() -> None:
    """Send every logger's records to standard output in the one format."""
    logging.basicConfig(level=logging.INFO, format=FORMAT, stream=sys.stdout)
    logging.captureWarnings(True)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # tells of each malformed form
    logging.getLogger("uvicorn.access").addFilter(access_log_filter)


def access_log_filter(record: logging.LogRecord) -> bool:
    """Drop the query from an access log line, as it may hold a token.

    Of the requests that machines repeat, health checks and scrapes, only failures are logged.
    """
    client, method, target, http_version, status = record.args
    path = target.partition("?")[0]
    record.args = (client, method, path, http_version, status)
    return path not in ("/health", "/metrics") or status != 200
