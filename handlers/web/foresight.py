"""A caller and what they ask for, looked up in one statement."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from flask import g

from domain.accounts.callers import Caller
from domain.sellers.callers import SellerCaller
from domain.shared.errors import Refusal
from domain.unit_of_work import UnitOfWork
from handlers.contract.foresight import Run, upcoming
from handlers.web.request_context import parts, reading

StandIn = Caller | SellerCaller
Found = TypeVar("Found")

# No statement runs for them, and no row has such a pk. Nothing is falsy: a query of orders has no
# condition for what is.
SOME_SHOPPER = Caller(user_pk=-1, is_guest=False)
SOME_SELLER = SellerCaller(seller_pk=-1, token_pk=-1, scopes=frozenset())


def look_up(stand_in: StandIn, find: Callable[[UnitOfWork], Found]) -> Found:
    """The caller whom ``find`` finds, who is taken for ``stand_in`` until then.

    What the handler asks for first comes with that, where the handler is foreseen; its own unit of
    work goes on with this one.
    """
    run = upcoming()
    if run is None:
        with reading() as uow:
            return find(uow)
    with parts().database.foreseeing(partial(_rehearse, run, stand_in)) as uow:
        found = find(uow)
    g.begun = uow
    return found


def _rehearse(run: Run, stand_in: StandIn, uow: UnitOfWork) -> None:
    g.caller, g.begun = stand_in, uow
    try:
        run()
    except Refusal:
        pass  # it is raised again for the caller
    finally:
        g.caller = g.begun = None
