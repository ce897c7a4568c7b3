"""Planted secrets are found in outputs, errors and the outbox; harmless text is not reported."""

from dataclasses import replace

import pytest

from faults.environment import Environment
from faults.secrets import Search, leaks, outbox_leaks
from tests.support.builders import make_item, make_seller
from tests.support.outbox_events import make_event

VALUE = "k3J9xkQ2mP"
IBAN = "TR33 0006 1005 1978 6457 8413 26"
PLANTED = {
    f"rolled back {VALUE}": "an issued value",
    "Set-Cookie: sessionid=MTIzNDU2Nzg5; Path=/": "a cookie",
    "wbs_abcdefghijklmnopqrstuvwxyz0123456789": "a seller's token",
    "authorization: bearer abcdefgh": "a seller's token",
    "Session 5vGhW0dYtq3RkLz8uXnPb1sJcE7mVaT2oFyK6iQwD9B": "a key",
    "Authorization: Session WzUsNzRd.aX8kQA.Yt3vq0dVY0m0bQ7oJ8": "a key",
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA": "a password's hash",
    "postgresql://waybill:hunter2@database/orders": "a password in a URL",
    "GET /users/password/?token=5046321d377848d59b27ff572ea90cea.CpNvBZdFh6": "a link's token",
    "no user ayse.yilmaz@shop.example": "an e-mail address",
    "/users/?email=ayse%40shop.example": "an e-mail address",
    f"DETAIL: Failing row contains (1, {IBAN}, Ayse)": "an IBAN",
    IBAN.replace(" ", "").lower(): "an IBAN",
}
HARMLESS = (
    '{"method": "POST", "path": "/users/login/", "status": 200, "milliseconds": 1.5}',
    "TR34 0006 1005 1978 6457 8413 26",  # its check digits are wrong
    "0b7f2c60-5a5f-4b43-8f0c-0d5a0f2f7a11 de11000000000000000000000000",
    "    @contextmanager",
    "Session ended by the operator.",
    "http://127.0.0.1:8000/users/orders/?token=",
)


@pytest.mark.parametrize("text", PLANTED)
def test_planted_secrets_are_reported(text: str) -> None:
    assert PLANTED[text] in list(leaks(text, {VALUE}))


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_not_reported(text: str) -> None:
    assert list(leaks(text, {VALUE})) == []


def put_email(environment: Environment, order_number: str = "1001") -> None:
    with environment.shop.database.writing() as uow:
        uow.outbox.add(make_event(order_number=order_number))
        uow.commit()


def test_an_environment_without_secrets_passes(environment: Environment) -> None:
    (environment.folder / "8000.txt").write_text("Started.\nStopped.\n")
    environment.errors.add(b'{"detail": "Not found."}')
    put_email(environment)
    search = Search(environment.kind)

    search.add(environment)

    finding = search.finding()
    assert finding.is_passed, finding.failures
    assert finding.figures == {"lines": 2, "errors": 1, "emails": 1, "values known": 1}


def test_outputs_errors_and_the_outbox_are_searched(environment: Environment) -> None:
    seller = make_seller()
    environment.shop.order(environment.shop.user(), items=[make_item(seller=seller)])
    headers = environment.seller_headers(seller)
    (environment.folder / "8000.txt").write_text(f"Started.\n{headers}\n")
    environment.errors.add(IBAN.encode())
    put_email(environment, order_number="ayse@shop.example")
    search = Search(environment.kind)

    search.add(environment)

    failures = "\n".join(search.finding().failures)
    assert "a seller's token in the output" in failures
    assert "an IBAN in errors" in failures
    assert "an e-mail address in the outbox" in failures
    assert outbox_leaks(environment) == ["an e-mail address in the outbox: 1 times"]
    assert IBAN not in failures


def test_fails_where_nothing_was_searched() -> None:
    finding = Search("sqlite").finding()

    assert not finding.is_passed
    assert replace(finding, count=1).is_passed
