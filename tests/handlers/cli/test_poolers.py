"""A transaction pooler without its setting is refused before the server starts."""

import click
import pytest

from domain.shared.readiness import TransactionPooler
from handlers.cli.database import refuse_unsuitable_connections
from persistence import readiness
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.fakes import fake_renderers


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's URL leads to a transaction pooler."""
    monkeypatch.setattr(readiness, "is_shared", lambda _url: True)


def refuse(_database: Database) -> None:
    raise TransactionPooler


class TestTransactionPooler:
    def test_stops_a_worker_and_names_the_setting(
        self, waybill: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Database, "require_session_pooling", refuse)

        result = waybill("worker", "--once")

        assert result.exit_code == 1
        assert "set WAYBILL_DATABASE_POOLER to transaction" in result.output
        assert "Traceback" not in result.output

    @pytest.mark.usefixtures("shared")
    def test_is_refused_as_a_server_starts(self, database_url: str) -> None:
        database = Database(database_url, renderers=fake_renderers())

        with pytest.raises(click.ClickException, match="WAYBILL_DATABASE_POOLER"):
            refuse_unsuitable_connections(database)
        database.close()


def test_a_database_that_does_not_answer_yet_is_no_reason_to_stop() -> None:
    database = Database("postgresql://waybill@127.0.0.1:1/none", renderers=fake_renderers())

    refuse_unsuitable_connections(database)
