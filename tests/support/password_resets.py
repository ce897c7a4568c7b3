"""Resetting a password over HTTP, by the links of delivered e-mails."""

import re
from email.message import EmailMessage
from typing import Any

from starlette.testclient import TestClient

from domain.outbox import OutboxEvent
from domain.shared.paging import PageRequest
from handlers.auth.passwords import Argon2Passwords

RESET = "/users/password/reset/"
PASSWORD = "/users/password/"
LOGIN = "/users/login/"
EMAIL = "ayse@example.com"
OLD = "correct horse"
NEW = "battery staple"
OLD_HASH = Argon2Passwords().hash(OLD)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Mailbox:
    """A mailer that collects e-mails."""

    def __init__(self) -> None:
        self.sent_emails: list[EmailMessage] = []

    def send(self, sent_email: EmailMessage) -> None:
        self.sent_emails.append(sent_email)


def token_in(sent_email: EmailMessage) -> str:
    found = re.search(r"/users/password/\?token=(\S+)", text_of(sent_email))
    assert found is not None
    return found[1]


def text_of(sent_email: EmailMessage) -> str:
    body = sent_email.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def set_new(client: TestClient, token: str, **overrides: Any) -> Any:
    return client.post(PASSWORD, json={"token": token, "password": NEW} | overrides)


def events(database: Any) -> list[OutboxEvent]:
    with database.reading() as uow:
        found: list[OutboxEvent] = uow.outbox.events(None, PageRequest(limit=100))
    return found
