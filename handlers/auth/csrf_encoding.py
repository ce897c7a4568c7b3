"""The encoding of CSRF tokens: a nonce of 16 bytes, and signatures of it of 32 bytes, in hex.

Clients of the platform read a token with `\\w+`. An earlier version wrote the same parts in
base64url with dots between them; such a token is valid as long as its cookie lasts, with the same
nonce in either form.
"""

import re
from collections.abc import Sequence

from itsdangerous.encoding import base64_decode, base64_encode

_TOKEN = re.compile(r"([0-9a-f]{32})((?:[0-9a-f]{64})+)")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


def write_token(nonce: str, signatures: Sequence[str]) -> str:
    """The token of these parts, which are in base64url."""
    return "".join(base64_decode(part).hex() for part in (nonce, *signatures))


def read_token(token: str) -> tuple[str, list[str]]:
    """The nonce and the signatures of a token, in base64url; both empty for an invalid token."""
    if "." in token:
        nonce, *signatures = token.split(".")
        return nonce, signatures
    match = _TOKEN.fullmatch(token)
    if match is None:
        return "", []
    return _from_hex(match[1]), [_from_hex(signature) for signature in _SIGNATURE.findall(match[2])]


def _from_hex(part: str) -> str:
    return base64_encode(bytes.fromhex(part)).decode()
