"""The signing key: made at start, kept in a file that only the server may read."""

import os
from pathlib import Path

from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
PARAMETERS = {"use": "sig", "alg": ALGORITHM}


def load_or_create_key(path: Path) -> RSAKey:
    """Return the key in a PEM file, made first, with mode 0600, if there is none.

    The key's id is its RFC 7638 thumbprint, so a new key has a new id.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = RSAKey.import_key(path.read_bytes(), PARAMETERS)
    else:
        key = RSAKey.generate_key(2048, PARAMETERS)
        with open(file, "wb") as pem:
            pem.write(key.as_pem(private=True))
    key.ensure_kid()
    return key
