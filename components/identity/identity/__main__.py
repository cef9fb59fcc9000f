"""Starts the server: ``python3 -m identity``."""

import logging
import os
import signal
import sys
from typing import NoReturn

from waitress import serve

from identity.keys import load_or_create_key
from identity.server import create_app
from identity.settings import SettingsError, load_settings

logger = logging.getLogger("identity")


def main() -> int:
    """Serve until told to stop; without the settings, say which are missing and fail."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stdout,
    )
    try:
        settings = load_settings()
        key = load_or_create_key(settings.key_path)
    except SettingsError as error:
        logger.critical(error)
        return os.EX_CONFIG
    except OSError as error:
        logger.critical("the signing key cannot be kept: %s", error)
        return os.EX_CONFIG
    signal.signal(signal.SIGTERM, _stop)
    logger.warning("for a local stack only: whoever may use the Docker engine gets tokens")
    logger.info(
        "issuer %s, default audience %s, key %s", settings.issuer, settings.audience, key.kid
    )
    serve(create_app(settings, key), host="0.0.0.0", port=settings.port, ident=None)
    return os.EX_OK


def _stop(*_: object) -> NoReturn:
    """Leave the server's loop; as process 1, it would otherwise not be ended by the signal."""
    raise SystemExit(os.EX_OK)


if __name__ == "__main__":
    sys.exit(main())
