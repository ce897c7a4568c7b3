"""Operations of openapi/documentation.yaml: the contract as files and as pages."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, render_template, request, send_from_directory
from werkzeug.http import generate_etag

from handlers.context import current_contract
from handlers.contract.bundle import Contract, to_json, to_yaml

_ASSETS = Path(__file__).with_name("static") / "documentation"
# By name, since the machine's own tables of media types differ.
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}


def get_contract_json() -> Response:
    return _contract_file(to_json, "application/json")


def get_contract_yaml() -> Response:
    return _contract_file(to_yaml, "application/yaml")


def show_swagger_ui() -> Response:
    return _page("swagger.html")


def show_redoc() -> Response:
    return _page("redoc.html")


def get_documentation_asset(*, name: str) -> Response:
    response = send_from_directory(
        _ASSETS,
        name,
        mimetype=_MEDIA_TYPES[Path(name).suffix],
        conditional=False,  # no ranges: the contract has none
        etag=_fingerprint(name),
    )
    # The pages ask for each file by its fingerprint, so a changed file is a new address.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return _unless_known(response)


def _contract_file(write: Callable[[Contract], bytes], media_type: str) -> Response:
    body, etag = _published(current_contract(), write)
    response = Response(body, content_type=media_type)
    response.set_etag(etag)
    response.headers["Cache-Control"] = "no-cache"
    return _unless_known(response)


@cache
def _published(contract: Contract, write: Callable[[Contract], bytes]) -> tuple[bytes, str]:
    """The document as bytes and their entity tag, made once."""
    body = write(contract)
    return body, generate_etag(body)


def _page(template: str) -> Response:
    page = render_template(template, asset_url=_asset_url)
    return Response(page, headers={"Cache-Control": "no-cache", "Content-Language": "en"})


def _asset_url(name: str) -> str:
    return f"/docs/assets/{name}?v={_fingerprint(name)}"


@cache
def _fingerprint(name: str) -> str:
    return sha256((_ASSETS / name).read_bytes()).hexdigest()[:16]


def _unless_known(response: Response) -> Response:
    """304 where the client has just this already."""
    tag, _ = response.get_etag()
    if not request.if_none_match.contains_weak(tag or ""):
        return response
    response.close()
    headers = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
    return Response(status=304, headers=headers)
