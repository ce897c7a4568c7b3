import pytest

from domain.cancellations.reasons import list_cancellation_reasons
from domain.shared.errors import InvalidPage
from domain.shared.paging import PageRequest
from tests.support.builders import make_image, make_reason
from tests.support.cancellation_fakes import CANCEL, REFUND, FakeUnitOfWork


class TestList:
    def test_has_both_types_or_one(self) -> None:
        uow = FakeUnitOfWork()

        both = list_cancellation_reasons(None, PageRequest(), uow)
        refunds = list_cancellation_reasons(REFUND, PageRequest(), uow)

        assert [reason.pk for reason in both.entries] == [1, 2]
        assert [reason.pk for reason in refunds.entries] == [2]

    def test_has_only_active_reasons(self) -> None:
        uow = FakeUnitOfWork(reasons=[make_reason(pk=3, is_active=False)])

        assert list_cancellation_reasons(CANCEL, PageRequest(), uow).count == 1

    def test_has_no_page_past_its_end(self) -> None:
        with pytest.raises(InvalidPage):
            list_cancellation_reasons(None, PageRequest(2), FakeUnitOfWork())


def test_defaults_of_reasons_and_images() -> None:
    assert (make_reason().order, make_image().is_uploaded_by_user) == (0, True)
