"""Words that no list of the product has: names, codes and numbers made up by a seed."""

import random
from typing import Final

__all__ = ["Words"]

_BEGIN: Final = ("Bra", "Ko", "Ve", "Lum", "Tar", "Ji", "Os", "Fen", "Mal", "Qui", "Sor", "Dree", "Han", "Yel", "Pim")
_END: Final = ("vik", "dal", "rono", "met", "lis", "gard", "pex", "tuun", "bari", "nox", "wen", "zola", "kur", "shan")
_CYRILLIC: Final = (
    ("Бра", "Ко", "Ве", "Лум", "Тар", "Жи", "Ос", "Фен", "Мал", "Дре"),
    ("вик", "дал", "рон", "мет", "лис", "тун"),
)
_HAN: Final = (
    ("布", "科", "维", "伦", "塔", "吉", "奥", "芬", "马", "奎"),
    ("维克", "达尔", "罗诺", "梅特", "利斯", "加德", "图恩"),
)


class Words:
    """Words made up by a seed; `values` fills the gaps of a template.

    Args:
        language: `en`, `de`, `ru` or `zh`.
        rng: the source of chance.
    """

    def __init__(self, language: str, rng: random.Random) -> None:
        self._language = language
        self._rng = rng

    def name(self) -> str:
        """A name of a person, a place or a thing."""
        begin, end = {"ru": _CYRILLIC, "zh": _HAN}.get(self._language, (_BEGIN, _END))
        return self._rng.choice(begin) + self._rng.choice(end)

    def code(self) -> str:
        """An identifier, as of an order."""
        letters = "".join(self._rng.choice("ABCDEFGHKLMNPRSTVXZ") for _ in range(2))
        return f"{letters}-{self._rng.randrange(1000, 9999)}-{self._rng.choice('ABCDEFX')}"

    def number(self) -> str:
        """A number, with a part behind the point now and then."""
        whole = self._rng.randrange(2, 9000)
        return self._rng.choice((f"{whole}", f"{whole}", f"{whole}.{self._rng.randrange(1, 10)}"))

    def date(self) -> str:
        """A day, as people write it."""
        day, month = self._rng.randrange(1, 29), self._rng.randrange(1, 13)
        return {"de": f"{day}.{month}.", "ru": f"{day:02}.{month:02}", "zh": f"{month}月{day}日"}.get(
            self._language, f"{day}/{month}"
        )

    def fill(self, template: str) -> tuple[str, dict[str, str]]:
        """A template with its gaps filled, and with what."""
        values = {
            "name": self.name(),
            "other": self.name(),
            "place": self.name(),
            "code": self.code(),
            "number": self.number(),
            "second": self.number(),
            "date": self.date(),
        }
        return template.format(**values), {key: value for key, value in values.items() if f"{{{key}}}" in template}
