"""What a rule can answer instead of a result.

Every refusal carries an English message (the key of its translation), a stable machine-readable
code, and, where one field is to blame, that field's name. The edge turns the class into a status.
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A rule said no.

    ``message`` is English text with ``%(name)s`` places filled from ``params`` after translation;
    it never contains what the caller sent.
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
    """Absent, or somebody else's: the two are never told apart."""

    message = "Not found."
    code = "not_found"


class InvalidPage(NotFound):
    """A page number below one or past the end."""

    message = "Invalid page."
    code = "invalid_page"


class InvalidInput(Refusal):
    """A value that fits no rule of its field."""

    message = "Invalid input."
    code = "invalid"


class FieldErrors(InvalidInput):
    """Several fields that do not fit, found in one step.

    ``errors`` has a refusal for each field; that of an object or a list may be FieldErrors again,
    of its own fields or its indices. As a whole it speaks like the first of them.
    """

    def __init__(self, errors: Mapping[str, Refusal]) -> None:
        first = next(iter(errors.values()))
        super().__init__(first.message, code=first.code, params=first.params)
        self.errors = errors


class RowErrors(Refusal):
    """What is wrong with the rows of a bulk, by index; each is a FieldErrors or a RuleBroken."""

    code = "invalid_rows"

    def __init__(self, errors: Mapping[int, Refusal]) -> None:
        super().__init__()
        self.errors = errors

    @property
    def is_invalid_input(self) -> bool:
        """Whether any row has a value that fits no rule of its field."""
        return any(isinstance(refusal, InvalidInput) for refusal in self.errors.values())


class RuleBroken(Refusal):
    """What is asked is well said, and things do not stand so that it can be done."""

    message = "The current state does not allow this."
    code = "rule_broken"


class Conflict(Refusal):
    """Somebody else came first; ``retry_after``, where trying again helps, is in whole seconds."""

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
    """What was there has run out."""

    message = "This is no longer available."
    code = "gone"


class KeyReused(Refusal):
    """An idempotency key came again with another request."""

    message = "This Idempotency-Key belongs to another request."
    code = "idempotency_key_reused"


class LoginFailed(InvalidInput):
    """Unknown e-mail, wrong password or inactive account: one answer for all three."""

    message = "Unable to log in with the provided credentials."
    code = "login_failed"


class NotAuthenticated(Refusal):
    """The operation needs a session, and none that is valid came with the request."""

    message = "Authentication credentials were not provided."
    code = "not_authenticated"


class Forbidden(Refusal):
    """The caller is known, and may not."""

    message = "You do not have permission to perform this action."
    code = "forbidden"


class TooManyAttempts(Refusal):
    """A limit on attempts is used up; ``retry_after`` is in whole seconds, at least one."""

    message = "Too many attempts. Try again later."
    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = max(1, retry_after)


class Unavailable(Refusal):
    """The database cannot be had just now; ``retry_after`` is in whole seconds."""

    message = "The service is temporarily unavailable."
    code = "unavailable"
    retry_after = 1
