"""JSON of the API becomes rows of the peers' tables."""

from benchmarks.peers.rows import Rows


def test_an_object_that_is_added_twice_has_one_row() -> None:
    rows = Rows()
    bank = {"pk": 3, "id": 3, "name": "Ege", "slug": "ege", "logo": None, "logo_path": None}

    rows.add("banks", bank)
    rows.add("banks", bank)

    named = {"id": 3, "name": "Ege", "slug": "ege", "logo": None, "logo_path": None}
    assert list(rows.by_table["banks"].values()) == [named]


def test_codes_and_references_are_taken_out_of_objects() -> None:
    rows = Rows()
    company = {
        "pk": 1,
        "id": 1,
        "shipping_company": {"value": "marti", "label": "Martı"},
        "name": "Return",
        "requires_pickup_address": True,
    }

    rows.add("easy_return_companies", company)

    [row] = rows.by_table["easy_return_companies"].values()
    assert row["shipping_company_id"] == "marti"
