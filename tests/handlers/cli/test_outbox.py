import pytest

from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from tests.handlers.cli.conftest import Run
from tests.support.operator_commands import Desk
from tests.support.outbox_events import make_event


def dead_letter(desk: Desk) -> OutboxEvent:
    event = make_event()
    event.status, event.attempts, event.last_error = OutboxStatus.DEAD, 8, "550 SMTPDataError"
    return desk.letter(event)


class TestList:
    def test_is_of_the_dead_letters(self, waybill: Run, desk: Desk) -> None:
        desk.letter(make_event())
        dead = dead_letter(desk)

        titles, line, _, total = waybill("outbox", "list").output.splitlines()

        assert titles.split()[:3] == ["PK", "KIND", "ORDER"]
        assert line.split() == [
            *(str(dead.pk), "cancellation_received", "1001", "dead", "8"),
            *("2026-03-01", "12:00", "550", "SMTPDataError"),
        ]
        assert total == "1 in all, page 1 of 1."

    @pytest.mark.parametrize("status", ["pending", "delivered"])
    def test_can_be_of_others(self, waybill: Run, desk: Desk, status: str) -> None:
        event = make_event()
        event.status = OutboxStatus(status)
        desk.letter(event)
        dead_letter(desk)

        _, line, *_ = waybill("outbox", "list", "--status", status).output.splitlines()

        assert line.split()[:4] == [str(event.pk), "cancellation_received", "1001", status]

    def test_shows_those_that_are_about_no_order(self, waybill: Run, desk: Desk) -> None:
        event = desk.letter(make_event(OutboxKind.PASSWORD_CHANGED))

        _, line, *_ = waybill("outbox", "list", "--status", "pending").output.splitlines()

        assert line.split()[:3] == [str(event.pk), "password_changed", "pending"]

    def test_names_nobody(self, waybill: Run, desk: Desk) -> None:
        dead_letter(desk)

        assert "ayse" not in waybill("outbox", "list").output


class TestRetry:
    def test_makes_a_dead_letter_pending(self, waybill: Run, desk: Desk) -> None:
        pk = dead_letter(desk).pk

        result = waybill("outbox", "retry", str(pk))

        [event] = desk.letters()
        assert (result.exit_code, result.output) == (0, f"Letter {pk} is pending.\n")
        assert (event.status, event.attempts) == (OutboxStatus.PENDING, 0)

    def test_is_for_dead_letters(self, waybill: Run, desk: Desk) -> None:
        result = waybill("outbox", "retry", str(desk.letter(make_event()).pk))

        assert result.exit_code == 1
        assert result.output == "Error: Only a dead letter can be sent again.\n"

    @pytest.mark.parametrize("pk", ["404", str(2**63)])
    def test_needs_a_letter(self, waybill: Run, desk: Desk, pk: str) -> None:
        assert waybill("outbox", "retry", pk).output == "Error: Not found.\n"
