"""E-mails of a test, delivered like a worker does."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from handlers.mail.outbox_worker import OutboxWorker
from handlers.settings import Settings
from tests.support.application import Shop
from tests.support.password_resets import Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def deliver(shop: Shop, mailbox: Mailbox, settings: Settings) -> Callable[[], list[EmailMessage]]:
    """Delivers all due events like a worker, and returns the e-mails."""
    worker = OutboxWorker(shop.database, mailbox, settings)

    def run() -> list[EmailMessage]:
        before = len(mailbox.sent_emails)
        while worker.deliver_next():
            pass
        return mailbox.sent_emails[before:]

    return run
