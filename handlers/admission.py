"""Who may use an operation: what the contract's security asks for, before anything else."""

from collections.abc import Callable, Iterable
from itertools import chain

from flask import g, request

from domain.callers import Caller
from domain.errors import NotAuthenticated
from domain.sessions import authenticate
from domain.trade_ins import Answerer, OfferLink
from handlers.context import reading, settings
from handlers.contract.bundle import Contract, ContractError
from handlers.contract.operations import Operation
from handlers.contract.requirements import first_admitted
from handlers.grants import granted_caller
from handlers.security import check_csrf, session_value
from handlers.trade_in_links import read_link


def _shopper(_operation: Operation) -> Caller:
    with reading() as uow:
        return authenticate(session_value(request, settings()), uow)


def _guest(_operation: Operation) -> Caller:
    return granted_caller(request, settings())


def _link(operation: Operation) -> OfferLink:
    token = request.args.get("token")
    if token is None:
        raise NotAuthenticated
    return read_link(token, operation.operation_id, settings())


_SCHEMES: dict[str, Callable[[Operation], Answerer]] = {
    "SessionCookie": _shopper,
    "OrderGrant": _guest,
    "TradeInToken": _link,
}


def check_schemes(contract: Contract, operations: Iterable[Operation]) -> None:
    """Raises ContractError where an operation asks for a security scheme that nobody checks."""
    for operation in operations:
        for scheme in chain.from_iterable(operation.security):
            if scheme not in _SCHEMES:
                place = contract.origin(f"{operation.pointer}/security")
                raise ContractError(f"{place}: nothing checks the security scheme {scheme}")


def admit(operation: Operation) -> None:
    """Let the caller in, and keep for `handlers.context` who it is at which operation.

    Raises NotAuthenticated where no alternative of the contract's security is met, and CsrfFailed
    for a request that may be forged: browsers send cookies by themselves.
    """
    g.operation = operation
    if operation.security:
        g.caller = first_admitted(operation.security, lambda name: _SCHEMES[name](operation))
        check_csrf(request, settings())
