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


def example_email() -> EmailMessage:
    return build_email(make_event(language="tr-tr"), SETTINGS)


def server(url: str, timeout: float = 5) -> SmtpServer:
    return SmtpServer(url, "shop.example", timeout)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate of 127.0.0.1; clients created from now on trust it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


class TestSmtpServer:
    def test_receives_the_email(self) -> None:
        with running() as mail_server:
            server(f"smtp://127.0.0.1:{mail_server.port}").send(example_email())

        [content] = mail_server.emails
        received = message_from_bytes(content, policy=default)
        assert mail_server.recipients == [["ayse@example.com"]]
        assert content.isascii()
        assert received["Subject"] == "1001 numaralı siparişinizle ilgili talebinizi aldık"
        assert mail_server.logins == []

    def test_gets_the_login_of_its_url(self) -> None:
        with running(auth_require_tls=False) as mail_server:
            server(f"smtp://{LOGIN}127.0.0.1:{mail_server.port}").send(example_email())

        assert (mail_server.logins, len(mail_server.emails)) == ([USER.encode()], 1)

    def test_refuses_a_wrong_password(self) -> None:
        with (
            running(auth_require_tls=False) as mail_server,
            pytest.raises(smtplib.SMTPAuthenticationError),
        ):
            server(f"smtp://{QUOTED_USER}:wrong@127.0.0.1:{mail_server.port}").send(example_email())

        assert mail_server.emails == []

    def test_encrypts_if_the_server_offers_it(self, tls: ssl.SSLContext) -> None:
        with running(tls_context=tls) as mail_server:
            server(f"smtp://{LOGIN}127.0.0.1:{mail_server.port}").send(example_email())

        assert (mail_server.was_encrypted, mail_server.logins) == ([True], [USER.encode()])

    def test_encrypts_if_required(self, tls: ssl.SSLContext) -> None:
        with running(tls_context=tls) as mail_server:
            server(f"smtp+starttls://{LOGIN}127.0.0.1:{mail_server.port}").send(example_email())

        assert (mail_server.was_encrypted, mail_server.logins) == ([True], [USER.encode()])

    @pytest.mark.parametrize("login", ["", LOGIN])
    def test_sends_nothing_unencrypted_if_encryption_is_required(self, login: str) -> None:
        """A man in the middle may remove STARTTLS; a local server is no exception."""
        with running(auth_require_tls=False) as mail_server, pytest.raises(Unencrypted):
            server(f"smtp+starttls://{login}127.0.0.1:{mail_server.port}").send(example_email())

        assert (mail_server.logins, mail_server.emails) == ([], [])

    def test_encrypts_from_the_start(self, tls: ssl.SSLContext) -> None:
        with running(ssl_context=tls) as mail_server:
            server(f"smtps://127.0.0.1:{mail_server.port}").send(example_email())

        assert len(mail_server.emails) == 1

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_must_have_a_valid_certificate(
        self, scheme: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        option = "tls_context" if scheme == "smtp" else "ssl_context"
        with running(**{option: tls}) as mail_server, pytest.raises(ssl.SSLCertVerificationError):
            server(f"{scheme}://127.0.0.1:{mail_server.port}").send(example_email())

        assert mail_server.emails == []

    def test_on_another_host_gets_no_unencrypted_password(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("handlers.mail.transports._is_local", lambda _: False)
        with running(auth_require_tls=False) as mail_server, pytest.raises(Unencrypted):
            server(f"smtp://{LOGIN}127.0.0.1:{mail_server.port}").send(example_email())

        assert (mail_server.logins, mail_server.emails) == ([], [])

    def test_on_this_host_may_have_a_name(self) -> None:
        with running(auth_require_tls=False) as mail_server:
            server(f"smtp://{LOGIN}localhost:{mail_server.port}").send(example_email())

        assert len(mail_server.emails) == 1


class TestErrors:
    def test_a_recipient_is_refused(self) -> None:
        with running() as mail_server:
            mail_server.refusal = "550 no such mailbox"
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                server(f"smtp://127.0.0.1:{mail_server.port}").send(example_email())

    def test_no_server_listens(self) -> None:
        with pytest.raises(ConnectionRefusedError):
            server(f"smtp://127.0.0.1:{free_port()}").send(example_email())

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_server_that_hangs_times_out(self, scheme: str) -> None:
        with silent() as port, pytest.raises(OSError, match="timed out"):
            server(f"{scheme}://127.0.0.1:{port}", timeout=0.1).send(example_email())

    def test_a_server_that_drops_the_connection_did_not_accept_it(self) -> None:
        with hanging_up(b"") as port, pytest.raises(smtplib.SMTPServerDisconnected):
            server(f"smtp://127.0.0.1:{port}").send(example_email())

    def test_a_server_that_disconnects_after_accepting_is_no_error(self) -> None:
        with hanging_up(b"250 taken\r\n") as port:
            server(f"smtp://127.0.0.1:{port}").send(example_email())


class TestMailFolder:
    def test_writes_a_file_that_only_the_owner_can_read(self, tmp_path: Path) -> None:
        event = make_event(language="tr-tr")

        MailFolder(tmp_path / "var" / "mail").send(build_email(event, SETTINGS))

        [file] = (tmp_path / "var" / "mail").iterdir()
        assert file.name == f"{event.uuid}.eml"
        assert file.stat().st_mode & 0o777 == 0o600
        assert "Talebinizi aldık." in file.read_text("utf-8")

    def test_replaces_earlier_and_partial_files(self, tmp_path: Path) -> None:
        sent = example_email()
        name = sent["Message-ID"].strip("<>").partition("@")[0]
        (tmp_path / f".{name}.part").write_text("x" * 100_000)

        for _ in range(2):
            MailFolder(tmp_path).send(sent)

        [file] = tmp_path.iterdir()
        assert file.read_bytes() == sent.as_bytes()


class TestMailerOf:
    def test_is_a_folder_without_a_server(self) -> None:
        assert isinstance(mailer_of(SETTINGS), MailFolder)

    def test_is_the_configured_server(self) -> None:
        with running() as mail_server:
            settings = replace(SETTINGS, smtp_url=f"smtp://127.0.0.1:{mail_server.port}")
            mailer_of(settings).send(example_email())

        assert len(mail_server.emails) == 1
