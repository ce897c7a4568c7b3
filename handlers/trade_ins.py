"""Operations of openapi/trade_ins.yaml."""

from flask import Response

from domain import trade_ins
from handlers.context import answerer, write
from handlers.contract.responses import Reply
from handlers.labels import mark
from handlers.pages import told

_APPROVED = mark("Your approval has been sent.")
_REJECTED = mark("Your rejection has been sent.")


def approve_trade_in(pk: int) -> Response | Reply:
    write(lambda uow: trade_ins.approve_trade_in(pk, answerer(), uow))
    return told(_APPROVED)


def reject_trade_in(pk: int) -> Response | Reply:
    write(lambda uow: trade_ins.reject_trade_in(pk, answerer(), uow))
    return told(_REJECTED)
