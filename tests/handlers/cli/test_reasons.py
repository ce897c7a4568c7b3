import pytest
from starlette.testclient import TestClient

from domain.audit import AuditEntry
from domain.cancellations.reasons import seller_rejection
from domain.orders.cancellations import CancellationReason
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.application import Shop
from tests.support.builders import NOW

URL = "/users/orders/cancellation_reasons/"
ADD = ("reasons", "add", "--type", "cancel", "--operator", "ayse")
BOTH = ("--text", "en-us=Too late", "--text", "tr-tr=Çok geç")


def stored(database: Database, pk: int) -> CancellationReason:
    with database.reading() as uow:
        return uow.cancellation_reasons.by_pks([pk])[pk]


def trail(database: Database, reason: CancellationReason) -> list[AuditEntry]:
    with database.reading() as uow:
        return uow.audit.entries(reason.uuid)


def listed(client: TestClient, language: str = "en") -> list[tuple[int, str]]:
    rows = client.get(URL, headers={"Accept-Language": language}).json()["results"]
    return [(row["pk"], row["subject"]) for row in rows]


class TestAdd:
    def test_shows_it_to_shoppers_in_their_language(
        self, waybill: Run, database: Database, cancelling: TestClient
    ) -> None:
        result = waybill(*ADD, *BOTH, "--needs-description", "--order", "7")

        [(pk, subject)] = listed(cancelling)
        assert (result.exit_code, result.output) == (0, f"Reason {pk} is active.\n")
        assert subject == "Too late"
        assert listed(cancelling, "tr") == [(pk, "Çok geç")]
        reason = stored(database, pk)
        assert (reason.order, reason.extra_information_needed) == (7, True)
        [entry] = trail(database, reason)
        assert (entry.actor, entry.from_state, entry.to_state) == (
            "operator:ayse",
            None,
            "active",
        )

    @pytest.mark.parametrize(
        "text", ["Too late", "de-de=Zu spät", "en-us", "=x"], ids=lambda text: text
    )
    def test_needs_a_supported_language(self, waybill: Run, text: str) -> None:
        result = waybill(*ADD, "--text", text)

        assert result.exit_code == 2
        assert "Must be LANGUAGE=TEXT, with en-us or tr-tr." in result.output

    @pytest.mark.parametrize("text", ["en-us=", "en-us= ", f"en-us={'x' * 201}"])
    def test_limits_the_length_of_a_text(self, waybill: Run, text: str) -> None:
        result = waybill(*ADD, "--text", text)

        assert (result.exit_code, result.output) == (
            1,
            "Error: subject: Must be 1 to 200 characters long.\n",
        )

    def test_refuses_control_characters(self, waybill: Run) -> None:
        result = waybill(*ADD, "--text", "en-us=a\x1b[2J")

        assert (result.exit_code, result.output) == (
            1,
            "Error: subject: This value is not valid.\n",
        )

    def test_needs_a_text(self, waybill: Run) -> None:
        assert waybill(*ADD).exit_code == 2


class TestChange:
    def test_of_the_text_creates_another_reason(
        self, waybill: Run, database: Database, shop: Shop, cancelling: TestClient
    ) -> None:
        old = shop.reason(order=30)

        result = waybill("reasons", "change", str(old.pk), "--text", "tr-tr=Vazgeçtim")

        [(pk, subject)] = listed(cancelling)
        assert result.output == f"Reason {pk} replaces reason {old.pk}.\n"
        assert (pk != old.pk, subject) == (True, "I changed my mind")
        assert stored(database, pk).order == 30
        assert stored(database, old.pk).translations == old.translations
        assert not stored(database, old.pk).is_active
        assert trail(database, old)[-1].to_state == "inactive"

    def test_of_the_required_description_creates_another_reason(
        self, waybill: Run, database: Database, shop: Shop
    ) -> None:
        old = shop.reason(extra_information_needed=True)

        result = waybill("reasons", "change", str(old.pk), "--no-description")

        assert "replaces" in result.output
        assert stored(database, old.pk).extra_information_needed

    def test_of_the_position_keeps_the_reason(
        self, waybill: Run, database: Database, shop: Shop, cancelling: TestClient
    ) -> None:
        first, second = shop.reason(order=10), shop.reason(order=20)

        result = waybill("reasons", "change", str(second.pk), "--order", "5")

        assert result.output == f"Reason {second.pk} is at position 5.\n"
        assert [pk for pk, _ in listed(cancelling)] == [second.pk, first.pk]
        assert trail(database, second)[-1].note == "position 5"

    def test_to_the_same_values_changes_nothing(
        self, waybill: Run, database: Database, shop: Shop
    ) -> None:
        reason = shop.reason(order=10)

        result = waybill("reasons", "change", str(reason.pk), "--text", "en-us=I changed my mind")

        assert result.exit_code == 0
        assert trail(database, reason) == []

    def test_needs_an_active_reason(self, waybill: Run, shop: Shop) -> None:
        reason = shop.reason(is_active=False)

        result = waybill("reasons", "change", str(reason.pk), "--order", "5")

        assert (result.exit_code, result.output) == (
            1,
            "Error: Only an active reason can be changed.\n",
        )

    @pytest.mark.parametrize("pk", ["404", str(2**63)])
    def test_needs_an_existing_reason(self, waybill: Run, database: Database, pk: str) -> None:
        result = waybill("reasons", "change", pk, "--order", "5")

        assert (result.exit_code, result.output) == (1, "Error: Not found.\n")


class TestSwitch:
    def test_removes_it_from_the_list_and_adds_it_again(
        self, waybill: Run, database: Database, shop: Shop, cancelling: TestClient
    ) -> None:
        reason = shop.reason()

        off = waybill("reasons", "deactivate", str(reason.pk))
        after = listed(cancelling)
        on = waybill("reasons", "activate", str(reason.pk))

        assert (off.output, after) == (f"Reason {reason.pk} is inactive.\n", [])
        assert on.output == f"Reason {reason.pk} is active.\n"
        assert [pk for pk, _ in listed(cancelling)] == [reason.pk]
        states = [(entry.from_state, entry.to_state) for entry in trail(database, reason)]
        assert states == [("active", "inactive"), ("inactive", "active")]

    def test_is_recorded_once(self, waybill: Run, database: Database, shop: Shop) -> None:
        reason = shop.reason()

        for _ in range(2):
            assert waybill("reasons", "deactivate", str(reason.pk)).exit_code == 0

        assert len(trail(database, reason)) == 1

    def test_makes_a_reason_unavailable(
        self, waybill: Run, shop: Shop, cancelling: TestClient
    ) -> None:
        reason = shop.reason()
        waybill("reasons", "deactivate", str(reason.pk))

        answer = cancelling.post(
            "/users/orders/cancellation_requests/",
            json={"order_item": 1, "reason": reason.pk, "cancellation_type": "cancel"},
        )

        assert answer.status_code == 400

    @pytest.mark.parametrize("command", ["activate", "deactivate"])
    def test_refuses_the_reason_of_sellers_rejections(
        self, waybill: Run, database: Database, command: str
    ) -> None:
        with database.writing() as uow:
            reason = uow.cancellation_reasons.ensure(seller_rejection(NOW))
            uow.commit()

        result = waybill("reasons", command, str(reason.pk))

        assert (result.exit_code, result.output) == (
            1,
            "Error: Waybill gives this reason itself.\n",
        )


class TestList:
    def test_shows_all_reasons(self, waybill: Run, shop: Shop) -> None:
        inactive = shop.reason(is_active=False, extra_information_needed=True, order=20)
        active = shop.reason(
            order=10, translations={"en-us": {"subject": "Late"}, "tr-tr": {"subject": "Geç"}}
        )

        result = waybill("reasons", "list", "--type", "cancel")

        titles, first, second, _, total = result.output.splitlines()
        assert titles.split() == ["PK", "TYPE", "ORDER", "STATE", "DESCRIPTION", "EN-US", "TR-TR"]
        assert first.split() == [str(active.pk), "cancel", "10", "active", "Late", "Geç"]
        assert second.split()[:5] == [str(inactive.pk), "cancel", "20", "inactive", "needed"]
        assert total == "2 in all, page 1 of 1."

    def test_shows_one_type(self, waybill: Run, shop: Shop) -> None:
        shop.reason()

        assert "0 in all" in waybill("reasons", "list", "--type", "refund").output
        assert waybill("reasons", "list", "--page", "2").output == "Error: Invalid page.\n"
