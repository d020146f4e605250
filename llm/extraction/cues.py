"""Phrases by which people mark what matters: a table for each kind of fact, in several languages.

Nobody can list all of them. A sentence without any is still kept for the words that only it has: see `worth`.
"""

import re
from typing import Final, NamedTuple

__all__ = ["KINDS", "kinds_of"]

_LOOKED_AT: Final = 400  # characters of a sentence

_PROHIBITION: Final = """
at all costs, nobody, no one, not to, avoid, keep away, keep it away, keep this away, stay away, don't mention
don't ever
do not, cannot, no business, stays locked, stays closed, leave alone, secret, confidential, between us, refrain
unter uns, vertraulich, geheim, vermeide*, erwähn*, niemand, keiner, unbedingt, fern, nicht mehr, geht nichts an
gehen nichts an, nichts an, bleibt zu, in ruhe, bloß kein*, bloß nicht*
никому, ни за что, держи подальше, секрет, между нами, 别, 谁也不, 保密, 千万
never, under no circumstances, must not, mustn't, may not, do not ever, don't ever, don't tell, do not tell, don't share
don't email, don't send, don't open, don't touch, don't use, don't call, don't give, don't let, don't write, do not use
no one may, nobody may, by no means, off limits, forbidden, not allowed, prohibited, whatever happens, out of the loop
nie, niemals, auf keinen fall, keinesfalls, unter keinen umständen, verboten, untersagt, bloß nicht, egal was
darf nicht
darf kein*, darf niemand, darfst nicht, dürfen nicht, dürfen kein*, heraushalten, da heraus, da raus, fernhalten
никогда, нельзя, ни при каких, запрещен*, не смей
绝对不, 不要, 不能, 不准, 禁止, 无论如何
"""
_DECISION: Final = """
landed on, settle on, voted, vote, chosen, choice, we'll use, will use, signed, sign, awarded, the plan is
ruled out, after all, done discussing, festgelegt, abgestimmt, wird es, entscheiden, wahl, ausgewählt, gewählt
vereinbart, unterschreib*, auftrag, nun doch, rede nicht mehr, проголосовали, выбрали, подписываем, 选定, 签, 投票
settled, decided, decision, final, finally, finalised, finalized, agreed, made up my mind, off the table, let's go with
let's take, it's a deal, going with, go with, goes to, we take, we'll take, i'll take, chose, picked, opted, approved
thought about it, we choose
abgemacht, entschieden, entscheidung, beschlossen, bleibt es, dabei bleibt*, wir nehmen, nehmen wir, überlegt, vom tisch
steht fest, einverstanden, geeinigt, genehmigt
решено, решили, и точка, берём, договорились, утвержд*
决定, 定了, 就这么, 不再变, 我们选
"""
_UNTIL: Final = """
runs out, run out, lapses, hand back, hand in, take back, takes back, has to be in, needs, must, exam, appointment
answer
läuft ab, verfällt, zurück, geben, brauch*, muss, müssen, prüfung, termin, antwort, истекает, сдать, экзамен, 到期, 交
by, until, till, before, due, deadline*, no later than, latest, close, closes, closing, expires, ends, starts, submit*
on
bis, spätestens, fällig, frist, anmeldeschluss, schluss, abgabe, am, vor, ab, der, до, к, срок, не позже, нужны, нужен
最晚, 之前, 截止, 以前
"""
_DAY: Final = """
monday, tuesday, wednesday, thursday, friday, saturday, sunday, january, february, march, april, june, july, august
september, october, november, december, tomorrow, tonight, next week, montag, dienstag, mittwoch, donnerstag, freitag
samstag, sonntag, januar, februar, märz, mai, juni, juli, oktober, dezember, morgen, nächste woche, завтра
понедельник*, вторник*, сред*, четверг*, пятниц*, суббот*, воскресень*, 明天, 周一, 周二, 周三, 周四, 周五, 下周
"""
_DATE: Final = re.compile(
    r"\d{1,2}[./-]\d{1,2}\b|\d{4}-\d\d-\d\d|\d(?:st|nd|rd|th)\b|\d:\d\d\b|\d ?(?:am|pm|uhr)\b|\d月\d|\d日"
)
_DIGIT: Final = re.compile(r"\d")
_ASKING: Final = re.compile(r"[?\uff1f\u061f]\W*$")
_MONEY: Final = re.compile(r"[€$£¥]")
_REFERENCE: Final = """
reference, order number, invoice, contract, tracking, booking, serial number, password, account number
aktenzeichen, bestellnummer, rechnung, vertrag, mein zeichen, kennwort, kontonummer, номер, шифр, 编号, 号码, 密码
"""
_NUMBERED: Final = """
case number, case, membership, plate, flight, label, marked, kennzeichen, mitgliedsnummer, flug, vermerk
überweisung, door, gate, tür, дверь, рейс, 航班, 车牌
"""
_CODE: Final = re.compile(
    r"\b(?=\w*\d)(?=\w*[^\W\d_])\w+-\w|\b\w+-\d[\w-]*-\w|\b[A-Z]{2,}[-/]?\d[\w/-]{2,}"
    r"|\b[\w.+-]{1,64}@\w|https?://|(?<!\w)[~/][\w.-]{1,64}/|\+\d[\d ]{7,}"
)
_PREFERENCE: Final = """
can't stand, cannot stand, i'm more of, i am more of, address me, i like, i enjoy, i don't eat, i don't drink
i want, i always, i never, i need, any day over, keep my, only black
vertrage, ich trinke, ich esse, sprich mich, ich möchte, ich will, wenn du kannst, ungern, bitte förmlich
jederzeit lieber, терпеть не могу, не ем, не пью, хочу, обращайся, 受不了, 不吃, 不喝, 我要, 称呼我
i prefer, preference, preferred, i'd rather, would rather, i would rather, i love, i hate, i dislike, favourite
favorite, allergic, vegetarian, vegan, call me, be called, i like my
lieber, bevorzuge, am liebsten, hätte gern, nenn mich, nennen sie mich, genannt werden, allergisch, vegetarisch, mag ich
ich mag, предпочита*, люблю, зови меня, лучше бы, 我喜欢, 希望被, 更喜欢, 叫我, 过敏
"""
_QUESTION: Final = """
has anyone, does anyone, did anyone, what became of, never heard back, figure out, needs to ask, should ask
should check
i wonder, we don't know, don't know yet, was supposed to, how much does, hat jemand, weiß jemand, was ist aus
nie etwas gehört
prüfen, geprüft, frage mich, wissen wir nicht, wer sollte, was verlangt, кто-нибудь, что стало, интересно, не знаем
надо спросить, 有没有人, 不知道, 问一下, 怎么样了
still open, open question, who pays, find out, do we know, no answer, not clear, unclear, pending, to be decided
to be clarified, todo, any news, waiting for an answer
offen, herausfinden, wissen wir, noch keine, unklar, klären, steht aus, steht noch aus, wer bezahlt, gibt es neues
ещё не ясно, узнай, ответа пока, не решен*, кто платит, 还没, 没弄清, 能查, 谁来, 待定
"""
_CORRECTION: Final = """
change of plan, forget what i said, as i told you, as i said, my mistake, i said, i wrote, mixed up, mixed that up
rather than, not what, planänderung, vergiss was ich, wie ich sagte, mein fehler, sagte ich, ich schrieb, neuer stand
забудь, вернее, 记错, 弄错, 不是
correction, i was wrong, was wrong, misspoke, i meant, scratch that, by mistake, my bad, instead of, has changed
changed to
sorry, actually, korrektur, falsch, vertan, entschuldig*, ich meinte, doch nicht, stattdessen, geändert, irrtum
verwechselt, поправка, ошиб*, точнее, вместо, извини, 更正, 说错, 改成
"""
_AMOUNT: Final = """
fine, earns, owes, charges, a month, a week, a year, long, gallons, crowns, jars, bottles, floor, steps, platform
verdient
schuldet, verlangt, im monat, im jahr, strafe, kronen, gläser, flaschen, etage, stock, stufen, gleis, зарабатывает
должен, литров, этаж, ступен*, 工资, 欠, 瓶, 楼, 级
euro*, dollar*, pound*, eur, usd, chf, franken, rubel, budget*, cost, costs, price*, total, in all, kosten, kostet
preis*, insgesamt, summe, евро, рубл*, долларов, бюджет, всего, 欧元, 美元, 预算, 一共
people, persons, guests, chairs, tables, rooms, seats, kilo*, kg, tons, metres, meters, litres, liters, pieces, boxes
copies, leute, personen, gäste, stühle, tische, zimmer, plätze, tonnen, stück, kisten, человек, гостей, стульев, кило
штук, holds, carries, ordered, fits, weighs, trägt, passen, fasst, bestellt, wiegt, заказал*, 公斤, 把, 个人
"""
_PROMISE: Final = """
promise*, i'll send, i will send, i'll call, i will call, i'll bring, i'll pay, i will pay, i'll take care, i'll write
let you know, remind me, remember, don't forget, make sure, please note, keep in mind
versprochen, verspreche, erinnere*, vergiss, merk dir, notier*, denk daran, ich schicke, ich rufe, ich bringe
ich kümmere, ich zahle, обеща*, напомни, запомни, запиши, не забудь, 请记, 记住, 别忘, 答应, 提醒
"""


class _Phrases:
    """A list of phrases; a star stands for any ending."""

    def __init__(self, phrases: str) -> None:
        listed = [each.strip() for each in phrases.replace("\n", ",").split(",") if each.strip()]
        spaced = [each for each in listed if ord(each[0]) < _UNSPACED]
        self._whole = frozenset(each for each in spaced if not each.endswith("*") and " " not in each)
        self._beginnings = tuple(each[:-1] for each in spaced if each.endswith("*") and " " not in each)
        self._long = tuple(
            f" {each.rstrip('*')}" if each.endswith("*") else f" {each} " for each in spaced if " " in each
        )
        self._unspaced = tuple(each for each in listed if ord(each[0]) >= _UNSPACED)

    def are_in(self, sentence: "_Sentence") -> bool:
        """One of them is in a sentence."""
        return (
            not self._whole.isdisjoint(sentence.words)
            or any(word.startswith(self._beginnings) for word in sentence.words)
            or any(each in sentence.spaced for each in self._long)
            or any(each in sentence.text for each in self._unspaced)
        )


class _Sentence(NamedTuple):
    """A sentence in small letters: as it is, its words, and these with one blank around each."""

    text: str
    words: tuple[str, ...]
    spaced: str


_UNSPACED: Final = 0x3040  # from here on scripts have no blanks between words
_WORD: Final = re.compile(r"[^\W_](?:[\w'\u2019]*[^\W_])?")

_KINDS: Final = {
    "prohibition": _Phrases(_PROHIBITION),
    "decision": _Phrases(_DECISION),
    "preference": _Phrases(_PREFERENCE),
    "question": _Phrases(_QUESTION),
    "correction": _Phrases(_CORRECTION),
    "promise": _Phrases(_PROMISE),
}
_until, _day, _amount = _Phrases(_UNTIL), _Phrases(_DAY), _Phrases(_AMOUNT)
_reference, _numbered = _Phrases(_REFERENCE), _Phrases(_NUMBERED)

KINDS: Final = (*_KINDS, "deadline", "identifier", "number")
"""The kinds of facts."""


def kinds_of(sentence: str) -> tuple[str, ...]:
    """The kinds of facts that a sentence may state."""
    begin = sentence[:_LOOKED_AT]
    folded = begin.casefold()
    words = tuple(_WORD.findall(folded))
    seen = _Sentence(folded, words, f" {' '.join(words)} ")
    kinds = [kind for kind, phrases in _KINDS.items() if phrases.are_in(seen)]
    if _ASKING.search(begin) and "question" not in kinds:
        kinds.append("question")
    if (_DATE.search(folded) or _day.are_in(seen)) and _until.are_in(seen):
        kinds.append("deadline")
    has_digit = _DIGIT.search(folded)
    if _CODE.search(begin) or _reference.are_in(seen) or (has_digit and _numbered.are_in(seen)):
        kinds.append("identifier")
    if has_digit and (_MONEY.search(folded) or _amount.are_in(seen)):
        kinds.append("number")
    return tuple(kinds)
