"""Facts to plant: eight kinds in four languages, each with what has to be read again for it to be known."""

import random
from typing import Final, NamedTuple

from benchmarks.retention.words import Words

__all__ = ["KINDS", "LANGUAGES", "Fact", "facts"]

LANGUAGES: Final = ("en", "de", "ru", "zh")
KINDS: Final = ("decision", "prohibition", "identifier", "deadline", "preference", "question", "correction", "number")


class Fact(NamedTuple):
    """A message with a fact.

    Attributes:
        kind: one of `KINDS`.
        text: the message.
        probes: what has to stand in one line of the context.
    """

    kind: str
    text: str
    probes: tuple[str, ...]


_TEMPLATES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "en": {
        "decision": (
            "OK, settled: the workshop in {place} goes to {name}, and the other offers are off the table.",
            "We are going with {name} for the catering. That is final.",
            "I thought about it: we take the northern route through {place}.",
        ),
        "prohibition": (
            "And one more thing, never email {name} about any of this.",
            "Keep {name} out of the loop, whatever happens.",
            "Under no circumstances may the crates in {place} be opened.",
        ),
        "identifier": (
            "The order went out under {code}, in case they ask for it.",
            "Please note my reference: {code}.",
            "Their contract carries the mark {code} on page one.",
        ),
        "deadline": (
            "The papers for {place} are due on {date}, not a day later.",
            "{name} wants the draft by {date}.",
            "Submissions for {place} close on {date}.",
        ),
        "preference": (
            "By the way, I like my reports short, with the figures for {place} on top.",
            "I prefer to be called {name} in letters.",
            "For dinners I would rather have the quiet room at {place}.",
        ),
        "question": (
            "What is still open: who pays for the repair in {place}?",
            "Could you find out whether {name} has a licence? I have no answer yet.",
            "Do we know yet if {place} takes dogs?",
        ),
        "correction": (
            "Sorry, I was wrong before: the lift in {place} carries {number} kilos.",
            "Correction, the gate code for {place} is {number}.",
            "I misspoke earlier, {name} lives in {place}.",
        ),
        "number": (
            "The budget for {place} is {number} euros in all.",
            "{name} ordered {number} chairs.",
            "The hall in {place} holds {number} people.",
        ),
    },
    "de": {
        "decision": (
            "Gut, abgemacht: die Werkstatt in {place} bekommt {name}, die anderen Angebote sind vom Tisch.",
            "Beim Essen nehmen wir {name}, dabei bleibt es.",
            "Ich habe es mir überlegt: wir fahren die Nordroute über {place}.",
        ),
        "prohibition": (
            "Und noch etwas, schreib {name} niemals eine Mail darüber.",
            "Halte {name} da heraus, egal was passiert.",
            "Auf keinen Fall dürfen die Kisten in {place} geöffnet werden.",
        ),
        "identifier": (
            "Die Bestellung läuft unter {code}, falls jemand danach fragt.",
            "Notier dir bitte mein Zeichen: {code}.",
            "Ihr Vertrag trägt auf der ersten Seite den Vermerk {code}.",
        ),
        "deadline": (
            "Die Unterlagen für {place} müssen am {date} da sein, keinen Tag später.",
            "{name} will den Entwurf bis {date} haben.",
            "Anmeldeschluss für {place} ist der {date}",
        ),
        "preference": (
            "Übrigens mag ich Berichte kurz, die Zahlen für {place} ganz oben.",
            "In Briefen möchte ich lieber {name} genannt werden.",
            "Zum Essen hätte ich gern das ruhige Zimmer im {place}.",
        ),
        "question": (
            "Offen ist noch: wer bezahlt die Reparatur in {place}?",
            "Kannst du herausfinden, ob {name} eine Lizenz hat? Ich habe noch keine Antwort.",
            "Wissen wir schon, ob {place} Hunde nimmt?",
        ),
        "correction": (
            "Entschuldige, das war vorhin falsch: der Aufzug in {place} trägt {number} Kilo.",
            "Korrektur, der Code für das Tor in {place} ist {number}.",
            "Ich habe mich vertan, {name} wohnt in {place}.",
        ),
        "number": (
            "Das Budget für {place} beträgt insgesamt {number} Euro.",
            "{name} hat {number} Stühle bestellt.",
            "In den Saal in {place} passen {number} Leute.",
        ),
    },
    "ru": {
        "decision": ("Итак, решено: мастерскую в {place} получает {name}.", "Мы берём {name}, и точка."),
        "prohibition": (
            "И ещё: никогда не пиши {name} об этом.",
            "Ящики в {place} открывать нельзя ни при каких условиях.",
        ),
        "identifier": ("Заказ идёт под номером {code}.", "Запиши мой шифр: {code}."),
        "deadline": ("Бумаги для {place} нужны {date}, ни днём позже.", "{name} ждёт черновик к {date}."),
        "preference": ("Кстати, отчёты я люблю короткие, цифры по {place} сверху.", "В письмах зови меня {name}."),
        "question": (
            "Ещё не ясно: кто платит за ремонт в {place}?",
            "Узнай, есть ли у {name} лицензия? Ответа пока нет.",
        ),
        "correction": (
            "Извини, я ошибся: лифт в {place} поднимает {number} кило.",
            "Поправка: код ворот {place} теперь {number}.",
        ),
        "number": ("Бюджет для {place} всего {number} евро.", "{name} заказал {number} стульев."),
    },
    "zh": {
        "decision": ("好,就这么定了:{place}的工坊交给{name}。", "餐饮我们选{name},不再变了。"),
        "prohibition": ("还有一件事,绝对不要给{name}发邮件。", "无论如何,{place}的箱子都不能打开。"),
        "identifier": ("订单编号是{code}。", "请记下我的号码:{code}。"),
        "deadline": ("{place}的材料最晚{date}交。", "{name}要求{date}之前拿到草稿。"),
        "preference": ("顺便说,我喜欢简短的报告,{place}的数字放最前面。", "写信时我希望被叫做{name}。"),
        "question": ("还没弄清楚:{place}的修理费谁来付?", "能查一下{name}有没有执照吗?还没有答案。"),
        "correction": ("抱歉,我之前说错了:{place}的电梯载重{number}公斤。", "更正:{place}的门禁码是{number}。"),
        "number": ("{place}的预算一共{number}欧元。", "{name}订了{number}把椅子。"),
    },
}


def facts(language: str, rng: random.Random) -> list[Fact]:
    """Two facts of each kind, in an order of chance."""
    words = Words(language, rng)
    planted: list[Fact] = []
    for kind in KINDS:
        for template in rng.sample(_TEMPLATES[language][kind], 2):
            text, values = words.fill(template)
            planted.append(Fact(kind, text, tuple(values.values())))
    rng.shuffle(planted)
    return planted
