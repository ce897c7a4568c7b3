import pytest

from handlers.auth.networks import UNKNOWN, network_of


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:1042", "192.0.2.1"),
            (" 192.0.2.1 ", "192.0.2.1"),
            ('"192.0.2.1:80"', "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::/64"),
            ("2001:db8::ffff:2", "2001:db8::/64"),
            ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
            ("[2001:db8::1]", "2001:db8::/64"),
            ("[2001:db8::1]:443", "2001:db8::/64"),
            ("[2001:db8::2]:", "2001:db8::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("[fe80::2%25eth0]:80", "fe80::/64"),
        ],
    )
    def test_ignores_what_a_client_can_choose(self, address: str, network: str) -> None:
        assert network_of(address) == network

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "unknown",
            "_hidden",
            "a socket",
            "192.0.2",
            "192.0.2.1:80:80",
            "192.0.2.1:port",
            "2001:db8::1]:443",
            "[192.0.2.1",
            "[]:1",
            "shop.example:443",
            "x" * 10_000,
        ],
    )
    def test_is_the_same_for_all_invalid_addresses(self, address: str) -> None:
        assert network_of(address) == UNKNOWN
