"""Prints a fresh access token: ``python3 -m identity.token [AUDIENCE]``.

The token comes from the server that runs here, by the same request that any client makes.
"""

import base64
import json
import os
import sys
from urllib.error import URLError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener


def fetch_token(audience: str | None = None) -> str:
    """Ask the server for a token, with the client's credentials from the environment."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '9000')}/token"
    names = ("CLIENT_ID", "CLIENT_SECRET")
    credentials = ":".join(quote(os.environ[name], safe="") for name in names)
    form = {"grant_type": "client_credentials"} | ({"audience": audience} if audience else {})
    authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    request = Request(url, urlencode(form).encode(), {"Authorization": authorization})
    with build_opener(ProxyHandler({})).open(request, timeout=5) as response:
        return json.load(response)["access_token"]


def main() -> None:
    """Run the command line."""
    try:
        print(fetch_token(*sys.argv[1:2]))
    except URLError as error:
        sys.exit(f"no token: {error}")


if __name__ == "__main__":
    main()
