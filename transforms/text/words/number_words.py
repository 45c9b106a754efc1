"""Numbers that are written in words, French and English ones, and what they may be worth in figures."""

from __future__ import annotations

from typing import Final

from transforms.text.words.reading import read


def _table(text: str, plurals: bool = False) -> dict[str, tuple[int, ...]]:
    """Words and their values, from "half=1,2,30,50"."""
    rows = (row.partition("=") for row in text.split())
    table = {word: tuple(map(int, values.split(","))) for word, _, values in rows}
    return {f"{word}s": values for word, values in table.items()} | table if plurals else table


_CARDINALS: Final = _table(
    """zéro=0 un=1 une=1 deux=2 trois=3 quatre=4 cinq=5 six=6 sept=7 huit=8 neuf=9 dix=10 onze=11 douze=12 treize=13
    quatorze=14 quinze=15 seize=16 vingt=20 vingts=20 trente=30 quarante=40 cinquante=50 soixante=60 septante=70
    huitante=80 nonante=90 cent=100 cents=100 mille=1000 million=1000000 millions=1000000 milliard=1000000000
    milliards=1000000000"""
)
_IRREGULAR: Final = {"cinq": "cinqu", "neuf": "neuv"}
FRENCH: Final = _CARDINALS | {
    f"{_IRREGULAR.get(word) or word.removesuffix('e')}ième{plural}": values
    for word, values in _CARDINALS.items()
    for plural in ("", "s")
}
"""With ordinals, of more words, too: "vingt et unième"."""

ENGLISH: Final = _table(
    """zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13
    fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50
    sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000 million=1000000 billion=1000000000"""
)
_IRREGULAR_ORDINALS: Final = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
ENGLISH_ORDINALS: Final = {
    _IRREGULAR_ORDINALS.get(values[0]) or (f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"): values
    for word, values in ENGLISH.items()
}
FRENCH_OTHER: Final = _table(
    """nul=0 nulle=0 premier=1 première=1 second=2 seconde=2 seul=1 seule=1 unique=1 huitaine=8,7 dizaine=10 douzaine=12
    quinzaine=15,14,2 vingtaine=20 trentaine=30 quarantaine=40 cinquantaine=50 centaine=100 millier=1000 midi=12
    minuit=12,0,24 demi=30,50 demie=30,50 moitié=50,2,1 couple=2 paire=2 triplet=3 quadruplet=4 quintuplet=5
    binaire=2 binaires=2 ternaire=3 tierce=3 tierces=3 doublement=2 carré=2 carrée=2 cube=3 unitaire=1 unaire=1
    tous=1 toutes=1 chaque=1
    aucun=0 aucune=0 vide=0 positif=0 positive=0 négatif=0 négative=0 octal=8 octale=8 décimal=10 décimale=10
    hexadécimal=16 hexadécimale=16 décennie=10
    recto=1,2 verso=2 quart=15,45,25,1,4 quarts=45,75,3,4 tiers=3,1 double=2 triple=3
    quinquennale=5 décennale=10 biennale=2 trimestre=3 bimensuel=2 bimensuelle=2 semestre=1,2 semaine=7 an=12""",
    plurals=True,
)
ENGLISH_OTHER: Final = ENGLISH_ORDINALS | _table(
    """nonzero=0 null=0 zeroes=0 ones=1 positive=0 negative=0 nonnegative=0 reset=0 clear=0 cleared=0
    set=1 unary=1 dual=2 square=2 squared=2 sq=2 tri=3 cubic=3 cu=3 cubed=3 quad=4
    binary=2 octal=8 decimal=10 hexadecimal=16 decade=10
    twenties=20 thirties=30 forties=40 fifties=50 sixties=60 seventies=70 eighties=80 nineties=90
    first=1 second=2 third=1,3 thirds=3 fourth=4 fifth=5 sixth=6 seventh=7 eighth=8 ninth=9 tenth=10 eleventh=11
    twelfth=12 twentieth=20 once=1 single=1 daily=1 twice=2 both=2 pair=2 double=2 couple=2 duplicate=2 thrice=3
    triple=3 triplicate=3 dozen=12 half=1,2,30,50 quarter=1,4,15,25,45 quarters=4,45,75 noon=12 midday=12
    midnight=0,12,24 week=7,8 weekly=7,8 fortnight=14,15 year=12 clock=24 century=100""",
    plurals=True,
)
_AND: Final = frozenset(("et", "and"))


_NUMERALS: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def roman_value(numeral: str) -> int:
    """The number that a roman numeral in capitals, up to C, stands for."""
    digits = [_NUMERALS[letter] for letter in numeral]
    return sum(-one if one < next_ else one for one, next_ in zip(digits, [*digits[1:], 0], strict=True))


def values_of(text: str, table: dict[str, tuple[int, ...]], others: dict[str, tuple[int, ...]]) -> set[int]:
    """The numbers that are written in words: each word's, and that of each run of them ("deux cents", "forty-two")."""
    reading = read(text)
    lows = reading.lows
    values = {value for word in others.keys() & reading.low_set for value in others[word]}
    total = current = end = 0
    for place in [place for place, word in enumerate(lows) if word in table]:
        if place > end and not _AND.issuperset(lows[end:place]):  # a new run
            total = current = 0
        end = place + 1
        value = table[lows[place]][0]
        values.add(value)
        if value >= 1000:
            total += (current or 1) * value
            current = 0
        elif value == 100:
            current = (current or 1) * 100
        elif value == 20 and table is FRENCH and current % 100 == 4:
            current += 76
        else:
            current += value
        values.add(total + current)
    return values
