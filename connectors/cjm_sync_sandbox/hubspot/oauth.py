"""OAuth apps: a refresh token buys access tokens that live half an hour of the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import NAMESPACE_URL, uuid5

from cjm_sync_sandbox.hubspot.view import Call, PortalView
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError

LIFETIME_SECONDS = 1800
_APP_ID = 113
_USER_ID = 61_200_340


class OAuth:
    """The one app that is installed in the portal, and the access tokens it was given.

    `refresh_token` None means that the app was uninstalled; `expire` ends the tokens given so far
    before their time.
    """

    def __init__(self, view: PortalView) -> None:
        self._view = view
        self.client_id = "sandbox-client"
        self.client_secret = "sandbox-secret"  # noqa: S105 - the well-known secret of a stand-in
        self.refresh_token: str | None = "sandbox-refresh"  # noqa: S105 - likewise
        self._expiry: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new access token."""
        token = f"CO-{uuid5(NAMESPACE_URL, f'hubspot-sandbox:token:{len(self._expiry)}')}"
        self._expiry[token] = self._now() + LIFETIME_SECONDS
        return token

    def expire(self) -> None:
        """Let every access token be out of date from now on."""
        self._expiry = {token: min(until, self._now()) for token, until in self._expiry.items()}

    def seconds_left(self, token: str) -> float | None:
        """Return how long *token* is good for, negative when it was; None for a strange one."""
        until = self._expiry.get(token)
        return None if until is None else until - self._now()

    def _now(self) -> float:
        return self._view.clock.now().timestamp()

    def admits(self, token: str) -> bool:
        """Say whether *token* is one of ours and good; 401 for one that is out of date."""
        left = self.seconds_left(token)
        if left is not None and left <= 0:
            ago = timedelta(seconds=int(-left)).seconds
            raise ApiError(
                401,
                {
                    "message": "The OAuth token used to make this call expired "
                    f"{ago} second(s) ago.",
                    "category": "EXPIRED_AUTHENTICATION",
                },
            )
        return left is not None

    # The endpoints; none of them asks for an Authorization header.

    def token(self, call: Call) -> Answer:
        """`POST /oauth/…/token`: form-encoded; `grant_type=refresh_token` is what is served."""
        form = _form(call)
        self._check_client(form)
        if form.get("grant_type") != "refresh_token":
            raise _oauth_error(
                "unsupported_grant_type", "BAD_GRANT_TYPE", "grant_type must be refresh_token"
            )
        if self.refresh_token is None or form.get("refresh_token") != self.refresh_token:
            raise _oauth_error(
                "invalid_grant", "BAD_REFRESH_TOKEN", "missing or unknown refresh token"
            )
        body = {
            "token_type": "bearer",
            "access_token": self.issue(),
            "refresh_token": self.refresh_token,
            "expires_in": LIFETIME_SECONDS,
        }
        if call.version != "v1":
            body |= {
                "hub_id": self._view.account["portalId"],
                "scopes": self._scopes(),
                "token_use": "access_token",
                "user_id": _USER_ID,
            }
        return Answer.json(body)

    def introspect(self, call: Call) -> Answer:
        """`POST /oauth/…/token/introspect`."""
        form = _form(call)
        self._check_client(form)
        token = form.get("token", "")
        left = self.seconds_left(token)
        if token == self.refresh_token:
            return Answer.json(self._described(token, "refresh_token") | {"active": True})
        if left is None or left <= 0:
            return Answer.json({"active": False})
        return Answer.json(
            self._described(token, "access_token") | {"active": True, "expires_in": int(left)}
        )

    def access_token_v1(self, call: Call) -> Answer:
        """`GET /oauth/v1/access-tokens/{token}`."""
        token = call.arguments["id"]
        left = self.seconds_left(token)
        if left is None or left <= 0:
            raise ApiError.not_found("invalid token")
        return Answer.json(
            {
                "token": token,
                "user": "sandbox@example.com",
                "hub_domain": "example.com",
                "scopes": self._scopes(),
                "hub_id": self._view.account["portalId"],
                "app_id": _APP_ID,
                "expires_in": int(left),
                "user_id": _USER_ID,
                "token_type": "access",
            }
        )

    def refresh_token_v1(self, call: Call) -> Answer:
        """`GET /oauth/v1/refresh-tokens/{token}`."""
        if call.arguments["id"] != self.refresh_token:
            raise ApiError.not_found("invalid token")
        return Answer.json(
            {
                "token": self.refresh_token,
                "user": "sandbox@example.com",
                "hub_domain": "example.com",
                "scopes": self._scopes(),
                "hub_id": self._view.account["portalId"],
                "client_id": self.client_id,
                "user_id": _USER_ID,
                "token_type": "refresh",
            }
        )

    def _described(self, token: str, use: str) -> dict[str, Any]:
        return {
            "token": token,
            "token_type": "bearer",
            "token_use": use,
            "app_id": _APP_ID,
            "client_id": self.client_id,
            "hub_id": self._view.account["portalId"],
            "is_private_distribution": True,
            "scopes": self._scopes(),
            "user_id": _USER_ID,
        }

    def _scopes(self) -> list[str]:
        return sorted(self._view.granted() or {"oauth"})

    def _check_client(self, form: dict[str, str]) -> None:
        if form.get("client_id") != self.client_id:
            raise _oauth_error("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
        if form.get("client_secret") != self.client_secret:
            raise _oauth_error(
                "invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"
            )


def _form(call: Call) -> dict[str, str]:
    kind = call.request.headers.get("content-type", "")
    if not kind.lower().startswith("application/x-www-form-urlencoded"):
        raise ApiError(415, {"message": "HTTP 415 Unsupported Media Type"})
    return {name: values[-1] for name, values in parse_qs(call.request.body.decode()).items()}


def _oauth_error(error: str, status: str, message: str) -> ApiError:
    return ApiError(
        400,
        {"error": error, "error_description": message, "status": status, "message": message},
    )
