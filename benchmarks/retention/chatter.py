"""Chatter to plant facts among: radio with many numbers, small talk, what tools print, and prose."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.retention.words import Words

__all__ = ["CHATTER", "chatter"]

CHATTER: Final = ("radio", "small talk", "tools", "prose")
_DOCUMENTS: Final = Path(__file__).parents[2] / "docs"
_PARAGRAPH: Final = range(40, 1200)  # characters

_RADIO: Final = {
    "en": (
        "Reading {number} on the main bus, {second} on the other one. Go ahead.",
        "Copy that, pitch {number}, yaw {second}.",
        "We show a burn of {number} seconds. How do you read?",
        "Stand by. Tank one is at {number} per cent, tank two at {second}.",
        "That is confirmed. Pressure {number}, temperature {second}.",
        "Roger. Next pass in {number} minutes.",
    ),
    "de": (
        "Lese {number} auf der Hauptleitung, {second} auf der anderen. Bitte kommen.",
        "Verstanden, Nicken {number}, Gieren {second}.",
        "Wir sehen eine Brenndauer von {number} Sekunden. Wie ist der Empfang?",
        "Bleiben Sie dran. Tank eins steht bei {number} Prozent, Tank zwei bei {second}.",
        "Das ist bestätigt. Druck {number}, Temperatur {second}.",
        "Verstanden. Nächster Überflug in {number} Minuten.",
    ),
    "ru": (
        "На главной шине {number}, на второй {second}. Приём.",
        "Принято, тангаж {number}, рыскание {second}.",
        "Видим включение на {number} секунд. Как слышно?",
        "Первый бак {number} процентов, второй {second}.",
    ),
    "zh": (
        "主线读数{number},另一条{second}。请讲。",
        "收到,俯仰{number},偏航{second}。",
        "显示点火{number}秒。听得清吗?",
        "一号箱百分之{number},二号箱百分之{second}。",
    ),
}
_TALK: Final = {
    "en": (
        "The weather is lovely again today, isn't it? We sat in the garden until it got dark.",
        "I had soup for lunch. It was fine, a bit too salty maybe.",
        "My neighbour got a new bicycle and cannot stop talking about it.",
        "Sounds nice! I always enjoy a quiet evening like that.",
        "Ha, that reminds me of my uncle. He says the same every year.",
        "Well, anyway. How was the concert? I heard it was loud.",
        "Oh, that is good to hear. Tell me more about it.",
    ),
    "de": (
        "Das Wetter ist heute wieder herrlich, oder? Wir saßen im Garten, bis es dunkel wurde.",
        "Mittags gab es Suppe. Sie war gut, vielleicht etwas zu salzig.",
        "Mein Nachbar hat ein neues Fahrrad und redet von nichts anderem.",
        "Klingt schön! Ich mag solche ruhigen Abende.",
        "Ha, das erinnert mich an meinen Onkel. Der sagt das jedes Jahr.",
        "Na ja, egal. Wie war das Konzert? Es soll laut gewesen sein.",
        "Ach, das freut mich. Erzähl mehr davon.",
    ),
    "ru": (
        "Погода сегодня снова чудесная, правда? Мы сидели в саду до темноты.",
        "На обед был суп. Вкусный, разве что солёный.",
        "Сосед купил новый велосипед и только о нём и говорит.",
        "Звучит приятно! Люблю такие тихие вечера.",
        "Ну ладно. Как концерт? Говорят, было громко.",
    ),
    "zh": (
        "今天天气又很好,对吧?我们在花园里坐到天黑。",
        "中午喝了汤。还不错,就是有点咸。",
        "邻居买了新自行车,天天说个没完。",
        "听起来不错!我也喜欢这样安静的晚上。",
        "好吧。音乐会怎么样?听说很吵。",
    ),
}


def chatter(kind: str, language: str, rng: random.Random) -> Iterator[str]:
    """Messages without end; none says anything that matters."""
    words = Words(language, rng)
    while True:
        if kind == "tools":
            yield _printed(rng)
            continue
        if kind == "prose":
            yield from _paragraphs(rng)
        templates = _RADIO[language] if kind == "radio" else _TALK[language]
        parts = rng.sample(templates, rng.randrange(1, 4))
        yield " ".join(words.fill(template)[0] for template in parts)


def _paragraphs(rng: random.Random) -> Iterator[str]:
    """A page of this project's documents, in English: nothing in it is said twice, and much of it sounds important."""
    path = rng.choice(sorted(path for path in _DOCUMENTS.glob("*.md") if path.name != "api.md"))
    paragraphs = path.read_text(encoding="utf-8").split("\n\n")
    yield from (each for each in paragraphs if len(each) in _PARAGRAPH)


def _printed(rng: random.Random) -> str:
    """The output of a command: a listing, a log, or JSON."""
    shape = rng.randrange(3)
    if shape == 0:
        rows = (f"-rw-r--r-- 1 root {rng.randrange(10**6)} part_{rng.randrange(999):03}.bin" for _ in range(6))
        return "\n".join(rows)
    if shape == 1:
        return "\n".join(_logged(rng) for _ in range(5))
    items = [{"id": rng.randrange(10**6), "size": rng.randrange(10**4), "ok": rng.randrange(10) > 0} for _ in range(4)]
    return json.dumps({"page": rng.randrange(50), "items": items})


def _logged(rng: random.Random) -> str:
    at = f"12:{rng.randrange(60):02}:{rng.randrange(60):02}"
    return f"{at} INFO worker {rng.randrange(9)} took {rng.randrange(900)} ms"
