"""The ways in which the service says no, with the status, code and wording a client meets."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""A JSON object as it came over the wire or lies in the saved state."""

CONNECTION = "cjm-sync sandbox"


class ApiError(Exception):
    """An answer that refuses: turned into the error body of the API."""

    def __init__(
        self, status: int, code: str, message: str, additional: Json | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.additional = additional or {}


def refusal_of(error: ApiError) -> Json:
    """Return the body of the answer that *error* is."""
    body: Json = {
        "object": "error",
        "status": error.status,
        "code": error.code,
        "message": error.message,
    }
    if error.additional:
        body["additional_data"] = error.additional
    return body


def invalid(message: str) -> ApiError:
    """Say that the request breaks a rule: 400 `validation_error`."""
    return ApiError(400, "validation_error", message)


def restricted(message: str) -> ApiError:
    """Say that plan or capability forbids it: 403 `restricted_resource`."""
    return ApiError(403, "restricted_resource", message)


def gated(message: str, status: int) -> ApiError:
    """Say that the plan has no such thing: 403, or 400 where the workspace is set to that."""
    return restricted(message) if status == 403 else invalid(message)


def not_found(kind: str, wanted: str, connection_id: str) -> ApiError:
    """Say that *wanted* is gone or not shared; the service does not tell which."""
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {wanted}. Make sure the relevant pages and databases are"
        f' shared with your connection "{CONNECTION}".',
        {"integration_id": connection_id},
    )


def no_such_url() -> ApiError:
    """Say that there is no such endpoint."""
    return ApiError(400, "invalid_request_url", "Invalid request URL.")


def archived(*, by_ancestor: bool = False) -> ApiError:
    """Say that the target lies in the trash, itself or with what holds it."""
    if by_ancestor:
        return invalid(
            "Can't edit page on block with an archived ancestor. You must unarchive the ancestor"
            " before editing page."
        )
    return invalid(
        "Can't edit block that is archived. You must unarchive the block before editing."
    )
