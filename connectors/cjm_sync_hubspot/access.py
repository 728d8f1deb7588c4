"""What opens a portal: a token that stays, or an app's grant that buys one every half an hour."""

from __future__ import annotations

import threading
from collections.abc import Generator

import httpx
from pydantic import SecretStr

from cjm_sync.ports import Clock
from cjm_sync_hubspot.errors import failed_grant

TOKEN_PATH = "/oauth/2026-09/token"  # noqa: S105 - where tokens are had
MARGIN_SECONDS = 60.0
"""An access token this near its end may be over when the request arrives."""

_UNAUTHORIZED = 401


class Grant(httpx.Auth):
    """Access of an OAuth app, for any number of threads.

    An access token is bought with the refresh token when there is none, kept for as long as
    HubSpot said it is good, and bought once more when HubSpot refuses it all the same.
    """

    requires_response_body = True

    def __init__(
        self,
        *,
        base_url: str,
        clock: Clock,
        client_id: str,
        client_secret: SecretStr,
        refresh_token: SecretStr,
    ) -> None:
        self._address, self._clock = base_url + TOKEN_PATH, clock
        self._client_id, self._secret, self._refresh = client_id, client_secret, refresh_token
        self._lock = threading.Lock()
        self._token: str | None = None
        self._good_until = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send *request* with a good token; raises ConfigError when there is none to be had."""
        token = yield from self._bought(None)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            token = yield from self._bought(token)
            request.headers["Authorization"] = f"Bearer {token}"
            yield request

    def _bought(self, refused: str | None) -> Generator[httpx.Request, httpx.Response, str]:
        """Return a token other than *refused*; one worker buys it for all that wait."""
        with self._lock:
            if (
                self._token is None
                or self._token == refused
                or self._clock.monotonic() >= self._good_until
            ):
                self._token = None
                asked_at = self._clock.monotonic()
                form = {
                    "grant_type": "refresh_token",
                    "client_id": self._client_id,
                    "client_secret": self._secret.get_secret_value(),
                    "refresh_token": self._refresh.get_secret_value(),
                }
                response = yield httpx.Request("POST", self._address, data=form)
                self._token, seconds = _read(response)
                self._good_until = asked_at + seconds - MARGIN_SECONDS
            return self._token


def _read(response: httpx.Response) -> tuple[str, float]:
    """Return the access token and for how many seconds it is good."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, dict):
        token, seconds = body.get("access_token"), body.get("expires_in")
        if isinstance(token, str) and isinstance(seconds, int):
            return token, float(seconds)
    raise failed_grant(response)
