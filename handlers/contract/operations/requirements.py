"""Security requirements: which alternative of an operation authenticates a request."""

from collections.abc import Callable
from typing import TypeVar

from domain.shared.errors import NotAuthenticated

Identity = TypeVar("Identity")

Requirements = tuple[tuple[str, ...], ...]
"""The alternatives of one operation, each with the names of the security schemes that it needs.

An empty list makes the operation public; an alternative with no scheme accepts anonymous callers.
"""


def first_satisfied(
    requirements: Requirements, identify: Callable[[str], Identity]
) -> Identity | None:
    """The identity by the first alternative whose schemes all accept the request.

    Of several schemes the first gives the identity; an alternative with no scheme gives None.
    ``identify`` takes the name of a scheme. Where it raises NotAuthenticated, the next alternative
    is tried; any other refusal is final, such as that of a token without a scope.

    Raises NotAuthenticated when no alternative is satisfied.
    """
    for requirement in requirements:
        try:
            identities = [identify(name) for name in requirement]
        except NotAuthenticated:
            continue
        return identities[0] if identities else None
    raise NotAuthenticated
