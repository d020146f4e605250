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
            "After some back and forth the committee landed on {name} for the printing.",
            "Right then, {place} it is, we sign on the spot.",
            "The board voted: {name} will run the depot in {place}.",
            "I have chosen the blue tiles from {name}.",
            "For the roof we'll use slate from {place}.",
            "Let {name} have the corner office, I'm done discussing it.",
            "The contract for the harbour was awarded to {name}.",
            "We'll drive via {place} after all.",
        ),
        "prohibition": (
            "And one more thing, never email {name} about any of this.",
            "Keep {name} out of the loop, whatever happens.",
            "Under no circumstances may the crates in {place} be opened.",
            "Please keep this away from {name} at all costs.",
            "Nobody except me opens the safe at {place}.",
            "You are not to ring {name} after dinner.",
            "Avoid mentioning the loan when {name} is around.",
            "{name} has no business reading these letters.",
            "Don't ever put peanuts into anything for {name}.",
            "The cellar in {place} stays locked.",
            "Leave {name} alone until the funeral is over.",
        ),
        "identifier": (
            "The order went out under {code}, in case they ask for it.",
            "Please note my reference: {code}.",
            "Their contract carries the mark {code} on page one.",
            "The parcel from {name} has the label {code}.",
            "My membership is {code}, you will need that at the door.",
            "Flight {code} is the one we are booked on.",
            "The serial on the back of the boiler reads {code}.",
            "The case number at the court is {code}.",
            "She lives behind the door marked {code}.",
            "My car's plate is {code}.",
            "Write {code} on the transfer, otherwise it gets lost.",
        ),
        "deadline": (
            "The papers for {place} are due on {date}, not a day later.",
            "{name} wants the draft by {date}.",
            "Submissions for {place} close on {date}.",
            "{name} needs the signed forms no later than {date}.",
            "The tender for {place} runs out on {date}.",
            "Rent for {place} has to be in by {date}.",
            "We must hand back the keys of {place} on {date}.",
            "The visa for {name} lapses on {date}.",
            "They want an answer about {place} before {date}.",
            "On {date} the bank in {place} takes back its offer.",
            "The exam of {name} is on {date}.",
        ),
        "preference": (
            "By the way, I like my reports short, with the figures for {place} on top.",
            "I prefer to be called {name} in letters.",
            "For dinners I would rather have the quiet room at {place}.",
            "Whenever you book for me, pick an aisle seat near {place} if you can.",
            "I can't stand coriander, tell {name} in the kitchen.",
            "I'm more of a tea person; get the one from {place}.",
            "Address me as {name} in public.",
            "I sleep badly near the street, so ask {place} for a back room.",
            "Coffee only black, and never from {place}.",
            "Keep my letters to {name} formal.",
            "I'd take the train to {place} any day over flying.",
        ),
        "question": (
            "What is still open: who pays for the repair in {place}?",
            "Could you find out whether {name} has a licence? I have no answer yet.",
            "Do we know yet if {place} takes dogs?",
            "Has anyone checked whether {name} insured the van?",
            "What became of the complaint about {place}? I never heard back.",
            "We should figure out how {name} gets to the airport.",
            "Is {place} open on holidays? Someone needs to ask.",
            "Who was supposed to feed the goats at {place}?",
            "I wonder if {name} ever got the refund.",
            "How much does {name} charge per hour?",
            "We don't know yet if {place} accepts cards.",
        ),
        "correction": (
            "Sorry, I was wrong before: the lift in {place} carries {number} kilos.",
            "Correction, the gate code for {place} is {number}.",
            "I misspoke earlier, {name} lives in {place}.",
            "Not the second floor as I told you: {name} lives on floor {number}.",
            "Change of plan: the gate of {place} opens with {number}.",
            "Forget what I said, the hall of {place} seats {number}.",
            "My mistake, {name} asked for {number} bottles.",
            "Wait, it was {number} kilos that {name} ordered, not what I wrote.",
            "I mixed that up: {place} is on platform {number}.",
            "It's {name}, spelled with that ending, who chairs the meeting.",
            "Update: {place} now charges {number}.",
        ),
        "number": (
            "The budget for {place} is {number} euros in all.",
            "{name} ordered {number} chairs.",
            "The hall in {place} holds {number} people.",
            "{name} earns {number} a month before tax.",
            "The bridge at {place} is {number} metres long.",
            "We have {number} jars left in {place}.",
            "The fine came to {number} pounds, says {name}.",
            "{name} owes me {number} crowns.",
            "The tank in {place} takes {number} gallons.",
            "There are {number} steps up to {place}.",
            "{name} ran it in {number} seconds.",
        ),
    },
    "de": {
        "decision": (
            "Gut, abgemacht: die Werkstatt in {place} bekommt {name}, die anderen Angebote sind vom Tisch.",
            "Beim Essen nehmen wir {name}, dabei bleibt es.",
            "Ich habe es mir überlegt: wir fahren die Nordroute über {place}.",
            "Nach langem Hin und Her hat sich der Vorstand auf {name} festgelegt.",
            "Also gut, {place} wird es, wir unterschreiben gleich.",
            "Die Gruppe hat abgestimmt: {name} leitet das Lager in {place}.",
            "Ich habe mich für die blauen Fliesen von {name} entschieden.",
            "Fürs Dach nehmen wir Schiefer aus {place}.",
            "{name} kriegt das Eckbüro, darüber rede ich nicht mehr.",
            "Den Auftrag für den Hafen hat {name} bekommen.",
            "Wir fahren nun doch über {place}.",
        ),
        "prohibition": (
            "Und noch etwas, schreib {name} niemals eine Mail darüber.",
            "Halte {name} da heraus, egal was passiert.",
            "Auf keinen Fall dürfen die Kisten in {place} geöffnet werden.",
            "Bitte haltet das unbedingt von {name} fern.",
            "Außer mir öffnet niemand den Tresor in {place}.",
            "Ruf {name} nach dem Abendessen nicht mehr an.",
            "Erwähne den Kredit nicht, wenn {name} dabei ist.",
            "Diese Briefe gehen {name} nichts an.",
            "Tu {name} bloß keine Erdnüsse ins Essen.",
            "Der Keller in {place} bleibt zu.",
            "Lass {name} in Ruhe, bis die Beerdigung vorbei ist.",
        ),
        "identifier": (
            "Die Bestellung läuft unter {code}, falls jemand danach fragt.",
            "Notier dir bitte mein Zeichen: {code}.",
            "Ihr Vertrag trägt auf der ersten Seite den Vermerk {code}.",
            "Auf dem Paket von {name} klebt {code}.",
            "Meine Mitgliedsnummer ist {code}, die brauchst du am Eingang.",
            "Wir sind auf den Flug {code} gebucht.",
            "Hinten auf dem Kessel steht die Nummer {code}.",
            "Das Gericht führt den Fall unter {code}.",
            "Sie wohnt hinter der Tür mit {code}.",
            "Mein Auto hat das Kennzeichen {code}.",
            "Schreib {code} auf die Überweisung, sonst geht sie verloren.",
        ),
        "deadline": (
            "Die Unterlagen für {place} müssen am {date} da sein, keinen Tag später.",
            "{name} will den Entwurf bis {date} haben.",
            "Anmeldeschluss für {place} ist der {date}",
            "{name} braucht die Formulare spätestens am {date}",
            "Die Ausschreibung für {place} läuft am {date} ab.",
            "Die Miete für {place} muss bis {date} da sein.",
            "Die Schlüssel von {place} geben wir am {date} zurück.",
            "Das Visum von {name} verfällt am {date}",
            "Wegen {place} wollen sie vor dem {date} eine Antwort.",
            "Am {date} zieht die Bank in {place} ihr Angebot zurück.",
            "{name} hat am {date} Prüfung.",
        ),
        "preference": (
            "Übrigens mag ich Berichte kurz, die Zahlen für {place} ganz oben.",
            "In Briefen möchte ich lieber {name} genannt werden.",
            "Zum Essen hätte ich gern das ruhige Zimmer im {place}.",
            "Wenn du für mich buchst, nimm einen Gangplatz, am besten bei {place}.",
            "Koriander vertrage ich gar nicht, sag das {name} in der Küche.",
            "Ich trinke eher Tee, und zwar den aus {place}.",
            "Sprich mich vor anderen als {name} an.",
            "An der Straße schlafe ich schlecht, frag in {place} nach einem Zimmer nach hinten.",
            "Kaffee nur schwarz, und nie aus {place}.",
            "Meine Briefe an {name} bitte förmlich.",
            "Nach {place} nehme ich jederzeit lieber den Zug.",
        ),
        "question": (
            "Offen ist noch: wer bezahlt die Reparatur in {place}?",
            "Kannst du herausfinden, ob {name} eine Lizenz hat? Ich habe noch keine Antwort.",
            "Wissen wir schon, ob {place} Hunde nimmt?",
            "Hat jemand geprüft, ob {name} den Wagen versichert hat?",
            "Was ist aus der Beschwerde über {place} geworden? Ich habe nie etwas gehört.",
            "Wir müssen noch klären, wie {name} zum Flughafen kommt.",
            "Hat {place} feiertags auf? Das müsste einer fragen.",
            "Wer sollte eigentlich die Ziegen in {place} füttern?",
            "Ich frage mich, ob {name} das Geld je zurückbekam.",
            "Was verlangt {name} die Stunde?",
            "Ob {place} Karten nimmt, wissen wir nicht.",
        ),
        "correction": (
            "Entschuldige, das war vorhin falsch: der Aufzug in {place} trägt {number} Kilo.",
            "Korrektur, der Code für das Tor in {place} ist {number}.",
            "Ich habe mich vertan, {name} wohnt in {place}.",
            "Nicht im zweiten Stock, wie ich sagte: {name} wohnt in Etage {number}.",
            "Planänderung: das Tor von {place} geht mit {number} auf.",
            "Vergiss, was ich sagte, der Saal in {place} hat {number} Plätze.",
            "Mein Fehler, {name} wollte {number} Flaschen.",
            "Moment, {number} Kilo hat {name} bestellt, nicht was ich schrieb.",
            "Das habe ich verwechselt: {place} ist auf Gleis {number}.",
            "{name} leitet die Sitzung, mit dieser Endung geschrieben.",
            "Neuer Stand: {place} verlangt jetzt {number}.",
        ),
        "number": (
            "Das Budget für {place} beträgt insgesamt {number} Euro.",
            "{name} hat {number} Stühle bestellt.",
            "In den Saal in {place} passen {number} Leute.",
            "{name} verdient {number} im Monat vor Steuern.",
            "Die Brücke bei {place} ist {number} Meter lang.",
            "In {place} stehen noch {number} Gläser.",
            "Die Strafe betrug {number} Euro, sagt {name}.",
            "{name} schuldet mir {number} Kronen.",
            "In den Tank in {place} gehen {number} Liter.",
            "Nach {place} sind es {number} Stufen.",
            "{name} lief das in {number} Sekunden.",
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
