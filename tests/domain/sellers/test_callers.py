from domain.sellers.callers import SellerCaller, ShopCaller


class TestActor:
    def test_names_the_seller_or_the_token_of_the_shop(self) -> None:
        assert SellerCaller(seller_pk=3, token_pk=7, scopes=frozenset()).actor == "seller:3"
        assert ShopCaller(token_pk=7, scopes=frozenset()).actor == "shop:7"


class TestIsUseRecorded:
    def test_is_true_by_default(self) -> None:
        assert SellerCaller(seller_pk=3, token_pk=7, scopes=frozenset()).is_use_recorded
        assert ShopCaller(token_pk=7, scopes=frozenset()).is_use_recorded
