from tests.support.seller_views import ID, OTHER, make_address_view, render


class TestSellerCustomerAddress:
    def test_has_the_uuids_of_its_places(self) -> None:
        rendered = render("SellerCustomerAddress", make_address_view(township=ID))

        assert (rendered["country"], rendered["city"]) == (str(ID), str(OTHER))
        assert (rendered["township"], rendered["district"]) == (str(ID), None)

    def test_has_the_customer(self) -> None:
        rendered = render("SellerCustomerAddress", make_address_view(email=None))

        assert (rendered["first_name"], rendered["email"]) == ("Elif", None)
        assert rendered["is_active"] is True
