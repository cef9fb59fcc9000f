"""Starts the service: checks its settings, loads its model, serves its API."""

import logging
import os
import sys

import uvicorn

from inference import Model, ModelError
from production.api.application import create_app
from production.api.logs import configure_logging
from production.api.server import BoundedConnection
from production.api.settings import SettingsError, load_settings

GRACE = 5

logger = logging.getLogger("boot")


def main() -> int:
    """Serve until told to stop; with settings or a model that will not do, say so and fail."""
    configure_logging()
    try:
        settings = load_settings()
        model = Model(settings.model_path)
    except SettingsError as error:
        for problem in error.problems:
            logger.critical(problem)
        return os.EX_CONFIG
    except ModelError as error:
        logger.critical(error)
        return os.EX_CONFIG
    logger.info("service %s, model %s %s", settings.service_version, model.name, model.version)
    uvicorn.run(
        create_app(settings, model),
        host="0.0.0.0",
        port=settings.port,
        http=BoundedConnection,
        ws="none",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
