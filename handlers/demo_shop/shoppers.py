"""Who buys in the demo shop."""

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Any

from faker import Faker

from handlers.demo_shop import DEMO_EMAIL
from handlers.demo_shop.places import FOREIGN_PLACES, TURKISH_PLACES, TURKISH_STREETS, Place

_TITLES = {"tr-tr": ("Ev", "İş", "Yazlık"), "en-us": ("Home", "Work", "Parents")}
_GUEST_EVERY = 10
_FIRST_GUEST = 2


@dataclass(frozen=True, slots=True)
class Shopper:
    """One shopper: position in the shop (0 is the demo shopper), who it is, and addresses."""

    index: int
    email: str
    user_type: str
    first_name: str
    last_name: str
    language: str
    addresses: tuple[dict[str, Any], ...]

    @property
    def is_guest(self) -> bool:
        return self.user_type == "guest"

    @property
    def user(self) -> dict[str, str]:
        """The shopper as import documents name a user."""
        return {
            "email": self.email,
            "user_type": self.user_type,
            "first_name": self.first_name,
            "last_name": self.last_name,
        }


class Townsfolk:
    """Makes shoppers up; the same index and dice give the same shopper."""

    def __init__(self) -> None:
        self._fakers = {"tr-tr": Faker("tr_TR"), "en-us": Faker("en_US")}

    def shopper(self, index: int, dice: Random) -> Shopper:
        """Return the shopper at ``index``; every tenth is a guest, and a third is from abroad."""
        language = "tr-tr" if dice.random() < 0.7 or index == 0 else "en-us"
        fake = self._fakers[language]
        fake.seed_instance(dice.getrandbits(64))
        first_name, last_name = fake.first_name(), fake.last_name()
        email = DEMO_EMAIL if index == 0 else _email(first_name, last_name, index)
        places = TURKISH_PLACES if language == "tr-tr" else FOREIGN_PLACES
        titles = _TITLES[language][: dice.choice((1, 1, 2, 3))]
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
                    "phone_number": f"0555{dice.randrange(10**7):07d}",
                    "is_corporate": False,
                    "primary": title == titles[0],
                    **_where(dice.choice(places), fake, dice),
                }
                for title in titles
            ),
        )


def _where(place: Place, fake: Faker, dice: Random) -> dict[str, Any]:
    street = fake.street_address()
    if place.language == "tr-tr":
        street = (
            f"{dice.choice(TURKISH_STREETS)} No: {dice.randint(1, 120)} D: {dice.randint(1, 20)}"
        )
    return {
        "country": place.country,
        "city": place.city,
        "township": place.township,
        "district": place.district,
        "postcode": place.postcode,
        "line": street,
    }


def _email(first_name: str, last_name: str, index: int) -> str:
    return f"{_plain(first_name)}.{_plain(last_name)}.{index}@waybill.example"


def _plain(name: str) -> str:
    """Return the letters of a name without their marks; the dotless i has none to lose."""
    bare = unicodedata.normalize("NFKD", name.replace("ı", "i"))
    return "".join(letter for letter in bare.lower() if "a" <= letter <= "z")
