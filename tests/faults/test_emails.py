"""E-mails arrive through an unreliable mail server, and failures are reported."""

from dataclasses import replace

import pytest

from faults import emails
from faults.emails import undelivered
from faults.environment import Environment
from faults.mail_servers import Behaviour, mail_server
from faults.scale import QUICK


def test_all_emails_arrive(environment: Environment) -> None:
    finding = emails.check(environment, QUICK)

    assert finding.is_passed, finding
    assert finding.figures["accepted then closed"] == 1


def test_fails_where_no_worker_delivers(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emails, "_deliver", lambda *_, **__: None)
    monkeypatch.setattr(emails, "_ROUNDS", 1)

    finding = emails.check(environment, replace(QUICK, emails=2))

    assert not finding.is_passed
    assert (finding.count, len(finding.failures)) == (0, 2)


@pytest.mark.parametrize(
    ("received", "failures"),
    [
        (["a", "b"], []),
        (["a", "a", "b"], []),  # may be the e-mail of the killed worker
        (["a"], ["b never arrived"]),
        (["a", "b", "c"], ["c is no event"]),
        (["a", "a", "b", "b"], ["a was sent again", "b was sent again"]),
    ],
    ids=str,
)
def test_lost_unknown_and_repeated_emails_are_reported(
    received: list[str], failures: list[str]
) -> None:
    with mail_server() as server:
        for name in received:
            server.record(f"Message-ID: <{name}@shop>\r\n".encode(), is_confirmed=True)

        assert undelivered({"a", "b"}, server) == failures


def test_a_second_email_is_accepted() -> None:
    with mail_server() as server:
        behaviours = [server.behaviour("ayse") for _ in range(3)]

    assert behaviours == [Behaviour.REFUSED, Behaviour.ACCEPTED, Behaviour.ACCEPTED]
