"""Who may use an operation, by the security requirements of the contract."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain

from flask import Request

from domain.accounts import sessions
from domain.accounts.callers import Caller
from domain.sellers.callers import (
    AnyScope,
    Scope,
    SellerCaller,
    ShopCaller,
    ShopScope,
    TokenCaller,
    require_scope,
)
from domain.sellers.tokens import authenticate_token, record_use
from domain.shared.errors import NotAuthenticated
from domain.trade_ins import OfferLink, OfferPrincipal
from handlers.auth.bearer_tokens import BEARER_HEADERS, SHOP_SCHEME, bearer_value
from handlers.auth.order_grants import grant_value, granted_caller
from handlers.auth.session_cookies import (
    CSRF_FIELDS,
    check_csrf,
    is_safe,
    session_value,
    shown_credential,
)
from handlers.auth.session_keys import KEY_SCHEME, is_by_key, shown_key
from handlers.auth.trade_in_links import read_link
from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.requirements import first_satisfied
from handlers.http.current import current_request, request_state
from handlers.http.exchange import exchange_of
from handlers.http.request_body import content_of
from handlers.settings import Settings
from handlers.web.prefetch import SOME_SELLER, SOME_SHOPPER, look_up
from handlers.web.request_context import settings, write_best_effort


@dataclass(frozen=True)
class _Credential:
    """A kind of credential in a cookie or key: how to read the cookie and find the owner."""

    in_cookie: Callable[[Request, Settings], str | None]
    owner: Callable[[str | None], Caller]

    def authenticate(self, value: str | None) -> Caller:
        """The owner of ``value``. Raises NotAuthenticated."""
        caller = self.owner(value)
        request_state().credential = value
        return caller


def _shopper(value: str | None) -> Caller:
    find = partial(sessions.authenticate, value)
    return look_up(SOME_SHOPPER, find, value, is_cookie=not is_by_key(current_request()))


def _guest(value: str | None) -> Caller:
    return granted_caller(value, settings())


_CREDENTIALS = {
    "SessionCookie": _Credential(session_value, _shopper),
    "OrderGrant": _Credential(grant_value, _guest),
}


def _cookie(_operation: Operation, credential: _Credential) -> Caller:
    """A key overrides the cookie: clients set keys on purpose, browsers send cookies unasked."""
    request = current_request()
    if is_by_key(request):
        raise NotAuthenticated
    return credential.authenticate(credential.in_cookie(request, settings()))


def _key(operation: Operation) -> Caller:
    """A key is accepted wherever the cookie of the same value is."""
    value = shown_key(current_request())
    for scheme in chain.from_iterable(operation.security):
        if scheme in _CREDENTIALS:
            try:
                return _CREDENTIALS[scheme].authenticate(value)
            except NotAuthenticated:
                continue
    raise NotAuthenticated


def _link(operation: Operation) -> OfferLink:
    token = current_request().args.get("token")
    if token is None:
        raise NotAuthenticated
    return read_link(token, operation.operation_id, settings())


def _bearer(operation: Operation, header: str, kind: type[TokenCaller]) -> TokenCaller:
    token = bearer_value(header)
    caller = look_up(SOME_SELLER, partial(authenticate_token, token), token, is_cookie=False)
    if not caller.is_use_recorded:
        # Recording the use is best effort: reads must work while the database is not writable.
        write_best_effort(lambda uow: record_use(caller, uow))
    for scope in sorted(operation.scopes):
        require_scope(caller, _SCOPES[scope])
    if not isinstance(caller, kind):
        raise NotAuthenticated
    return caller


_SCOPES: dict[str, AnyScope] = {scope.value: scope for scope in (*Scope, *ShopScope)}
_SCHEMES: dict[str, Callable[[Operation], OfferPrincipal | TokenCaller]] = {
    **{name: partial(_cookie, credential=value) for name, value in _CREDENTIALS.items()},
    KEY_SCHEME: _key,
    "TradeInToken": _link,
    **{
        scheme: partial(
            _bearer, header=header, kind=ShopCaller if scheme == SHOP_SCHEME else SellerCaller
        )
        for scheme, header in BEARER_HEADERS.items()
    },
}


def check_schemes(contract: Contract, operations: Iterable[Operation]) -> None:
    """Raises ContractError where an operation needs a security scheme that is not checked here, a
    key without a cookie of the same value, or a scope that no token can have."""
    for operation in operations:
        place = contract.origin(f"{operation.pointer}/security")
        schemes = set(chain.from_iterable(operation.security))
        if unknown := sorted(schemes.difference(_SCHEMES)):
            raise ContractError(f"{place}: nothing checks the security scheme {unknown[0]}")
        if KEY_SCHEME in schemes and not schemes & _CREDENTIALS.keys():
            raise ContractError(f"{place}: no cookie has the value of a key")
        if unknown := sorted(operation.scopes.difference(_SCOPES)):
            raise ContractError(f"{place}: no token has the scopes {unknown}")
        # Callers may do the same, whichever alternative authenticates them.
        if len(set(operation.scopes_by_scheme.values())) > 1:
            raise ContractError(f"{place}: each scheme needs the same scopes")


def authenticate(operation: Operation) -> None:
    """Find the caller, and store caller and operation for `handlers.web.request_context`.

    Raises NotAuthenticated where no alternative of the contract's security is satisfied, Forbidden
    for a token without the scope, and CsrfFailed for a request that may be forged: browsers send
    cookies by themselves, but never tokens and keys.
    """
    request, state = current_request(), request_state()
    state.operation = operation
    if not operation.security:
        return
    state.credential = None
    caller = state.caller = first_satisfied(
        operation.security, lambda name: _SCHEMES[name](operation)
    )
    if (exchange := exchange_of(request.environ)) is not None:
        exchange.caller = caller
    if not is_safe(request) and not isinstance(caller, TokenCaller | OfferLink):
        # In public operations, the CSRF token is bound to the cookie of the request.
        credential = state.credential or shown_credential(request, settings())
        check_csrf(request, credential, settings(), _form_token(operation))


def _form_token(operation: Operation) -> str:
    """The CSRF token of a form; empty for operations whose body has no field for it."""
    body, content = operation.body, content_of(current_request().environ)
    fields = [name for name in CSRF_FIELDS if body is not None and body.has_field(name)]
    return next(filter(None, map(content.field, fields)), "")
