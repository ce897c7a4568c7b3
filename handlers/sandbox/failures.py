"""The failures that a sandbox's operations are yet to have."""

from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock


class FailureKind(StrEnum):
    """`SandboxFailure.kind` of the contract, which says what each does."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    SLOW = "slow"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How the next ``count`` requests of an operation fail; ``seconds`` are whole."""

    operation_id: str
    kind: FailureKind
    count: int = 1
    seconds: int = 1


class Failures:
    """Failures in the order in which they were added. May be shared by threads."""

    def __init__(self) -> None:
        self._left: list[Failure] = []
        self._lock = Lock()

    def add(self, failure: Failure) -> None:
        """Let it come after those of its operation that are left."""
        with self._lock:
            self._left.append(failure)

    def take(self, operation_id: str) -> Failure | None:
        """Return how this request of the operation fails, and count it; None: it does not."""
        with self._lock:
            for at, failure in enumerate(self._left):
                if failure.operation_id == operation_id:
                    rest = [replace(failure, count=failure.count - 1)] if failure.count > 1 else []
                    self._left[at : at + 1] = rest
                    return failure
        return None

    def left(self) -> list[Failure]:
        """Return those that are left, with the counts that are left."""
        with self._lock:
            return list(self._left)

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._left.clear()
