"""The shoppers of the demo shop."""

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from handlers.demo_shop import DEMO_EMAIL
from handlers.demo_shop.places import FOREIGN_PLACES, TURKISH_PLACES, TURKISH_STREETS, Place

if TYPE_CHECKING:
    from faker import Faker

_TITLES = {"tr-tr": ("Ev", "İş", "Yazlık"), "en-us": ("Home", "Work", "Parents")}
_GUEST_EVERY = 10
_FIRST_GUEST = 2
_INACTIVE_REMAINDER = 5


@dataclass(frozen=True, slots=True)
class Shopper:
    """A shopper: position in the shop (0 is the demo shopper), identity and addresses."""

    index: int
    email: str
    user_type: str
    first_name: str
    last_name: str
    language: str
    addresses: tuple[dict[str, Any], ...]

    @property
    def is_demo(self) -> bool:
        return self.index == 0

    @property
    def is_guest(self) -> bool:
        return self.user_type == "guest"

    @property
    def user(self) -> dict[str, str]:
        """The `user` of an import document."""
        return {
            "email": self.email,
            "user_type": self.user_type,
            "first_name": self.first_name,
            "last_name": self.last_name,
        }


class ShopperFactory:
    """Makes shoppers; the same index and state of the rng give the same shopper.

    Raises ModuleNotFoundError without Faker, which only the extra `demo` installs.
    """

    def __init__(self) -> None:
        # Imported here: a server for a real shop has no Faker, and its data takes a while to load.
        from faker import Faker

        self._fakers = {"tr-tr": Faker("tr_TR"), "en-us": Faker("en_US")}

    def shopper(self, index: int, rng: Random) -> Shopper:
        """Return the shopper at ``index``; every tenth is a guest, and a third is from abroad."""
        language = "tr-tr" if rng.random() < 0.7 or index == 0 else "en-us"
        fake = self._fakers[language]
        fake.seed_instance(rng.getrandbits(64))
        first_name, last_name = fake.first_name(), fake.last_name()
        email = DEMO_EMAIL if index == 0 else _email(first_name, last_name, index)
        places = TURKISH_PLACES if language == "tr-tr" else FOREIGN_PLACES
        count = rng.choice((1, 1, 2, 3))
        titles = _TITLES[language][: max(count, 2) if index == 0 else count]
        return Shopper(
            index=index,
            email=email,
            user_type="guest" if index % _GUEST_EVERY == _FIRST_GUEST else "registered",
            first_name=first_name,
            last_name=last_name,
            language=language,
            addresses=tuple(
                {
                    "title": title,
                    "first_name": first_name,
                    "last_name": last_name,
                    "email": email,
                    "phone_number": f"0555{rng.randrange(10**7):07d}",
                    "primary": title == titles[0],
                    **_location(rng.choice(places), fake, rng),
                    **_recipient(index, last_name, language, is_last=title == titles[-1]),
                }
                for title in titles
            ),
        )


def _recipient(index: int, last_name: str, language: str, *, is_last: bool) -> dict[str, Any]:
    """Return the fields of an invoice besides the name.

    The last address of every third shopper is a company's. The numbers begin with zeros, so that
    they belong to no real person or company.
    """
    is_turkish = language == "tr-tr"
    recipient: dict[str, Any] = {
        "is_corporate": False,
        "e_bill_taxpayer": False,
        "is_active": not (is_last and index % 7 == _INACTIVE_REMAINDER),
    }
    if is_last and index % 3 == 0:
        return recipient | {
            "is_corporate": True,
            "company_name": f"{last_name} {'Ticaret Ltd. Şti.' if is_turkish else 'Trading Ltd'}",
            "tax_office": "Kadıköy" if is_turkish else "Bristol",
            "tax_no": f"{index:010d}",
            "e_bill_taxpayer": index % 2 == 0,
        }
    if is_turkish:
        recipient["identity_number"] = f"{index:011d}"
    if index % 4 == 1:
        recipient["notes"] = "Kapıcıya bırakın." if is_turkish else "Ring twice."
    return recipient


def _location(place: Place, fake: "Faker", rng: Random) -> dict[str, Any]:
    street = fake.street_address()
    if place.language == "tr-tr":
        street = f"{rng.choice(TURKISH_STREETS)} No: {rng.randint(1, 120)} D: {rng.randint(1, 20)}"
    return {
        "country": place.country,
        "city": place.city,
        "township": place.township,
        "district": place.district,
        "postcode": place.postcode,
        "line": street,
    }


def _email(first_name: str, last_name: str, index: int) -> str:
    return f"{_ascii(first_name)}.{_ascii(last_name)}.{index}@waybill.example"


def _ascii(name: str) -> str:
    """Return the name in a to z, without diacritics; NFKD does not decompose the dotless i."""
    bare = unicodedata.normalize("NFKD", name.replace("ı", "i"))
    return "".join(character for character in bare.lower() if "a" <= character <= "z")
