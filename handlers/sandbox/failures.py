"""The pending failures of a sandbox's operations."""

from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock


class FailureKind(StrEnum):
    """`SandboxFailure.kind` of the contract, which describes the kinds."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    SLOW = "slow"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How the next ``count`` requests of an operation fail. ``seconds`` is a whole number."""

    operation_id: str
    kind: FailureKind
    count: int = 1
    seconds: int = 1


class Failures:
    """Pending failures, in the order in which they were added. Thread-safe."""

    def __init__(self) -> None:
        self._pending: list[Failure] = []
        self._lock = Lock()

    def add(self, failure: Failure) -> None:
        """Queue the failure behind the pending ones of its operation."""
        with self._lock:
            self._pending.append(failure)

    def take(self, operation_id: str) -> Failure | None:
        """Return how this request of the operation fails, and count it; None if it does not."""
        with self._lock:
            for at, failure in enumerate(self._pending):
                if failure.operation_id == operation_id:
                    rest = [replace(failure, count=failure.count - 1)] if failure.count > 1 else []
                    self._pending[at : at + 1] = rest
                    return failure
        return None

    def pending(self) -> list[Failure]:
        """Return the pending failures, with their remaining counts."""
        with self._lock:
            return list(self._pending)

    def clear(self) -> None:
        """Remove all failures."""
        with self._lock:
            self._pending.clear()
