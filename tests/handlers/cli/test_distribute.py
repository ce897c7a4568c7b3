import pytest

from persistence.distribution import Distribution
from tests.handlers.cli.conftest import Run
from tests.support import citus


@citus.one_node("what a database without Citus lacks")
class TestWithoutCitus:
    @pytest.mark.parametrize("mode", ["--check", "--apply"])
    def test_names_what_is_missing(self, waybill: Run, mode: str) -> None:
        result = waybill("distribute", mode)

        assert result.exit_code == 1
        assert "Citus" in result.output or "PostgreSQL" in result.output

    def test_distributes_what_the_database_can(
        self, waybill: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = [["users: by pk"], []]
        monkeypatch.setattr(Distribution, "other_connections", lambda _: 0)
        monkeypatch.setattr(Distribution, "obstacles", lambda _: [])
        monkeypatch.setattr(Distribution, "steps", lambda _: len(left[0]))
        monkeypatch.setattr(Distribution, "apply", lambda _, show: show(f"1/1 {left.pop(0)[0]}"))

        checked = waybill("distribute", "--check")
        applied = waybill("distribute", "--apply")

        assert (checked.exit_code, checked.output) == (0, "1 steps are left.\n")
        assert (applied.exit_code, applied.output) == (
            0,
            "1/1 users: by pk\nThe database is distributed.\n",
        )

    def test_waits_for_no_running_server(
        self, waybill: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Distribution, "obstacles", lambda _: [])
        monkeypatch.setattr(Distribution, "steps", lambda _: 1)
        monkeypatch.setattr(Distribution, "other_connections", lambda _: 3)
        monkeypatch.setattr(Distribution, "apply", pytest.fail)

        checked = waybill("distribute", "--check")
        applied = waybill("distribute", "--apply")

        assert (checked.exit_code, checked.output) == (0, "1 steps are left.\n")
        assert applied.exit_code == 1
        assert "Servers or workers are running (open connections: 3)." in applied.output


def test_needs_a_mode(waybill: Run) -> None:
    result = waybill("distribute")

    assert result.exit_code == 2
    assert "Choose --check or --apply." in result.output


@citus.only_distributed
def test_of_a_distributed_database_changes_nothing(waybill: Run) -> None:
    for mode in ("--check", "--apply"):
        result = waybill("distribute", mode)
        assert (result.exit_code, result.output) == (0, "The database is distributed.\n")
