from urllib.parse import quote
from uuid import UUID

import pytest

from domain.errors import NotFound
from domain.trade_ins import OfferLink
from handlers.settings import Settings
from handlers.trade_in_links import read_link, sign_link

SETTINGS = Settings(secret="s" * 32)
LINK = OfferLink(UUID("8187c360-66da-4959-9f0b-9aa2ccac9001"))


class TestLink:
    def test_leads_to_its_offer(self) -> None:
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
    def test_leads_nowhere_unless_it_was_signed_for_this(self, token: str) -> None:
        with pytest.raises(NotFound):
            read_link(token, "approveTradeIn", SETTINGS)
