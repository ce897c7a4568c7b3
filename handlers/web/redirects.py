"""Redirects."""

import re
from urllib.parse import quote

from flask import Response

_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_AS_THEY_ARE = "/?%:@!$&'()*+,;=-._~"


def see_other(path: str) -> Response:
    """A 303 redirect to a path of this server."""
    return Response(status=303, headers={"Location": as_uri(path)})


def as_uri(path: str) -> str:
    """The path, with its query and fragment, as a URI reference.

    Characters that are not allowed in one are percent-encoded (RFC 3986, section 2).
    """
    before, hash_sign, fragment = _BARE_PERCENT.sub("%25", path).partition("#")
    return quote(before, _AS_THEY_ARE) + hash_sign + quote(fragment, _AS_THEY_ARE)
