import pytest

from domain.accounts.current_user import current_user
from domain.shared.errors import NotAuthenticated
from tests.support.account_fakes import FakeUnitOfWork


def test_a_user_who_has_just_gone_is_nobody() -> None:
    with pytest.raises(NotAuthenticated):
        current_user(7, FakeUnitOfWork())
