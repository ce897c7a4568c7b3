from tests.support.seller_views import ID, OTHER, make_address_view, render


class TestSellerCustomerAddress:
    def test_names_its_places_by_uuid(self) -> None:
        shown = render("SellerCustomerAddress", make_address_view(township=ID))

        assert (shown["country"], shown["city"]) == (str(ID), str(OTHER))
        assert (shown["township"], shown["district"]) == (str(ID), None)

    def test_shows_who_lives_there(self) -> None:
        shown = render("SellerCustomerAddress", make_address_view(email=None))

        assert (shown["first_name"], shown["email"]) == ("Elif", None)
        assert shown["is_active"] is True
