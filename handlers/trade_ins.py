"""Operations of openapi/trade_ins.yaml."""

from collections.abc import Callable
from typing import Any

from flask import Response, request

from domain import trade_ins
from domain.accounts.callers import Caller
from domain.orders.trade_in_offers import TradeInOffer
from domain.shared.errors import Conflict, Forbidden, Gone
from domain.trade_ins import OfferDetails, OfferPrincipal
from domain.unit_of_work import UnitOfWork
from handlers.auth.navigation import is_from_elsewhere
from handlers.auth.session_cookies import csrf_token, give_csrf_token
from handlers.auth.session_keys import is_by_key
from handlers.contract.operations.responses import Reply
from handlers.http.media_types import FORM
from handlers.http.negotiation import prefers_html
from handlers.i18n.labels import mark
from handlers.web.pages import message_response, trade_in_page
from handlers.web.request_context import offer_principal, reading, record, settings, write

Decide = Callable[[int, OfferPrincipal, UnitOfWork], TradeInOffer]

_APPROVED = mark("Your approval has been sent.")
_REJECTED = mark("Your rejection has been sent.")
_ANSWERS: dict[str, Decide] = {
    "approve": trade_ins.approve_trade_in,
    "reject": trade_ins.reject_trade_in,
}


class ConfirmationRequired(Forbidden):
    """Another site may have made the browser send the request."""

    message = "The request comes from another site and has to be confirmed."
    code = "confirmation_required"


def show_trade_in_offer(pk: int) -> Response | Reply:
    offer = _shown(pk)
    if prefers_html(request.headers.get("Accept", "")):
        return _page(offer, 200)
    return Reply(200, record("TradeInOffer", offer))


def answer_trade_in_offer(pk: int, body: dict[str, Any]) -> Response | Reply:
    is_form = request.mimetype == FORM
    try:
        _answer(pk, _ANSWERS[body["answer"]])
    except (Conflict, Gone):
        if not is_form:
            raise
        # The page shows the state of the offer.
    if is_form:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        return Response(status=303, headers={"Location": f"../tradein/{query}"})
    return Reply(200, record("TradeInOffer", _shown(pk)))


def approve_trade_in(pk: int) -> Response | Reply:
    return _follow(pk, trade_ins.approve_trade_in, _APPROVED)


def reject_trade_in(pk: int) -> Response | Reply:
    return _follow(pk, trade_ins.reject_trade_in, _REJECTED)


def _follow(pk: int, decide: Decide, message: str) -> Response | Reply:
    """Answer by a link; with a session's cookie, only if no other site sent the browser."""
    if _has_cookie() and is_from_elsewhere(request, settings()):
        if not prefers_html(request.headers.get("Accept", "")):
            raise ConfirmationRequired
        return _page(_shown(pk), 403)
    _answer(pk, decide)
    return message_response(message)


def _answer(pk: int, decide: Decide) -> None:
    write(lambda uow: decide(pk, offer_principal(), uow))


def _shown(pk: int) -> OfferDetails:
    with reading() as uow:
        return trade_ins.show_trade_in_offer(pk, offer_principal(), uow)


def _page(offer: OfferDetails, status: int) -> Response:
    """With a session's cookie, the form has its CSRF token; a link has its own token."""
    if not _has_cookie():
        return trade_in_page(offer, status=status)
    token = csrf_token(request, settings())
    response = trade_in_page(offer, token, status)
    give_csrf_token(response, token, request, settings())
    return response


def _has_cookie() -> bool:
    return isinstance(offer_principal(), Caller) and not is_by_key(request)
