"""Invented people and companies of the sample portal, in the many scripts a real portal holds."""

from __future__ import annotations

import unicodedata
from random import Random

# country → given names, family names; "shown/spelled" where the mail address cannot be derived.
_PEOPLE = {
    "Sweden": ("Åsa Björn Ingrid Malin Örjan Lovisa", "Lindström Öberg Sjögren Hägg Åkesson"),
    "Germany": ("Jürgen Zoë Katrin Björn Ayşe Lutz", "Groß Müller Weißenborn Köhler Brandt"),
    "France": ("Éloïse Benoît Maëlle Gaël Agnès Noé", "Lefèvre Château Garçon Hébert Roux"),
    "Spain": ("Íñigo Begoña Martí Núria Álvaro Inés", "Núñez Ibáñez Peña Solà Echeverría"),
    "Poland": ("Łukasz Małgorzata Żaneta Paweł Świętosława", "Wójcik Żółkiewska Kowalczyk Śliwa"),
    "Czechia": ("Řehoř Kateřina Jiří Žofie Ondřej", "Dvořák Šťastná Kučera Ježek"),
    "Denmark": ("Søren Ærø Mette Kåre Signe", "Nørgaard Højbjerg Kjær Østergård"),
    "Netherlands": ("Daan Femke Joost Anouk Wouter", "van_den_Berg de_Vries 't_Hart Jansen"),
    "Türkiye": ("İpek Oğuz Çağla Şebnem Deniz", "Şahin Yıldız Güneş Öztürk"),
    "United Kingdom": (
        "Alice Rory Priya Siobhán Owen Tamsin",
        "O'Neill Ashworth Patel Llewellyn Reid",
    ),
    "United States": (
        "Maya Dwayne José Aaliyah Chris Renée",
        "Okafor Nguyen Ramírez Whitaker Chen",
    ),
    "Brazil": ("João Antônia Luís Conceição Tiê", "Gonçalves Araújo Magalhães Brandão"),
    "Greece": (
        "Ελένη/eleni Γιώργος/giorgos Δάφνη/dafni",
        "Παπαδοπούλου/papadopoulou Νικολάου/nikolaou Βλάχος/vlachos",
    ),
    "Ukraine": (
        "Олена/olena Тарас/taras Соломія/solomiia",
        "Шевченко/shevchenko Ковальчук/kovalchuk Мельник/melnyk",
    ),
    "Georgia": ("ნინო/nino გიორგი/giorgi", "ბერიძე/beridze კაპანაძე/kapanadze"),
    "Japan": (
        "美咲/misaki 健太/kenta 陽菜/hina 翔/sho",
        "佐藤/sato 髙橋/takahashi 渡邉/watanabe 斎藤/saito",
    ),
    "China": ("小明/xiaoming 丽华/lihua 雨桐/yutong 伟/wei", "王/wang 李/li 欧阳/ouyang 张/zhang"),
    "South Korea": ("서연/seoyeon 민준/minjun 지우/jiwoo", "김/kim 박/park 최/choi"),
    "India": ("प्रिया/priya अर्जुन/arjun मीरा/meera", "शर्मा/sharma पटेल/patel अय्यर/iyer"),
    "United Arab Emirates": (
        "ليلى/layla عمر/omar نور/nour",
        "حداد/haddad الخطيب/alkhatib منصور/mansour",
    ),
    "Israel": ("נועה/noa יונתן/yonatan", "כהן/cohen לוי/levi מזרחי/mizrahi"),
    "Thailand": ("สมชาย/somchai มาลี/malee", "ใจดี/jaidee วงศ์ไทย/wongthai"),
    "Vietnam": ("Hương Đức Thảo Quỳnh", "Nguyễn Trần Phạm Đặng"),
}
# The vendor sells mostly at home; every other country appears with the weight 1.
_HOME_WEIGHT = {
    "Sweden": 8,
    "Germany": 7,
    "United Kingdom": 6,
    "United States": 6,
    "Denmark": 4,
    "France": 3,
}

_FIRST_WORDS = (
    "Alder Borealis Cobalt Drumlin Elmfors Fennec Gråsten Heliodor Isbjörn Juniper Kestrel Lumen "
    "Mariska Nørrebæk Ostrava Pinhão Quillon Ravnholt Saffron Tamarind Umbra Vätter Wharfside Xylem "
    "Yarrow Zéphyr 銀杏/ginkgo 海風/umikaze 한빛/hanbit Αιγαίο/aigaio Чайка/chaika زيتون/zaytun"
)
_SECOND = (
    ("Logistics", "LOGISTICS_AND_SUPPLY_CHAIN"),
    ("Foods", "FOOD_PRODUCTION"),
    ("Medical", "MEDICAL_DEVICES"),
    ("Retail", "RETAIL"),
    ("Energy", "RENEWABLES_ENVIRONMENT"),
    ("Machinery", "MACHINERY"),
    ("Freight", "TRANSPORTATION_TRUCKING_RAILROAD"),
    ("Textiles", "TEXTILES"),
    ("Insurance", "INSURANCE"),
    ("Software", "COMPUTER_SOFTWARE"),
    ("Paper", "PAPER_FOREST_PRODUCTS"),
    ("Hotels", "HOSPITALITY"),
)
_FORMS = {
    "Sweden": "AB",
    "Germany": "GmbH",
    "France": "S.A.",
    "Spain": "S.L.",
    "Poland": "Sp. z o.o.",
    "Czechia": "s.r.o.",
    "Denmark": "A/S",
    "Netherlands": "B.V.",
    "Türkiye": "A.Ş.",
    "United Kingdom": "Ltd",
    "United States": "Inc.",
    "Brazil": "Ltda.",
    "Greece": "Α.Ε.",
    "Ukraine": "ТОВ",
    "Japan": "株式会社",
    "China": "有限公司",
    "South Korea": "주식회사",
    "India": "Pvt. Ltd.",
    "Vietnam": "JSC",
}
_FIRST = _FIRST_WORDS.split()
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "Ø": "o",
        "æ": "ae",
        "Æ": "ae",
        "ß": "ss",
        "ł": "l",
        "Ł": "l",
        "đ": "d",
        "Đ": "d",
        "ı": "i",
    }
)


def spelled(text: str) -> str:
    """Return *text* as it would stand in a mail address: lower-case ASCII letters and digits."""
    folded = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(c for c in folded.lower() if c.isascii() and c.isalnum())


def _shown_and_spelled(entry: str) -> tuple[str, str]:
    shown, _, given = entry.partition("/")
    shown = shown.replace("_", " ")
    return shown, given or spelled(shown)


def country(rng: Random) -> str:
    """Draw a country, the vendor's home markets more often."""
    names = list(_PEOPLE)
    return rng.choices(names, [_HOME_WEIGHT.get(name, 1) for name in names])[0]


def person(rng: Random, country_name: str) -> tuple[str, str, str]:
    """Draw a given name, a family name and the local part of a mail address."""
    given_names, family_names = _PEOPLE[country_name]
    given, given_ascii = _shown_and_spelled(rng.choice(given_names.split()))
    family, family_ascii = _shown_and_spelled(rng.choice(family_names.split()))
    return given, family, f"{given_ascii}.{family_ascii}"


def company(number: int, country_name: str) -> tuple[str, str, str]:
    """Return a name, a domain and an industry; no two numbers below 384 share a name."""
    place = number % len(_FIRST)
    first, first_ascii = _shown_and_spelled(_FIRST[place])
    word, industry = _SECOND[(number // len(_FIRST) + place) % len(_SECOND)]
    name = f"{first} {word} {_FORMS.get(country_name, 'LLC')}"
    return name, f"{first_ascii}-{word.lower()}.example", industry
