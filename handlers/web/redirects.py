"""Where browsers are sent on to."""

import re
from urllib.parse import quote

from flask import Response

_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_AS_THEY_ARE = "/?%:@!$&'()*+,;=-._~"


def see_other(path: str) -> Response:
    """Sends the browser on to a path of this server, by 303."""
    return Response(status=303, headers={"Location": as_uri(path)})


def as_uri(path: str) -> str:
    """The path, with its query and fragment, as a URI reference.

    What can't stand in one is percent-encoded (RFC 3986, section 2).
    """
    before, hash_sign, fragment = _BARE_PERCENT.sub("%25", path).partition("#")
    return quote(before, _AS_THEY_ARE) + hash_sign + quote(fragment, _AS_THEY_ARE)
