from domain.shared.paging import Page
from handlers.cli.pages import format_page
from handlers.cli.tables import table


class TestTable:
    def test_has_columns_as_wide_as_needed(self) -> None:
        assert table(("PK", "NAME"), [(1, "Ayşe"), (1000, "")]) == "PK    NAME\n1     Ayşe\n1000"

    def test_has_one_line_for_each_row(self) -> None:
        assert table(("A",), [("x\ny\x1b[2J",)]) == "A\nx y [2J"


def test_the_last_page_may_be_shorter() -> None:
    page = Page(count=41, number=3, limit=20, entries=[41])

    assert format_page(("PK",), [(41,)], page) == "PK\n41\n\n41 in all, page 3 of 3."
