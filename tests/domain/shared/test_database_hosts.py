"""The hosts in URLs of PostgreSQL."""

import pytest

from domain.shared.database_hosts import Host, split_hosts

TWO = (Host("h1", "5432"), Host("h2", "5433"))


@pytest.mark.parametrize(
    ("url", "hosts", "rest"),
    [
        ("postgres:///shop", (Host(""),), "postgres:///shop"),
        ("postgresql://h1/shop", (Host("h1"),), "postgresql:///shop"),
        ("postgresql://h1:5432,h2:5433/shop", TWO, "postgresql:///shop"),
        ("postgresql://me:p%40ss@h1:5432,h2:5433", TWO, "postgresql://me:p%40ss@"),
        ("postgresql:///shop?host=h1:5432&host=h2:5433", TWO, "postgresql:///shop"),
        ("postgresql:///shop?host=h1:5432,h2:5433", TWO, "postgresql:///shop"),
        ("postgresql:///shop?host=h1,h2&port=5432,5433", TWO, "postgresql:///shop"),
        (
            "postgresql:///shop?host=h1,h2&port=5432&sslmode=require",
            (Host("h1", "5432"), Host("h2", "5432")),
            "postgresql:///shop?sslmode=require",
        ),
        (
            "postgresql://[::1]:5432,[2001:db8::2]/shop",
            (Host("::1", "5432"), Host("2001:db8::2")),
            "postgresql:///shop",
        ),
        ("postgresql:///shop?host=::1", (Host("::1"),), "postgresql:///shop"),
        ("postgresql:///shop?host=[::1]:5432", (Host("::1", "5432"),), "postgresql:///shop"),
        (
            "postgresql:///shop?host=/run/a,/run/b",
            (Host("/run/a"), Host("/run/b")),
            "postgresql:///shop",
        ),
    ],
)
def test_all_spellings_are_read(url: str, hosts: tuple[Host, ...], rest: str) -> None:
    listed = split_hosts(url)

    assert (listed.hosts, listed.rest) == (hosts, rest)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://h1/shop", "It is no URL of PostgreSQL."),
        ("postgresql://h1:port,h2/shop", "A host or its port is invalid."),
        ("postgresql://[::1,h2/shop", "A host or its port is invalid."),
        ("postgresql://h1:0,h2/shop", "A port is no number from 1 to 65535."),
        ("postgresql:///shop?host=h1,h2&port=5432,x", "A port is no number from 1 to 65535."),
        ("postgresql:///shop?host=h1,h2&port=1,2,3", "It names 2 hosts and 3 ports."),
        ("postgresql://h1,/shop", "A host is empty."),
        (
            "postgresql://h1/shop?host=h2",
            "It names hosts both before the path and in the query.",
        ),
        (
            "postgresql:///shop?host=h1:5432&port=5432",
            "It names ports both with the hosts and in the query.",
        ),
    ],
)
def test_an_invalid_list_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        split_hosts(url)


@pytest.mark.parametrize(
    ("host", "text"),
    [
        (Host("h1", "5432"), "h1:5432"),
        (Host("h1"), "h1"),
        (Host("::1", "5432"), "[::1]:5432"),
        (Host("/run/a"), "/run/a"),
        (Host(""), "local"),
    ],
)
def test_a_host_has_a_name_for_logs(host: Host, text: str) -> None:
    assert str(host) == text
