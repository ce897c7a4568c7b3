from collections.abc import Callable

import pytest

from domain.shared.errors import NotAuthenticated, NotFound, Refusal
from handlers.contract.operations.requirements import Requirements, first_satisfied


def accept(name: str) -> Callable[[], str]:
    return lambda: name


def refuse(refusal: Refusal) -> Callable[[], str]:
    def refusing() -> str:
        raise refusal

    return refusing


SCHEMES = {
    "Session": accept("elif"),
    "Grant": accept("guest"),
    "Missing": refuse(NotAuthenticated()),
    "Bad": refuse(NotFound()),
}


def identify(name: str) -> str:
    return SCHEMES[name]()


@pytest.mark.parametrize(
    ("requirements", "identity"),
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
def test_the_first_satisfied_alternative_applies(
    requirements: Requirements, identity: str | None
) -> None:
    assert first_satisfied(requirements, identify) == identity


@pytest.mark.parametrize(
    "requirements", [(("Missing",),), (("Missing",), ("Missing",)), (("Session", "Missing"),)]
)
def test_a_request_that_satisfies_none_is_not_authenticated(requirements: Requirements) -> None:
    with pytest.raises(NotAuthenticated):
        first_satisfied(requirements, identify)


@pytest.mark.parametrize("requirements", [(("Bad",), ("Session",)), (("Session", "Bad"),)])
def test_an_invalid_credential_is_refused_despite_alternatives(requirements: Requirements) -> None:
    with pytest.raises(NotFound):
        first_satisfied(requirements, identify)
