from collections.abc import Callable

import pytest

from domain.shared.errors import NotAuthenticated, NotFound, Refusal
from handlers.contract.operations.requirements import Requirements, first_admitted


def let_in(name: str) -> Callable[[], str]:
    return lambda: name


def refuse(refusal: Refusal) -> Callable[[], str]:
    def refusing() -> str:
        raise refusal

    return refusing


SCHEMES = {
    "Session": let_in("elif"),
    "Grant": let_in("guest"),
    "Missing": refuse(NotAuthenticated()),
    "Bad": refuse(NotFound()),
}


def admitted_by(name: str) -> str:
    return SCHEMES[name]()


@pytest.mark.parametrize(
    ("requirements", "admitted"),
    [
        ((("Session",),), "elif"),
        ((("Session",), ("Grant",)), "elif"),
        ((("Missing",), ("Grant",)), "guest"),
        ((("Missing",), ("Missing",), ("Session",)), "elif"),
        ((("Session",), ("Bad",)), "elif"),
        ((("Session", "Grant"),), "elif"),
        ((("Session", "Missing"), ("Grant",)), "guest"),
        ((("Missing",), ()), None),
        (((), ("Session",)), None),
    ],
)
def test_the_first_alternative_that_is_met_wins(
    requirements: Requirements, admitted: str | None
) -> None:
    assert first_admitted(requirements, admitted_by) == admitted


@pytest.mark.parametrize(
    "requirements", [(("Missing",),), (("Missing",), ("Missing",)), (("Session", "Missing"),)]
)
def test_nobody_comes_in_where_none_is_met(requirements: Requirements) -> None:
    with pytest.raises(NotAuthenticated):
        first_admitted(requirements, admitted_by)


@pytest.mark.parametrize("requirements", [(("Bad",), ("Session",)), (("Session", "Bad"),)])
def test_what_is_there_and_not_good_is_refused_for_good(requirements: Requirements) -> None:
    with pytest.raises(NotFound):
        first_admitted(requirements, admitted_by)
