"""The statuses of requests, and whether imports may change them."""

import pytest

from domain.orders.cancellations import CancellationStatus
from tests.support.builders import NOW, make_request

OPEN, APPROVED = CancellationStatus.OPEN, CancellationStatus.APPROVED
REJECTED, COMPLETED = CancellationStatus.REJECTED, CancellationStatus.COMPLETED


@pytest.mark.parametrize(
    ("status", "later"),
    [
        (OPEN, {APPROVED, REJECTED, COMPLETED}),
        (APPROVED, {COMPLETED}),
        (REJECTED, set()),
        (COMPLETED, set()),
    ],
)
def test_can_move_to_any_later_status(
    status: CancellationStatus, later: set[CancellationStatus]
) -> None:
    request = make_request(status=status)

    assert {next_ for next_ in CancellationStatus if request.can_become(next_)} == later


@pytest.mark.parametrize("status", CancellationStatus)
def test_are_agreed_if_approved_or_completed(status: CancellationStatus) -> None:
    assert make_request(status=status).is_agreed is (status in (APPROVED, COMPLETED))


def test_are_imported_until_a_decision_in_waybill() -> None:
    made_here, imported = make_request(), make_request(is_imported=True)

    imported.move_to(APPROVED, NOW)

    assert not made_here.is_imported
    assert not imported.is_imported
