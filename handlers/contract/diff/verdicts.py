"""Verdicts on keywords: whether the receiver accepts all values that the other side sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.contract.diff.inclusion import Unknown, Witness, counterexample, is_proven
from handlers.contract.diff.nodes import Node
from handlers.contract.diff.operands import Direction, Operand

NEITHER = "neither subtraction nor search found a payload"


@dataclass(frozen=True)
class Verdict:
    """``breaking`` with a payload, or with the reason why there is none."""

    breaking: bool
    witness: Witness | None = None
    reason: str = ""


COMPATIBLE = Verdict(breaking=False)


class PairVerdicts:
    """The verdicts on one pair of schemas in one direction.

    ``sender`` describes the values that are sent, ``taker`` those that are expected: a client
    written for the old document sends requests to the new server, and receives its responses.
    """

    def __init__(self, old: Node, new: Node, direction: Direction, seconds: float) -> None:
        requests = direction is Direction.REQUEST
        self.sender, self.taker = (old, new) if requests else (new, old)
        self._direction = direction
        self._seconds = seconds

    def keywords(self, assertions: Mapping[str, Any]) -> Verdict:
        """Whether all values sent match these keywords of the taker; null is left to ``null``."""
        return self._verdict({"anyOf": [{"type": "null"}, dict(assertions)]})

    def null(self) -> Verdict:
        """Whether null is sent to a taker that does not accept it."""
        if self.taker.nullable:
            return COMPATIBLE
        return self._verdict({"not": {"type": "null"}})

    def whole(self) -> Verdict:
        """Whether all values sent are accepted."""
        return self._verdict(self.taker.schema)

    def presence(self, name: str) -> Verdict:
        """Whether values with this property are sent, to a taker that forbids it."""
        return self._verdict({"not": {"type": "object", "required": [name]}})

    def are_same_values(self) -> bool:
        """Whether it is proven that both admit the same values."""
        sides = ((self.sender, self.taker), (self.taker, self.sender))
        return all(
            is_proven(
                Operand(one.document, one.schema, self._direction),
                Operand(other.document, other.schema, self._direction),
            )
            for one, other in sides
        )

    def _verdict(self, wide: Any) -> Verdict:
        result = counterexample(
            Operand(self.sender.document, self.sender.schema, self._direction, closed=True),
            Operand(self.taker.document, wide, self._direction),
            seconds=self._seconds,
        )
        match result:
            case None:
                return COMPATIBLE
            case Witness():
                return Verdict(breaking=True, witness=result)
            case Unknown(reason):
                return Verdict(breaking=True, reason=f"{NEITHER} ({reason})")
