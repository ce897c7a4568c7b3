"""The e-mails of a sandbox, which reach nobody."""

import re
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage

_MOST = 1_000
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Email:
    """One e-mail, as the contract's `SandboxEmail` has it."""

    to: str
    subject: str
    text: str

    @property
    def links(self) -> list[str]:
        """The links in the text, in their order."""
        return _LINK.findall(self.text)


class Emails:
    """The newest e-mails; a mailer (``handlers.mail.transports.Mailer``) that collects them."""

    def __init__(self) -> None:
        self._sent: deque[Email] = deque(maxlen=_MOST)

    def send(self, message: EmailMessage) -> None:
        """Collect an e-mail."""
        body = message.get_body(("plain",))
        text = "" if body is None else body.get_content()
        self._sent.append(Email(str(message["To"]), str(message["Subject"]), text))

    def sent(self) -> list[Email]:
        """Return them, the oldest first."""
        return list(self._sent)

    def clear(self) -> None:
        """Forget all."""
        self._sent.clear()
