"""Bodies of requests to cancel or to return existing lines: most are valid, some are not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

from hypothesis import strategies as st

from domain.orders.cancellations import CancellationType

IBANS = ("TR33 0006 1005 1978 6457 8413 26", "TR330006100519786457841327")  # the second is invalid

Draft = dict[str, Any]


@dataclass
class Stock:
    """The pks that one user may send in a request: of lines, of a carrier for each returnable
    line, and of an address."""

    cancellable: list[int]
    returnable: dict[int, int]
    address: int

    @property
    def lines(self) -> list[int]:
        """The pks of all the lines."""
        return [*self.cancellable, *self.returnable]

    def shares(self, number: int) -> list["Stock"]:
        """Divide it into so many, which have no line in common."""
        return [
            replace(
                self,
                cancellable=self.cancellable[start::number],
                returnable=dict([*self.returnable.items()][start::number]),
            )
            for start in range(number)
        ]


@dataclass(frozen=True)
class Choice:
    """The values for requests: the caller's stock and a stranger's, reasons, and two days.

    ``reasons`` need nothing else; ``unsuitable`` ones are not active or require a description.
    """

    own: Stock
    foreign: Stock
    reasons: Mapping[CancellationType, int]
    unsuitable: list[int]
    day_to_come: str
    day_gone: str


def one_in(
    number: int, seldom: st.SearchStrategy[Any], mostly: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """One draw in ``number`` is ``seldom``; ``st.one_of`` would count the branches of both."""
    return st.integers(1, number).flatmap(lambda drawn: seldom if drawn == number else mostly)


def drafts(choice: Choice) -> st.SearchStrategy[Draft]:
    """A request for one line; one in four breaks a rule, every fifth is for a foreign line."""
    right = st.one_of(_cancellations(choice), _refunds(choice))
    wrong = st.builds(lambda draft, spoilt: draft | spoilt, right, _spoilt(choice))
    foreign, turns = cycle(choice.foreign.lines), cycle(range(5))

    def misled(draft: Draft) -> Draft:
        return draft if next(turns) else draft | {"order_item": next(foreign)}

    return one_in(4, wrong, right).map(misled)


def bulks(choice: Choice) -> st.SearchStrategy[Draft]:
    """Requests for one to three lines, with optional fields for all of them."""
    address = st.sampled_from([choice.own.address, None])
    rows = st.lists(drafts(choice), min_size=1, max_size=3)
    bulk = {"cancel_order_items": rows}
    beside = {"pickup_address": address, "fully_refund_as_loyalty_money": st.booleans()}
    return st.fixed_dictionaries(bulk, optional=beside)


def _cancellations(choice: Choice) -> st.SearchStrategy[Draft]:
    draft = {
        "cancellation_type": st.just("cancel"),
        "order_item": _turns(choice.own.cancellable),
        "reason": _ids([choice.reasons[CancellationType.CANCEL]]),
    }
    return st.fixed_dictionaries(draft, optional=_ADDITIONS)


def _refunds(choice: Choice) -> st.SearchStrategy[Draft]:
    """All have an account, since not every order was paid by card; some have a pickup."""
    hours = {"start": "09:00", "end": "12:00"}
    slot = {"date": choice.day_to_come, "hour_range": hours}

    def refund(line: int, additions: Draft, *, is_collected: bool) -> Draft:
        way = {
            "shipping_company": choice.own.returnable[line],
            "pickup_address": choice.own.address,
            "pickup_date": slot,
        }
        return {"order_item": line} | account | additions | (way if is_collected else {})

    account = {
        "cancellation_type": "refund",
        "reason": choice.reasons[CancellationType.REFUND],
        "iban": IBANS[0],
        "holder_name": "Ayşe Yılmaz",
    }
    lines = _turns([*choice.own.returnable])
    additions = st.fixed_dictionaries({}, optional=_ADDITIONS)
    return st.builds(refund, lines, additions, is_collected=st.booleans())


def _spoilt(choice: Choice) -> st.SearchStrategy[Draft]:
    """Fields that break a rule in any request."""
    hours = {"start": "12:00", "end": "09:00"}
    foreign = choice.foreign
    return st.one_of(
        st.sampled_from([{"reason": pk, "description": None} for pk in choice.unsuitable]),
        st.sampled_from(
            [
                {"shipping_company": carrier, "pickup_address": None}
                for carrier in (*choice.own.returnable.values(), *foreign.returnable.values())
            ]
        ),
        st.fixed_dictionaries({"pickup_address": _ids([foreign.address])}),
        st.sampled_from(
            [
                {"quantity": 1000},
                {"iban": IBANS[1]},
                {"cancellation_type": "cancel"},
                {"cancellation_type": "refund"},
                {"pickup_date": {"date": choice.day_gone, "hour_range": hours}},
                {"pickup_date": {"date": choice.day_to_come, "hour_range": hours}},
            ]
        ),
    )


def _turns(pks: list[int]) -> st.SearchStrategy[int]:
    """The pks in turn: Hypothesis repeats values, and a second request would be refused."""
    turns = cycle(pks)
    return st.builds(lambda: next(turns))


def _ids(pks: list[int]) -> st.SearchStrategy[int | str]:
    return st.sampled_from([*pks, *map(str, pks)])


_ADDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "quantity": st.sampled_from([1, 2, None]),
    "description": st.sampled_from(["Too small.", "ş\n\U0001f381", None]),
    "fully_refund_as_loyalty_money": st.sampled_from([True, False, None]),
}
