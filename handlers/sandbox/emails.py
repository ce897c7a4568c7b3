"""The e-mails of a sandbox, which are collected and not sent."""

import re
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage

_MAX_EMAILS = 1_000
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Email:
    """An e-mail: `SandboxEmail` of the contract."""

    to: str
    subject: str
    text: str

    @property
    def links(self) -> list[str]:
        """The links in the text, in order."""
        return _LINK.findall(self.text)


class Emails:
    """The newest e-mails; a mailer (``handlers.mail.transports.Mailer``) that collects them."""

    def __init__(self) -> None:
        self._sent: deque[Email] = deque(maxlen=_MAX_EMAILS)

    def send(self, message: EmailMessage) -> None:
        """Collect an e-mail."""
        body = message.get_body(("plain",))
        text = "" if body is None else body.get_content()
        self._sent.append(Email(str(message["To"]), str(message["Subject"]), text))

    def sent(self) -> list[Email]:
        """Return the e-mails, oldest first."""
        return list(self._sent)

    def clear(self) -> None:
        """Remove all e-mails."""
        self._sent.clear()
