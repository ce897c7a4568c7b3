import smtplib
import ssl
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import trustme

from handlers.mail.messages import build_email
from handlers.mail.transports import MailFolder, SmtpServer, Unencrypted, mailer_of
from tests.support.outbox_events import SETTINGS, make_event
from tests.support.server import free_port
from tests.support.smtp_servers import (
    QUOTED_PASSWORD,
    QUOTED_USER,
    USER,
    hanging_up,
    running,
    silent,
)

LOGIN = f"{QUOTED_USER}:{QUOTED_PASSWORD}@"


def letter() -> EmailMessage:
    return build_email(make_event(language="tr-tr"), SETTINGS)


def server(url: str, timeout: float = 5) -> SmtpServer:
    return SmtpServer(url, "shop.example", timeout)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What 127.0.0.1 shows of itself; whoever makes a client now believes it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


class TestSmtpServer:
    def test_gets_the_letter(self) -> None:
        with running() as office:
            server(f"smtp://127.0.0.1:{office.port}").send(letter())

        [content] = office.letters
        received = message_from_bytes(content, policy=default)
        assert office.recipients == [["ayse@example.com"]]
        assert content.isascii()
        assert received["Subject"] == "1001 numaralı siparişinizle ilgili talebinizi aldık"
        assert office.logins == []

    def test_is_logged_in_to(self) -> None:
        with running(auth_require_tls=False) as office:
            server(f"smtp://{LOGIN}127.0.0.1:{office.port}").send(letter())

        assert (office.logins, len(office.letters)) == ([USER.encode()], 1)

    def test_refuses_a_wrong_password(self) -> None:
        with (
            running(auth_require_tls=False) as office,
            pytest.raises(smtplib.SMTPAuthenticationError),
        ):
            server(f"smtp://{QUOTED_USER}:wrong@127.0.0.1:{office.port}").send(letter())

        assert office.letters == []

    def test_encrypts_where_it_is_offered(self, tls: ssl.SSLContext) -> None:
        with running(tls_context=tls) as office:
            server(f"smtp://{LOGIN}127.0.0.1:{office.port}").send(letter())

        assert (office.was_encrypted, office.logins) == ([True], [USER.encode()])

    def test_encrypts_where_it_must(self, tls: ssl.SSLContext) -> None:
        with running(tls_context=tls) as office:
            server(f"smtp+starttls://{LOGIN}127.0.0.1:{office.port}").send(letter())

        assert (office.was_encrypted, office.logins) == ([True], [USER.encode()])

    @pytest.mark.parametrize("login", ["", LOGIN])
    def test_gets_nothing_in_clear_where_it_must_encrypt(self, login: str) -> None:
        """Whoever is in between may hide the offer; not even a server here is an exception."""
        with running(auth_require_tls=False) as office, pytest.raises(Unencrypted):
            server(f"smtp+starttls://{login}127.0.0.1:{office.port}").send(letter())

        assert (office.logins, office.letters) == ([], [])

    def test_encrypts_from_the_start(self, tls: ssl.SSLContext) -> None:
        with running(ssl_context=tls) as office:
            server(f"smtps://127.0.0.1:{office.port}").send(letter())

        assert len(office.letters) == 1

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_must_be_who_it_says(
        self, scheme: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        option = "tls_context" if scheme == "smtp" else "ssl_context"
        with running(**{option: tls}) as office, pytest.raises(ssl.SSLCertVerificationError):
            server(f"{scheme}://127.0.0.1:{office.port}").send(letter())

        assert office.letters == []

    def test_elsewhere_gets_no_password_in_clear(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("handlers.mail.transports._is_here", lambda _: False)
        with running(auth_require_tls=False) as office, pytest.raises(Unencrypted):
            server(f"smtp://{LOGIN}127.0.0.1:{office.port}").send(letter())

        assert (office.logins, office.letters) == ([], [])

    def test_here_may_have_a_name(self) -> None:
        with running(auth_require_tls=False) as office:
            server(f"smtp://{LOGIN}localhost:{office.port}").send(letter())

        assert len(office.letters) == 1


class TestTrouble:
    def test_a_recipient_is_refused(self) -> None:
        with running() as office:
            office.refusal = "550 no such mailbox"
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                server(f"smtp://127.0.0.1:{office.port}").send(letter())

    def test_nobody_listens(self) -> None:
        with pytest.raises(ConnectionRefusedError):
            server(f"smtp://127.0.0.1:{free_port()}").send(letter())

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_server_that_hangs_is_left(self, scheme: str) -> None:
        with silent() as port, pytest.raises(OSError, match="timed out"):
            server(f"{scheme}://127.0.0.1:{port}", timeout=0.1).send(letter())

    def test_a_server_that_drops_the_letter_did_not_take_it(self) -> None:
        with hanging_up(b"") as port, pytest.raises(smtplib.SMTPServerDisconnected):
            server(f"smtp://127.0.0.1:{port}").send(letter())

    def test_a_server_that_hangs_up_afterwards_has_taken_it(self) -> None:
        with hanging_up(b"250 taken\r\n") as port:
            server(f"smtp://127.0.0.1:{port}").send(letter())


class TestMailFolder:
    def test_keeps_a_file_for_the_owner_alone(self, tmp_path: Path) -> None:
        event = make_event(language="tr-tr")

        MailFolder(tmp_path / "var" / "mail").send(build_email(event, SETTINGS))

        [file] = (tmp_path / "var" / "mail").iterdir()
        assert file.name == f"{event.uuid}.eml"
        assert file.stat().st_mode & 0o777 == 0o600
        assert "Talebinizi aldık." in file.read_text("utf-8")

    def test_replaces_what_was_sent_before_or_half(self, tmp_path: Path) -> None:
        sent = letter()
        name = sent["Message-ID"].strip("<>").partition("@")[0]
        (tmp_path / f".{name}.part").write_text("x" * 100_000)

        for _ in range(2):
            MailFolder(tmp_path).send(sent)

        [file] = tmp_path.iterdir()
        assert file.read_bytes() == sent.as_bytes()


class TestMailerOf:
    def test_is_a_folder_without_a_server(self) -> None:
        assert isinstance(mailer_of(SETTINGS), MailFolder)

    def test_is_the_server_that_is_set(self) -> None:
        with running() as office:
            settings = replace(SETTINGS, smtp_url=f"smtp://127.0.0.1:{office.port}")
            mailer_of(settings).send(letter())

        assert len(office.letters) == 1
