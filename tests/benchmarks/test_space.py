import pytest

from benchmarks.space import Table, print_sizes


def test_sums_tables(capsys: pytest.CaptureFixture[str]) -> None:
    tables = [
        Table("orders", rows=10, total=8000, indexes=2000, toast=1000),
        Table("users", rows=2, total=100, indexes=40, toast=0),
        Table("banks", rows=1, total=80, indexes=20, toast=10),
    ]

    print_sizes("orders", 10, tables)

    assert capsys.readouterr().out.splitlines()[3:] == [
        "| orders | 1.00 | 800 | 500 | 200 | 100 |",
        "| all others | | 18 | 11 | 6 | 1 |",
        "| **together** | | 818 | 511 | 206 | 101 |",
    ]
