import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import pytest

from domain.accounts.one_time_tokens import Purpose
from domain.outbox import OutboxEvent, OutboxKind
from domain.trade_ins import OfferLink
from handlers.auth.one_time_links import read_token, sign_token
from handlers.auth.trade_in_links import read_link
from handlers.i18n.translations import translate
from handlers.mail.messages import UnusableAddress, build_email
from handlers.mail.texts import EMAIL_TEXTS
from tests.support.outbox_events import (
    ABOUT_OFFERS,
    ABOUT_REQUESTS,
    OFFER,
    SETTINGS,
    make_event,
    request_payload,
)


def written(event: OutboxEvent) -> EmailMessage:
    """The message as its recipient parses it."""
    sent = build_email(event, SETTINGS).as_bytes()
    return message_from_bytes(sent, policy=default)


def bodies(event: OutboxEvent) -> tuple[str, str]:
    """The text and the HTML."""
    text, html = written(event).iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content(), html.get_content()


class TestEveryEmail:
    def test_has_texts(self) -> None:
        assert set(EMAIL_TEXTS) == set(OutboxKind)

    @pytest.mark.parametrize("language", ["en-us", "tr-tr"])
    @pytest.mark.parametrize("kind", OutboxKind)
    def test_is_in_the_language_of_the_recipient(self, kind: OutboxKind, language: str) -> None:
        event = make_event(kind, language=language)
        texts = EMAIL_TEXTS[kind]

        subject = translate(texts.subject, language) % {"order_number": "1001"}
        opening = translate(texts.opening, language) % {"product": "Room Spray"}
        assert written(event)["Subject"] == subject
        for body in bodies(event):
            assert opening in body
            assert translate("Hello,", language) in body
            assert ("Merhaba" in body) is (language == "tr-tr")

    @pytest.mark.parametrize(("language", "greeting"), [(None, "Hello,"), ("tr", "Merhaba,")])
    def test_is_in_the_default_language_without_one(self, language: Any, greeting: str) -> None:
        assert greeting in bodies(make_event(language=language))[0]

    def test_has_the_headers_of_an_automatic_message(self) -> None:
        event = make_event()

        message = written(event)

        assert message["Message-ID"] == f"<{event.uuid}@shop.example>"
        assert message["From"] == "Çarşı <orders@shop.example>"
        assert message["To"] == "ayse@example.com"
        assert message["Date"].datetime == event.created_date
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content_type() == "multipart/alternative"

    def test_is_deterministic(self) -> None:
        event = make_event()

        first, second = (
            re.sub(r"=====\d+==", "", str(build_email(event, SETTINGS))) for _ in range(2)
        )

        assert first == second

    def test_can_be_sent_through_a_7_bit_server(self) -> None:
        message = build_email(make_event(language="tr-tr"), SETTINGS)

        sent = message.as_bytes(policy=SMTP.clone(cte_type="7bit", max_line_length=998))

        text = next(message_from_bytes(sent, policy=default).iter_parts())
        assert sent.isascii()
        assert "Talebinizi aldık." in text.get_content()


class TestUntrustedTexts:
    def test_can_not_add_a_header(self) -> None:
        message = written(make_event(order_number="1001\r\nBcc: eve@example.com\u2028\x00"))

        assert message["Bcc"] is None
        assert message["Subject"].endswith("order 1001 Bcc: eve@example.com")

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "ayse",
            "@example.com",
            "ayse@",
            "ayse@example.com, eve@example.com",
            "ayse@example.com\r\nBcc: eve@example.com",
            "Ayse <ayse@example.com>",
            "ayşe@example.com",
        ],
    )
    def test_can_not_add_a_recipient(self, email: str) -> None:
        with pytest.raises(UnusableAddress) as error:
            build_email(make_event(email=email), SETTINGS)

        assert "ayse" not in repr(error.value)

    @pytest.mark.parametrize("kind", [ABOUT_REQUESTS[0], *ABOUT_OFFERS])
    def test_are_escaped_in_html(self, kind: OutboxKind) -> None:
        name = "<b>Tea\n& co</b>"
        text, html = bodies(
            make_event(kind, product=name, requests=[request_payload(product=name)])
        )

        assert "<b>Tea & co</b>" in text
        assert "&lt;b&gt;Tea &amp; co&lt;/b&gt;" in html
        assert "<b>" not in html


class TestRequests:
    @pytest.mark.parametrize("body", [0, 1])
    def test_are_listed(self, body: int) -> None:
        second = request_payload(product="Towel", quantity=1, cancellation_type="cancel")

        text = bodies(make_event(requests=[request_payload(), second]))[body]

        assert "2 × Room Spray (Refund)" in text
        assert "1 × Towel (Cancellation)" in text
        assert text.count("Expected refund: 1,234.50 TL") == 2

    @pytest.mark.parametrize(
        ("currency", "amount", "expected"),
        [("try", "1234.50", "1.234,50 TL"), ("iqd", "7.125", "7,125 IQD")],
    )
    def test_have_amounts_in_the_format_of_the_language(
        self, currency: str, amount: str, expected: str
    ) -> None:
        requests = [request_payload(refund_amount=amount)]

        text, _ = bodies(make_event(language="tr", currency=currency, requests=requests))

        assert f"Beklenen iade tutarı: {expected}" in text

    def test_mention_loyalty_money(self) -> None:
        requests = [request_payload(fully_refund_as_loyalty_money=True)]

        text, _ = bodies(make_event(OutboxKind.CANCELLATION_COMPLETED, requests=requests))

        assert "Refund, as loyalty money: 1,234.50 TL" in text

    @pytest.mark.parametrize(
        ("kind", "amount"),
        [(OutboxKind.CANCELLATION_RECEIVED, "0.00"), (OutboxKind.CANCELLATION_REJECTED, "9.90")],
    )
    def test_have_no_amount_without_a_refund(self, kind: OutboxKind, amount: str) -> None:
        for body in bodies(make_event(kind, requests=[request_payload(refund_amount=amount)])):
            assert " TL" not in body


class TestOffer:
    @pytest.mark.parametrize("body", [0, 1])
    def test_has_a_link_to_the_page_only(self, body: int) -> None:
        text = bodies(make_event(OutboxKind.TRADE_IN_OFFERED))[body]

        [link] = re.findall(r"https?://[^\s\"]+", text)
        path, token = link.split("?token=")
        assert path == "https://shop.example/api/users/order_item/42/tradein/"
        for operation_id in ("showTradeInOffer", "answerTradeInOffer"):
            assert read_link(token, operation_id, SETTINGS) == OfferLink(OFFER)

    @pytest.mark.parametrize(
        ("language", "moment"), [("en", "8 March 2026 12:00 UTC"), ("tr", "8 Mart 2026 12:00 UTC")]
    )
    def test_has_its_expiry(self, language: str, moment: str) -> None:
        for body in bodies(make_event(OutboxKind.TRADE_IN_OFFERED, language=language)):
            assert moment in body

    @pytest.mark.parametrize("kind", ABOUT_OFFERS[1:])
    def test_has_no_links_after_the_answer(self, kind: OutboxKind) -> None:
        assert not any("http" in body for body in bodies(make_event(kind)))

    def test_links_to_the_server_itself_without_a_public_url(self) -> None:
        event = make_event(OutboxKind.TRADE_IN_OFFERED)

        message = build_email(event, replace(SETTINGS, public_url="", port=9000))

        assert b"http://127.0.0.1:9000/users/order_item/42/" in message.as_bytes()


class TestAccounts:
    LINK = "https://shop.example/api/users/password/"

    @pytest.mark.parametrize("body", [0, 1])
    def test_reset_has_a_link_with_a_signed_token(self, body: int) -> None:
        event = make_event(OutboxKind.PASSWORD_RESET)

        text = bodies(event)[body]

        token = sign_token(event.uuid, Purpose.PASSWORD_RESET, SETTINGS)
        assert f"{self.LINK}?token={token}" in text
        assert read_token(token, Purpose.PASSWORD_RESET, SETTINGS) == event.uuid
        assert "until 1 March 2026 13:00 UTC" in text
        assert "order" not in text.lower()

    @pytest.mark.parametrize("body", [0, 1])
    def test_change_has_a_link_without_a_token(self, body: int) -> None:
        text = bodies(make_event(OutboxKind.PASSWORD_CHANGED))[body]

        assert f"{self.LINK}reset/" in text
        assert "token" not in text
