"""Builds the e-mail for an outbox event from `texts.py`, in the recipient's language."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.accounts.one_time_tokens import Purpose
from domain.accounts.password_resets import LIFETIME
from domain.outbox import OutboxEvent, OutboxKind
from domain.shared.money import Currency
from domain.trade_ins import OfferLink
from handlers.adapters.plain_text import one_line
from handlers.auth.one_time_links import sign_token
from handlers.auth.trade_in_links import offer_links
from handlers.i18n.translations import choose_language, label, moment_text, translate
from handlers.mail.texts import EMAIL_TEXTS, EmailTexts
from handlers.settings import Settings

# Texts stay unencoded, so that a message in a file is readable and its links can be copied; the
# SMTP transport encodes them for old servers. A line may have 998 octets (RFC 5322).
_POLICY = SMTP.clone(max_line_length=998)
_ABOUT_ACCOUNTS = {OutboxKind.PASSWORD_RESET, OutboxKind.PASSWORD_CHANGED}


class UnusableAddress(ValueError):
    """The recipient is not one valid address. The error does not contain it."""


def build_email(event: OutboxEvent, settings: Settings) -> EmailMessage:
    """The e-mail for ``event``, as text and HTML.

    Its Message-ID is the event's UUID at the sender's domain, and its Date the event's, so a
    second attempt sends the same message. Raises UnusableAddress.
    """
    payload, texts = event.payload, EMAIL_TEXTS[event.kind]
    localizer = _Localizer(choose_language(payload["language"] or "", settings.default_language))
    order_number = one_line(payload.get("order_number", ""))
    message = EmailMessage(policy=_POLICY)
    message["Message-ID"] = f"<{event.uuid}@{settings.mail_domain}>"
    message["Date"] = event.created_date
    message["From"] = settings.mail_from
    message["To"] = _recipient(payload["email"])
    message["Subject"] = localizer.text(texts.subject, order_number=order_number)
    message["Auto-Submitted"] = "auto-generated"
    values = {
        "language": localizer.language,
        "subject": str(message["Subject"]),
        "order_number": order_number,
        "_": localizer.text,
        **_content(event, texts, localizer, settings),
    }
    text = _templates().get_template(f"{texts.template}.txt").render(values)
    html = _templates().get_template(f"{texts.template}.html").render(values)
    message.set_content(text, cte="8bit")
    message.add_alternative(html, subtype="html", cte="8bit")
    return message


class _Localizer:
    """Formats texts, amounts and times in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = language.partition("-")[0]

    def text(self, text: str, **values: str) -> str:
        return translate(text, self.language) % values

    def amount(self, amount: str, currency: Currency) -> str:
        # The number of decimals is the currency's by ISO 4217: Babel's locales round some.
        number = format_decimal(
            Decimal(amount), "#,##0." + "0" * currency.exponent, locale=self._locale
        )
        return f"{number} {label('currency', currency, self.language)}"

    def moment(self, moment: datetime) -> str:
        return moment_text(moment, self.language)


def _content(
    event: OutboxEvent, texts: EmailTexts, localizer: _Localizer, settings: Settings
) -> dict[str, Any]:
    """The values for the template of the kind, besides those of the layout."""
    payload = event.payload
    if event.kind in _ABOUT_ACCOUNTS:
        return {"opening": localizer.text(texts.opening), **_account(event, localizer, settings)}
    if texts.template == "requests":
        lines = [_request(request, payload, texts, localizer) for request in payload["requests"]]
        return {"opening": localizer.text(texts.opening), "lines": lines}
    opening = localizer.text(texts.opening, product=one_line(payload["product"]))
    if texts.template != "offer":
        return {"opening": opening}
    expires = datetime.fromisoformat(payload["expires_date"])
    offer = OfferLink(UUID(payload["offer"]))
    # Mail scanners follow links, so link to the page only: opening it changes nothing.
    page = offer_links(int(payload["order_item"]), offer, settings).page
    return {"opening": opening, "expires": localizer.moment(expires), "page": page}


def _account(event: OutboxEvent, localizer: _Localizer, settings: Settings) -> dict[str, Any]:
    """The link. Its token is signed here, so that no database stores it."""
    page = f"{settings.base_url}/users/password/"
    if event.kind is OutboxKind.PASSWORD_CHANGED:
        return {"link": f"{page}reset/"}
    token = sign_token(event.uuid, Purpose.PASSWORD_RESET, settings)
    expires = localizer.moment(event.created_date + LIFETIME)
    return {"link": f"{page}?token={token}", "expires": expires}


def _request(
    request: Mapping[str, Any], payload: Mapping[str, Any], texts: EmailTexts, localizer: _Localizer
) -> dict[str, Any]:
    refund = texts.loyalty_refund if request["fully_refund_as_loyalty_money"] else texts.refund
    if refund and Decimal(request["refund_amount"]):
        amount = localizer.amount(request["refund_amount"], Currency(payload["currency"]))
        refund = localizer.text(refund, amount=amount)
    else:
        refund = ""
    return {
        "quantity": request["quantity"],
        "product": one_line(request["product"]),
        "kind": label("cancellation_type", request["cancellation_type"], localizer.language),
        "refund": refund,
    }


def _recipient(email: str) -> Address:
    """Exactly one address, or UnusableAddress: the text is not trusted."""
    try:
        return Address(addr_spec=email)
    except (ValueError, IndexError, MessageError):
        raise UnusableAddress from None


@cache
def _templates() -> Environment:
    folder = Path(__file__).parents[1] / "templates" / "mail"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
