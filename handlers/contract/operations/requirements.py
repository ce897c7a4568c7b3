"""Security requirements: who is let in, and by which of an operation's alternatives."""

from collections.abc import Callable
from typing import TypeVar

from domain.shared.errors import NotAuthenticated

Admitted = TypeVar("Admitted")

Requirements = tuple[tuple[str, ...], ...]
"""The alternatives of one operation, each with the names of the security schemes that it needs.

None at all means that nobody is asked; an alternative without a scheme is met by everybody.
"""


def first_admitted(
    requirements: Requirements, admitted_by: Callable[[str], Admitted]
) -> Admitted | None:
    """Whom the first alternative lets in of which every scheme admits the request.

    Of several schemes, which must all admit it, the first says who it is; an alternative without
    any lets in somebody unknown: None. ``admitted_by`` takes the name of a scheme; where that does
    not find what it needs, it raises NotAuthenticated, and the next alternative has its turn. Any
    other refusal, as of a token that is there and not good, is final.

    Raises NotAuthenticated when no alternative is met.
    """
    for requirement in requirements:
        try:
            admitted = [admitted_by(name) for name in requirement]
        except NotAuthenticated:
            continue
        return admitted[0] if admitted else None
    raise NotAuthenticated
