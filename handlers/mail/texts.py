"""The texts of e-mails in English; the catalogues have the other languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.outbox import OutboxKind
from handlers.i18n.labels import mark


@dataclass(frozen=True, slots=True)
class EmailTexts:
    """The texts of one kind of e-mail, and the name of its ``template``.

    Placeholders: ``order_number`` in the subject of an e-mail about an order, ``product`` in the
    opening of one about an offer, ``amount`` (with currency) in ``refund`` and ``loyalty_refund``.
    The latter two are for requests; without them the e-mail mentions no money.
    """

    template: str
    subject: str
    opening: str
    refund: str = ""
    loyalty_refund: str = ""


EMAIL_TEXTS: Mapping[OutboxKind, EmailTexts] = {
    OutboxKind.CANCELLATION_RECEIVED: EmailTexts(
        template="requests",
        subject=mark("We have received your request for order %(order_number)s"),
        opening=mark("We have received your request. We will write again once it is decided."),
        refund=mark("Expected refund: %(amount)s"),
        loyalty_refund=mark("Expected refund, as loyalty money: %(amount)s"),
    ),
    OutboxKind.CANCELLATION_APPROVED: EmailTexts(
        template="requests",
        subject=mark("Your request for order %(order_number)s has been approved"),
        opening=mark("We have approved your request. We will write again once it is completed."),
        refund=mark("Refund: %(amount)s"),
        loyalty_refund=mark("Refund, as loyalty money: %(amount)s"),
    ),
    OutboxKind.CANCELLATION_REJECTED: EmailTexts(
        template="requests",
        subject=mark("Your request for order %(order_number)s has been rejected"),
        opening=mark("Unfortunately we can not approve your request. Your order stays as it was."),
    ),
    OutboxKind.CANCELLATION_COMPLETED: EmailTexts(
        template="requests",
        subject=mark("Your request for order %(order_number)s is completed"),
        opening=mark("Your request is completed."),
        refund=mark("Refund: %(amount)s"),
        loyalty_refund=mark("Refund, as loyalty money: %(amount)s"),
    ),
    OutboxKind.ITEM_REJECTED: EmailTexts(
        template="requests",
        subject=mark("A product of your order %(order_number)s can not be delivered"),
        opening=mark(
            "Unfortunately the seller can not deliver this product, and we have cancelled it."
            " We will write again once that is completed."
        ),
        refund=mark("Refund: %(amount)s"),
        loyalty_refund=mark("Refund, as loyalty money: %(amount)s"),
    ),
    OutboxKind.TRADE_IN_OFFERED: EmailTexts(
        template="offer",
        subject=mark("A trade-in offer for your order %(order_number)s"),
        opening=mark("We offer to take this product in trade: %(product)s"),
    ),
    OutboxKind.TRADE_IN_APPROVED: EmailTexts(
        template="answered_offer",
        subject=mark("You have accepted the trade-in offer for your order %(order_number)s"),
        opening=mark("You have accepted our trade-in offer for this product: %(product)s"),
    ),
    OutboxKind.TRADE_IN_REJECTED: EmailTexts(
        template="answered_offer",
        subject=mark("You have rejected the trade-in offer for your order %(order_number)s"),
        opening=mark("You have rejected our trade-in offer for this product: %(product)s"),
    ),
    OutboxKind.PASSWORD_RESET: EmailTexts(
        template="password_reset",
        subject=mark("Set your password"),
        opening=mark("You have asked for a link to set the password of your account."),
    ),
    OutboxKind.PASSWORD_CHANGED: EmailTexts(
        template="password_changed",
        subject=mark("Your password has been changed"),
        opening=mark("The password of your account has been changed. All devices are logged out."),
    ),
}
