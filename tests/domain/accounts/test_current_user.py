import pytest

from domain.accounts.current_user import current_user
from domain.shared.errors import NotAuthenticated
from tests.support.account_fakes import FakeUnitOfWork


def test_a_user_who_was_just_deleted_is_not_authenticated() -> None:
    with pytest.raises(NotAuthenticated):
        current_user(7, FakeUnitOfWork())
