"""Letters get there by a bad mail server, and whatever goes wrong with one is told."""

from dataclasses import replace

import pytest

from faults import letters
from faults.environment import Environment
from faults.letters import undelivered
from faults.mail_servers import Mood, mail_server
from faults.scale import QUICK


def test_all_get_there(environment: Environment) -> None:
    finding = letters.check(environment, QUICK)

    assert finding.is_passed, finding
    assert finding.figures["taken and dropped"] == 1


def test_none_is_delivered_where_nobody_is_at_home(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_deliver", lambda *_, **__: None)
    monkeypatch.setattr(letters, "_ROUNDS", 1)

    finding = letters.check(environment, replace(QUICK, emails=2))

    assert not finding.is_passed
    assert (finding.amount, len(finding.failures)) == (0, 2)


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        (["a", "b"], []),
        (["a", "a", "b"], []),  # the one that the killed worker was at
        (["a"], ["b never arrived"]),
        (["a", "b", "c"], ["c is no event"]),
        (["a", "a", "b", "b"], ["a was sent again", "b was sent again"]),
    ],
    ids=str,
)
def test_what_went_wrong_is_told(taken: list[str], told: list[str]) -> None:
    with mail_server() as server:
        for name in taken:
            server.note(f"Message-ID: <{name}@shop>\r\n".encode(), is_confirmed=True)

        assert undelivered({"a", "b"}, server) == told


def test_a_mood_passes() -> None:
    with mail_server() as server:
        moods = [server.mood("ayse") for _ in range(3)]

    assert moods == [Mood.REFUSED, Mood.FINE, Mood.FINE]
