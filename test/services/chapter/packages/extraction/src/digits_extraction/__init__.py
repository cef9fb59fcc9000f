"""Text out of what was uploaded."""


def extract(upload: bytes) -> str:
    return upload.decode(errors="replace")
