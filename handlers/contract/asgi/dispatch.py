"""Flask without the steps that no operation needs: dispatch costs a third less."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSessionInterface
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Map, MapAdapter, Rule

StaticRules = Mapping[str, Mapping[str, Rule]]
"""The rules of paths without a template, by path and method."""


def static_rules(rules: Iterable[Rule]) -> StaticRules:
    """The ``rules`` whose paths have no template."""
    by_path: dict[str, dict[str, Rule]] = {}
    for rule in rules:
        if not rule.arguments:
            for method in rule.methods or ():
                by_path.setdefault(rule.rule, {})[method] = rule
    return by_path


class _Sessions(SecureCookieSessionInterface):
    """Flask's, with one immutable null session for all requests."""

    def __init__(self) -> None:
        self._none = NullSession()

    def make_null_session(self, app: Flask) -> NullSession:
        return self._none


class ContractFlask(Flask):
    """A Flask application whose views are OperationViews; none is a coroutine."""

    session_interface = _Sessions()
    static_rules: StaticRules = MappingProxyType({})

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        if self._is_plain(request):
            return _Adapter(
                self.static_rules,
                self.url_map,
                request.host.lower(),
                request.root_path,
                "",
                request.scheme,
                request.path,
                request.method,
                request.environ["QUERY_STRING"],
            )
        usual = super().create_url_adapter(request)
        if usual is None:
            return None
        return _Adapter(
            self.static_rules,
            usual.map,
            usual.server_name,
            usual.script_name,
            usual.subdomain,
            usual.url_scheme,
            usual.path_info,
            usual.default_method,
            usual.query_args,
        )

    def _is_plain(self, request: Request) -> bool:
        """Whether only the request itself decides the route."""
        return (
            "HTTP_UPGRADE" not in request.environ
            and self.config["TRUSTED_HOSTS"] is None
            and self.config["SERVER_NAME"] is None
            and not self.url_map.host_matching
            and not self.url_map.default_subdomain
        )

    def preprocess_request(self) -> Any:
        if self.before_request_funcs or self.url_value_preprocessors:
            return super().preprocess_request()
        return None


class _Adapter(MapAdapter):
    """Matches paths without a template before templated ones, for any method (OpenAPI 3.1, Path
    Templating Matching). Werkzeug would try the templated path for other methods, and OPTIONS would
    list the methods of both.
    """

    def __init__(self, rules: StaticRules, url_map: Map, *arguments: Any) -> None:
        super().__init__(url_map, *arguments)
        self._static_rules = rules

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: Mapping[str, Any] | str | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, Mapping[str, Any]]:
        """Raises MethodNotAllowed, and what Werkzeug raises."""
        by_method = self._static_rules.get(path_info or self.path_info)
        if by_method is not None:
            rule = by_method.get(method or self.default_method)
            if rule is None:
                raise MethodNotAllowed(valid_methods=sorted(by_method))
            if return_rule and not self.websocket:
                return rule, {}
        return super().match(path_info, method, return_rule, query_args, websocket)  # type: ignore[call-overload, no-any-return]
