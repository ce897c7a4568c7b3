"""The places where shoppers of the demo shop live."""

from typing import Any, NamedTuple

_TURKEY = {"name": "Türkiye", "code": "tr", "translations": {"en-us": {"name": "Turkey"}}}


class Place(NamedTuple):
    """A place that parcels go to: the locations of an address and its postcode."""

    language: str
    country: dict[str, Any]
    city: dict[str, Any]
    township: dict[str, Any] | None
    district: dict[str, Any] | None
    postcode: str


def _turkish(city: str, code: str, township: str, district: str, postcode: str) -> Place:
    return Place(
        "tr-tr",
        _TURKEY,
        {"name": city, "code": code},
        {"name": township},
        {"name": district},
        postcode,
    )


def _foreign(country: str, code: str, city: str, postcode: str) -> Place:
    return Place("en-us", {"name": country, "code": code}, {"name": city}, None, None, postcode)


TURKISH_PLACES = (
    _turkish("İstanbul", "34", "Kadıköy", "Caferağa Mah.", "34710"),
    _turkish("İstanbul", "34", "Kadıköy", "Moda Mah.", "34710"),
    _turkish("İstanbul", "34", "Beşiktaş", "Levent Mah.", "34330"),
    _turkish("İstanbul", "34", "Üsküdar", "Çengelköy Mah.", "34680"),
    _turkish("Ankara", "06", "Çankaya", "Bahçelievler Mah.", "06490"),
    _turkish("Ankara", "06", "Keçiören", "Etlik Mah.", "06010"),
    _turkish("İzmir", "35", "Konak", "Alsancak Mah.", "35220"),
    _turkish("İzmir", "35", "Karşıyaka", "Bostanlı Mah.", "35590"),
    _turkish("Bursa", "16", "Nilüfer", "Görükle Mah.", "16285"),
    _turkish("Antalya", "07", "Muratpaşa", "Lara Mah.", "07230"),
    _turkish("Trabzon", "61", "Ortahisar", "Beşirli Mah.", "61040"),
    _turkish("Gaziantep", "27", "Şehitkamil", "İncilipınar Mah.", "27090"),
)
FOREIGN_PLACES = (
    _foreign("United Kingdom", "gb", "Bristol", "BS1 4DJ"),
    _foreign("United Kingdom", "gb", "Leeds", "LS1 5ES"),
    _foreign("United States", "us", "Portland", "97205"),
    _foreign("Ireland", "ie", "Cork", "T12 X8NP"),
    _foreign("Kuwait", "kw", "Kuwait City", "13001"),
)
TURKISH_STREETS = ("Gül Sk.", "Çınar Sk.", "Lale Sk.", "Cumhuriyet Cad.", "İnönü Cad.", "Zafer Sk.")
