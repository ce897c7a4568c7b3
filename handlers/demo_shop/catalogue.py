"""The products of the demo shop, and their sellers."""

from dataclasses import dataclass
from typing import Any

from domain.shared.money import Currency

CDN = "https://cdn.waybill.example"

# Minor units of each currency per lira, as a fraction. Invented, and never updated.
_PER_LIRA = {
    Currency.TRY: (100, 1),
    Currency.EUR: (100, 40),
    Currency.USD: (100, 36),
    Currency.KWD: (1000, 115),
}


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    """A product; ``lira`` is its price in whole Turkish lira, ``tax`` in per cent."""

    sku: str
    english: str
    turkish: str
    lira: int
    tax: str
    category: str
    colour: tuple[str, str] | None = None

    def price(self, currency: Currency) -> int:
        """Return the price of one unit in minor units: one less than a round price."""
        numerator, denominator = _PER_LIRA[currency]
        return self.lira * numerator // denominator - 1

    def document(self, language: str) -> dict[str, Any]:
        """Return the product as an import document of a shop in ``language``."""
        slug = self.english.lower().replace(" ", "-").replace("'", "")
        english, turkish = CATEGORIES[self.category]
        document: dict[str, Any] = {
            "sku": self.sku,
            "base_code": self.sku[:6],
            "name": self.turkish if language == "tr-tr" else self.english,
            "translations": {"en-us": {"name": self.english}, "tr-tr": {"name": self.turkish}},
            "image": f"{CDN}/products/{self.sku}.jpg",
            "absolute_url": f"/{slug}-{self.sku.lower()}/",
            "category": {"slug": self.category, "en-us": english, "tr-tr": turkish},
        }
        if self.colour:
            value, label = self.colour
            document["attributes"] = {"colour": value}
            document["attributes_kwargs"] = {
                "colour": {"value": value, "label": label, "data_type": "dropdown"}
            }
        return document


CATEGORIES = {
    "kitchen": ("Kitchen", "Mutfak"),
    "home": ("Home", "Ev"),
    "textile": ("Home textiles", "Ev tekstili"),
    "clothing": ("Clothing", "Giyim"),
    "shoes": ("Shoes", "Ayakkabı"),
    "books": ("Books", "Kitap"),
    "food": ("Food", "Gıda"),
    "electronics": ("Electronics", "Elektronik"),
    "toys": ("Toys", "Oyuncak"),
    "care": ("Care", "Kişisel bakım"),
}

_RED = ("red", "Kırmızı")
_BLUE = ("blue", "Mavi")
_GREEN = ("green", "Yeşil")
_WHITE = ("white", "Beyaz")
_BLACK = ("black", "Siyah")

PRODUCTS = (
    CatalogueProduct("KIT001-1", "Copper Coffee Pot", "Bakır Cezve", 640, "20.00", "kitchen"),
    CatalogueProduct("KIT002-1", "Tulip Tea Glasses", "İnce Belli Bardak", 320, "20.00", "kitchen"),
    CatalogueProduct("KIT003-R", "Enamel Teapot", "Emaye Demlik", 1150, "20.00", "kitchen", _RED),
    CatalogueProduct("KIT003-W", "Enamel Teapot", "Emaye Demlik", 1150, "20.00", "kitchen", _WHITE),
    CatalogueProduct("KIT004-1", "Olive Wood Board", "Zeytin Ağacı Tahta", 890, "20.00", "kitchen"),
    CatalogueProduct("KIT005-1", "Cast Iron Pan", "Döküm Tava", 1780, "20.00", "kitchen"),
    CatalogueProduct("HOM001-1", "Mosaic Lamp", "Mozaik Lamba", 2450, "20.00", "home", _BLUE),
    CatalogueProduct("HOM002-1", "Ceramic Vase", "Seramik Vazo", 760, "20.00", "home", _GREEN),
    CatalogueProduct("HOM003-1", "Walnut Frame", "Ceviz Çerçeve", 430, "20.00", "home"),
    CatalogueProduct("HOM004-1", "Scented Candle", "Kokulu Mum", 280, "20.00", "home"),
    CatalogueProduct("HOM005-1", "Kilim Rug", "Kilim", 8900, "10.00", "home", _RED),
    CatalogueProduct("TEX001-1", "Peshtemal Towel", "Peştemal", 390, "10.00", "textile", _BLUE),
    CatalogueProduct("TEX001-2", "Peshtemal Towel", "Peştemal", 390, "10.00", "textile", _WHITE),
    CatalogueProduct("TEX002-1", "Linen Tablecloth", "Keten Örtü", 1240, "10.00", "textile"),
    CatalogueProduct("TEX003-1", "Wool Blanket", "Yün Battaniye", 2190, "10.00", "textile"),
    CatalogueProduct("TEX004-1", "Cotton Bathrobe", "Pamuklu Bornoz", 1590, "10.00", "textile"),
    CatalogueProduct("CLO001-R", "Linen Shirt", "Keten Gömlek", 1390, "10.00", "clothing", _RED),
    CatalogueProduct("CLO001-W", "Linen Shirt", "Keten Gömlek", 1390, "10.00", "clothing", _WHITE),
    CatalogueProduct("CLO002-1", "Denim Jacket", "Kot Ceket", 2890, "10.00", "clothing", _BLUE),
    CatalogueProduct("CLO003-1", "Knitted Jumper", "Örgü Kazak", 1750, "10.00", "clothing", _GREEN),
    CatalogueProduct("CLO004-1", "Cotton Socks", "Pamuklu Çorap", 120, "10.00", "clothing"),
    CatalogueProduct("CLO005-1", "Silk Scarf", "İpek Eşarp", 1980, "10.00", "clothing", _RED),
    CatalogueProduct("SHO001-B", "Leather Boots", "Deri Bot", 4290, "10.00", "shoes", _BLACK),
    CatalogueProduct("SHO002-1", "Canvas Trainers", "Bez Ayakkabı", 1690, "10.00", "shoes", _WHITE),
    CatalogueProduct("SHO003-1", "Felt Slippers", "Keçe Terlik", 540, "10.00", "shoes"),
    CatalogueProduct("BOO001-1", "Anatolian Recipes", "Anadolu Tarifleri", 460, "0.00", "books"),
    CatalogueProduct("BOO002-1", "Istanbul in Maps", "Haritalarla İstanbul", 720, "0.00", "books"),
    CatalogueProduct("BOO003-1", "Learn Turkish", "Türkçe Öğreniyorum", 350, "0.00", "books"),
    CatalogueProduct("FOO001-1", "Antep Pistachios", "Antep Fıstığı", 690, "1.00", "food"),
    CatalogueProduct("FOO002-1", "Pine Honey", "Çam Balı", 480, "1.00", "food"),
    CatalogueProduct("FOO003-1", "Turkish Delight", "Lokum", 260, "1.00", "food"),
    CatalogueProduct("FOO004-1", "Ground Coffee", "Türk Kahvesi", 210, "1.00", "food"),
    CatalogueProduct("FOO005-1", "Olive Oil", "Sızma Zeytinyağı", 560, "1.00", "food"),
    CatalogueProduct("ELE001-1", "Headphones", "Kulaklık", 3490, "20.00", "electronics", _BLACK),
    CatalogueProduct("ELE002-1", "Kettle", "Su Isıtıcı", 1290, "20.00", "electronics"),
    CatalogueProduct("ELE003-1", "Power Bank", "Taşınabilir Şarj", 990, "20.00", "electronics"),
    CatalogueProduct("ELE004-1", "Phone", "Akıllı Telefon", 24900, "20.00", "electronics", _BLACK),
    CatalogueProduct("TOY001-1", "Wooden Train", "Ahşap Tren", 850, "20.00", "toys"),
    CatalogueProduct("TOY002-1", "Shadow Puppets", "Karagöz Takımı", 620, "20.00", "toys"),
    CatalogueProduct("TOY003-1", "Backgammon Set", "Tavla Takımı", 1890, "20.00", "toys"),
    CatalogueProduct("CAR001-1", "Laurel Soap", "Defne Sabunu", 140, "20.00", "care"),
    CatalogueProduct("CAR002-1", "Rose Water", "Gül Suyu", 190, "20.00", "care"),
    CatalogueProduct("CAR003-1", "Shaving Kit", "Tıraş Seti", 1120, "20.00", "care"),
)

# The seller of a category; the shop itself sells the others.
SELLERS = {
    "kitchen": {"slug": "bakirci-usta", "name": "Bakırcı Usta"},
    "home": {"slug": "kapadokya-ev", "name": "Kapadokya Ev"},
    "textile": {"slug": "denizli-dokuma", "name": "Denizli Dokuma"},
    "clothing": {"slug": "bosphorus-wear", "name": "Bosphorus Wear"},
    "shoes": {"slug": "bosphorus-wear", "name": "Bosphorus Wear"},
    "food": {"slug": "ege-sofrasi", "name": "Ege Sofrası"},
    "electronics": {"slug": "northern-lights", "name": "Northern Lights Electronics"},
}
