"""Errors that services raise.

Every refusal has an English message (the key of its translation), a stable code, and the field if
the error is about one. Handlers map the class to an HTTP status.
"""

from collections.abc import Mapping


class Refusal(Exception):
    """The base class of all errors that a rule raises.

    ``message`` is English text with ``%(name)s`` placeholders, which ``params`` fill after
    translation; it never contains input of the caller.
    """

    message = "The request was refused."
    code = "refused"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        field: str | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.field = field
        self.params = params or {}
        super().__init__(self.message)


class NotFound(Refusal):
    """The object does not exist or belongs to another user; the error does not say which."""

    message = "Not found."
    code = "not_found"


class InvalidPage(NotFound):
    """A page number below one or past the end."""

    message = "Invalid page."
    code = "invalid_page"


class InvalidInput(Refusal):
    """A value that breaks a rule of its field."""

    message = "Invalid input."
    code = "invalid"


class FieldErrors(InvalidInput):
    """Several invalid fields.

    ``errors`` has a refusal for each field; for an object or a list it may be FieldErrors again, by
    its fields or indices. Message and code are those of the first.
    """

    def __init__(self, errors: Mapping[str, Refusal]) -> None:
        first = next(iter(errors.values()))
        super().__init__(first.message, code=first.code, params=first.params)
        self.errors = errors


class RowErrors(Refusal):
    """The errors of a bulk's rows, by index: a FieldErrors or a RuleBroken for a row."""

    code = "invalid_rows"

    def __init__(self, errors: Mapping[int, Refusal]) -> None:
        super().__init__()
        self.errors = errors

    @property
    def is_invalid_input(self) -> bool:
        """Whether any row has an invalid value."""
        return any(isinstance(refusal, InvalidInput) for refusal in self.errors.values())


class RuleBroken(Refusal):
    """The request is valid, but the current state does not allow it."""

    message = "The current state does not allow this."
    code = "rule_broken"


class Conflict(Refusal):
    """Another change came first; ``retry_after`` is in whole seconds, None if no retry helps."""

    message = "This conflicts with what has happened meanwhile."
    code = "conflict"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        params: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, code=code, params=params)
        self.retry_after = retry_after


class Gone(Refusal):
    """The object has expired."""

    message = "This is no longer available."
    code = "gone"


class KeyReused(Refusal):
    """An idempotency key was used with another request before."""

    message = "This Idempotency-Key belongs to another request."
    code = "idempotency_key_reused"


class LoginFailed(InvalidInput):
    """Unknown e-mail, wrong password or inactive account; the error does not say which."""

    message = "Unable to log in with the provided credentials."
    code = "login_failed"


class NotAuthenticated(Refusal):
    """The operation needs credentials, and the request has no valid ones."""

    message = "Authentication credentials were not provided."
    code = "not_authenticated"


class Forbidden(Refusal):
    """The caller is authenticated but lacks the permission."""

    message = "You do not have permission to perform this action."
    code = "forbidden"


class TooManyAttempts(Refusal):
    """A limit on attempts is reached; ``retry_after`` is in whole seconds, at least one."""

    message = "Too many attempts. Try again later."
    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = max(1, retry_after)


class Unavailable(Refusal):
    """The database is temporarily unavailable; ``retry_after`` is in whole seconds.

    ``cause`` names what is unavailable, for metrics; the response does not show it.
    """

    message = "The service is temporarily unavailable."
    code = "unavailable"
    cause = "database"
    retry_after = 1
