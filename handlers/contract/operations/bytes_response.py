"""A response whose body is bytes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Werkzeug rewrites them.
_ADJUSTED = frozenset({"location", "content-location"})


class BytesResponse(Response):
    """Sent without Werkzeug's copies, unless its headers need adjusting."""

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        headers = self.headers.to_wsgi_list()
        if not self._is_final(environ, {name.lower() for name, _ in headers}):
            return super().__call__(environ, start_response)
        start_response(self.status, headers)
        body: Any = self.response
        return body  # type: ignore[no-any-return]  # a list of bytes

    def _is_final(self, environ: "WSGIEnvironment", names: set[str]) -> bool:
        return (
            environ["REQUEST_METHOD"] != "HEAD"
            and self.status_code not in {204, 304}
            and "content-length" in names
            and _ADJUSTED.isdisjoint(names)
            and not self._on_close
        )
