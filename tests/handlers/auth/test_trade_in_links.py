from urllib.parse import quote
from uuid import UUID

import pytest

from domain.shared.errors import NotFound
from domain.trade_ins import OfferLink
from handlers.auth.trade_in_links import offer_links, read_link, sign_link
from handlers.settings import Settings

SETTINGS = Settings(secret="s" * 32)
LINK = OfferLink(UUID("8187c360-66da-4959-9f0b-9aa2ccac9001"))


class TestLink:
    def test_identifies_its_offer(self) -> None:
        token = sign_link(LINK, "approveTradeIn", SETTINGS)

        assert read_link(token, "approveTradeIn", SETTINGS) == LINK

    def test_fits_into_a_url(self) -> None:
        token = sign_link(LINK, "approveTradeIn", SETTINGS)

        assert quote(token, safe="") == token

    @pytest.mark.parametrize(
        "token",
        [
            "",
            LINK.offer_uuid.hex,
            sign_link(LINK, "rejectTradeIn", SETTINGS),
            sign_link(LINK, "approveTradeIn", Settings(secret="t" * 32)),
            sign_link(LINK, "approveTradeIn", SETTINGS) + "x",
        ],
        ids=["empty", "unsigned", "for the other answer", "another server's", "changed"],
    )
    def test_is_invalid_unless_it_was_signed_for_this(self, token: str) -> None:
        with pytest.raises(NotFound):
            read_link(token, "approveTradeIn", SETTINGS)


class TestOfferLinks:
    def test_have_a_token_for_each_purpose(self) -> None:
        links = offer_links(42, LINK, SETTINGS)
        by_purpose = {
            "showTradeInOffer": links.page,
            "answerTradeInOffer": links.page,
            "approveTradeIn": links.approve,
            "rejectTradeIn": links.reject,
        }

        for purpose, link in by_purpose.items():
            token = link.partition("?token=")[2]
            assert read_link(token, purpose, SETTINGS) == LINK
            for other in by_purpose.keys() - {purpose}:
                if by_purpose[other] != link:
                    with pytest.raises(NotFound):
                        read_link(token, other, SETTINGS)

    def test_begin_with_the_public_url(self) -> None:
        settings = Settings(secret="s" * 32, public_url="https://shop.example/api/")

        links = offer_links(42, LINK, settings)

        start = "https://shop.example/api/users/order_item/42/tradein"
        assert links.page.startswith(f"{start}/?token=")
        assert links.approve.startswith(f"{start}_approved/?token=")
        assert links.reject.startswith(f"{start}_rejected/?token=")
