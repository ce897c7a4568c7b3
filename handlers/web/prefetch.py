"""Looks a caller up together with the rows that the handler reads first, in one statement."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from domain.accounts.callers import Caller
from domain.sellers.callers import SellerCaller
from domain.shared.errors import Refusal
from domain.unit_of_work import UnitOfWork
from handlers.contract.asgi.prefetch import Run, pending_read
from handlers.http.current import request_state
from handlers.web.request_context import parts, reading, standby_reader

StandIn = Caller | SellerCaller
CallerT = TypeVar("CallerT")

# Placeholders: no statement runs for them, and no row has these pks. No value is falsy, since
# queries of orders omit the condition for a falsy value.
SOME_SHOPPER = Caller(user_pk=-1, is_guest=False)
SOME_SELLER = SellerCaller(seller_pk=-1, token_pk=-1, scopes=frozenset())


def look_up(
    stand_in: StandIn,
    find: Callable[[UnitOfWork], CallerT],
    credential: str | None,
    *,
    is_cookie: bool,
) -> CallerT:
    """The caller that ``find`` returns, by its ``credential``.

    A handler that is marked `prefetched` runs with ``stand_in`` first, and its first statement is
    joined to the look-up. The handler's own unit of work continues this one, on the same server.
    """
    run, reader = pending_read(), standby_reader(credential, is_cookie=is_cookie)
    if run is None and reader is None:
        with reading() as uow:
            return find(uow)
    read = None if run is None else partial(_record, run, stand_in)
    with parts().database.prefetching(read, reader) as uow:
        caller = find(uow)
    request_state().begun = uow
    return caller


def _record(run: Run, stand_in: StandIn, uow: UnitOfWork) -> None:
    state = request_state()
    state.caller, state.begun = stand_in, uow
    try:
        run()
    except Refusal:
        pass  # it is raised again for the caller
    finally:
        state.caller = state.begun = None
