"""A few texts for a regular expression (ECMA 262, as far as schemas use it).

They are candidates: look-arounds and back references are ignored, and an expression that is not
understood has none.
"""

from collections.abc import Callable
from functools import cache

_MOST = 6
_LONGEST = 2000
_CLASSES = {
    "d": "01", "w": "aA0_", "s": " ", "D": "a-", "W": "-.", "S": "a0", ".": "a0-",
}  # fmt: skip
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_PRINTABLE = [
    chr(code) for code in (*range(97, 123), *range(48, 58), *range(65, 91), 45, 46, 32, 95, 33)
]


@cache
def matching_texts(pattern: str) -> tuple[str, ...]:
    """At most six texts that ``pattern`` may match, the shortest of each branch."""
    try:
        parser = _Parser(pattern)
        made = parser.alternatives()
        parser.end()
    except (ValueError, IndexError):
        return ()
    return tuple(dict.fromkeys(made))


class _Parser:
    """Parses an expression and returns texts for it; each method returns those of its part."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def end(self) -> None:
        if self._at < len(self._pattern):
            raise ValueError(self._pattern)

    def alternatives(self) -> list[str]:
        texts = self._sequence()
        while self._next("|"):
            texts = texts[: _MOST // 2] + self._sequence()[:_MOST]
        return texts[:_MOST]

    def _sequence(self) -> list[str]:
        texts = [""]
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            texts = _joined(texts, self._repeated(self._atom()))
        return texts

    def _atom(self) -> list[str]:
        character = self._take()
        readers: dict[str, Callable[[], list[str]]] = {
            "(": self._group,
            "[": self._class,
            "\\": self._escape,
            ".": lambda: list(_CLASSES["."]),
            "^": lambda: [""],
            "$": lambda: [""],
        }
        if character in "*+?{":
            raise ValueError(self._pattern)
        return readers.get(character, lambda: [character])()

    def _group(self) -> list[str]:
        looks = False
        if self._next("?"):
            kind = self._take()
            if kind == "<" and self._pattern[self._at] not in "=!":
                self._at = self._pattern.index(">", self._at) + 1
            elif kind == "<":
                looks = bool(self._take())
            elif kind in "=!":
                looks = True
            elif kind != ":":
                raise ValueError(self._pattern)
        texts = self.alternatives()
        if self._take() != ")":
            raise ValueError(self._pattern)
        return [""] if looks else texts

    def _class(self) -> list[str]:
        negated = self._next("^")
        members: list[str] = []
        while not self._next("]"):
            character = self._take()
            some = self._escape() if character == "\\" else [character]
            if (
                len(some) == 1
                and self._pattern[self._at] == "-"
                and self._pattern[self._at + 1] != "]"
            ):
                self._at += 1
                last = self._take()
                last = self._escape()[0] if last == "\\" else last
                some = [some[0], last] if some[0] != last else some
                members.extend(some)
                members.extend(character for character in _PRINTABLE if some[0] < character < last)
            else:
                members.extend(some)
        if negated:
            return [character for character in _PRINTABLE if character not in members][:_MOST]
        return members[:_MOST] or [""]

    def _escape(self) -> list[str]:
        character = self._take()
        if character in _CLASSES and character != ".":
            return list(_CLASSES[character])
        if character in "bB":
            return [""]
        if character in _CONTROLS:
            return [_CONTROLS[character]]
        for letter, length in (("x", 2), ("u", 4)):
            if character == letter:
                digits, self._at = self._pattern[self._at :][:length], self._at + length
                return [chr(int(digits, 16))]
        if character in "pPkc" or character.isdigit():
            raise ValueError(self._pattern)
        return [character]

    def _repeated(self, texts: list[str]) -> list[str]:
        least, most = self._quantifier()
        if (least, most) == (1, 1):
            return texts
        self._next("?")
        if not texts:
            return texts
        counts = [least] if least == most else [least, least + 1]
        made = [texts[0] * count for count in counts if count * len(texts[0]) <= _LONGEST]
        others = [text * max(1, least) for text in texts[1:] if len(text) * least <= _LONGEST]
        return (made + others)[:_MOST]

    def _quantifier(self) -> tuple[int, int | None]:
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        for character, bounds in simple.items():
            if self._next(character):
                return bounds
        if not self._next("{"):
            return 1, 1
        end = self._pattern.index("}", self._at)
        low, comma, high = self._pattern[self._at : end].partition(",")
        self._at = end + 1
        return int(low), (int(high) if high else None) if comma else int(low)

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _next(self, character: str) -> bool:
        if self._pattern[self._at : self._at + 1] != character:
            return False
        self._at += 1
        return True


def _joined(heads: list[str], tails: list[str]) -> list[str]:
    """The first of both joined, and every other one joined with the first of the other list."""
    if not heads or not tails:
        return []
    made = [heads[0] + tail for tail in tails] + [head + tails[0] for head in heads[1:]]
    made += [head + tail for head, tail in zip(heads[1:], tails[1:], strict=False)]
    return list(dict.fromkeys(made))[:_MOST]
