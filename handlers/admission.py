"""Who may use an operation: what the contract's security asks for, before anything else."""

from collections.abc import Callable, Iterable
from itertools import chain

from flask import g, request

from domain.callers import Caller
from domain.sessions import authenticate
from handlers.context import reading, settings
from handlers.contract.bundle import Contract, ContractError
from handlers.contract.operations import Operation
from handlers.contract.requirements import first_admitted
from handlers.security import check_csrf, session_value


def _shopper() -> Caller:
    with reading() as uow:
        return authenticate(session_value(request, settings()), uow)


_SCHEMES: dict[str, Callable[[], Caller]] = {"SessionCookie": _shopper}


def check_schemes(contract: Contract, operations: Iterable[Operation]) -> None:
    """Raises ContractError where an operation asks for a security scheme that nobody checks."""
    for operation in operations:
        for scheme in chain.from_iterable(operation.security):
            if scheme not in _SCHEMES:
                place = contract.origin(f"{operation.pointer}/security")
                raise ContractError(f"{place}: nothing checks the security scheme {scheme}")


def admit(operation: Operation) -> None:
    """Let the caller in, and keep who it is for `handlers.context.caller`.

    Raises NotAuthenticated where no alternative of the contract's security is met, and CsrfFailed
    for a request that may be forged: browsers send cookies by themselves.
    """
    if operation.security:
        g.caller = first_admitted(operation.security, _SCHEMES)
        check_csrf(request, settings())
