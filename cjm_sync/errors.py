"""Everything that can go wrong, sorted by what the caller should do about it."""

from __future__ import annotations


class CjmSyncError(Exception):
    """Base of every error this program raises on purpose.

    The message says what happened to what; *hint* says what to do next, as a full sentence.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(CjmSyncError):
    """A person must edit something before any run can succeed."""

    exit_code = 2


class TransientError(CjmSyncError):
    """The same call may succeed later; *retry_after* is in seconds, if the remote said."""

    def __init__(
        self, message: str, *, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class OutcomeUnknownError(TransientError):
    """The call failed without an answer and may or may not have taken effect.

    *committed_id* is the id of the thing made, when the failing answer named it.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after: float | None = None,
        committed_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)
        self.committed_id = committed_id


class RejectedError(CjmSyncError):
    """The remote understood the call and said no; *code* and *status* are the remote's words."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status = status


class GoneError(RejectedError):
    """The remote said no because the thing is no longer there, or no longer shared."""


class KeptError(CjmSyncError):
    """A person put words of their own there; they stay, and nothing was written."""


class GuardTripped(CjmSyncError):  # noqa: N818 - a guard trips; it is not itself an error
    """The plan, or the place it would be written to, looks wrong; a person must look."""

    exit_code = 3


class BusyError(CjmSyncError):
    """Another run holds the lock."""

    exit_code = 4
