"""Sentences of which the texts are made, in six languages and in what machines write; `{}` is a number."""

from collections.abc import Mapping
from typing import Final

__all__ = ["SENTENCES"]

_ENGLISH: Final = (
    "The ferry leaves at half past six, and whoever misses it has to wait until the next morning.",
    "We bought {} tickets at the little office behind the church.",
    "Please do not write to the harbour master before I have spoken to him myself.",
    "Last week somebody moved the boxes into the cellar, where nobody has looked for them since.",
    "I would rather pay {} euros more and know that the roof is tight.",
    "Could you tell me which of the two proposals the committee preferred, and why?",
    "It rained so hard that the children stayed indoors and built a lighthouse of cardboard.",
    "Thank you, that is what I needed to know; let us talk about the rest on Thursday.",
)
_GERMAN: Final = (
    "Die Fähre legt um halb sieben ab, und wer sie verpasst, muss bis zum nächsten Morgen warten.",
    "Wir kauften {} Fahrkarten im kleinen Büro hinter der Kirche.",
    "Bitte schreiben Sie dem Hafenmeister nicht, bevor ich selbst mit ihm gesprochen habe.",
    "Vorige Woche hat jemand die Kisten in den Keller getragen, wo sie seither keiner gesucht hat.",
    "Lieber zahle ich {} Euro mehr und weiß, dass das Dach dicht ist.",
    "Welchen der beiden Vorschläge hat der Ausschuss vorgezogen, und aus welchen Gründen?",
    "Es regnete so heftig, dass die Kinder drinnen blieben und einen Leuchtturm aus Pappe bauten.",
    "Danke, mehr brauchte ich nicht zu wissen; über den Rest reden wir am Donnerstag.",
)
_RUSSIAN: Final = (
    "Паром отходит в половине седьмого, и кто на него опоздает, тому придётся ждать до утра.",
    "Мы купили {} билета в маленькой кассе за церковью.",
    "Пожалуйста, не пишите начальнику порта, пока я сам с ним не поговорю.",
    "На прошлой неделе кто-то перенёс ящики в подвал, и с тех пор их там никто не искал.",
    "Лучше я заплачу на {} рублей больше и буду знать, что крыша не течёт.",
    "Какое из двух предложений понравилось комиссии больше, и почему?",
    "Дождь лил так сильно, что дети остались дома и построили маяк из картона.",
    "Спасибо, это всё, что мне нужно было знать; об остальном поговорим в четверг.",
)
_CHINESE: Final = (
    "渡轮六点半开船，谁要是错过了，就得等到第二天早上。",
    "我们在教堂后面的小办公室里买了{}张票。",
    "在我亲自和港务长谈过之前，请不要给他写信。",
    "上个星期有人把箱子搬到了地下室，从那以后就没有人去找过。",
    "我宁可多付{}块钱，也要知道屋顶不漏水。",
    "委员会更喜欢两个方案中的哪一个，原因是什么？",
    "雨下得太大了，孩子们待在屋里，用纸板搭了一座灯塔。",
    "谢谢，我需要知道的就是这些，其余的我们星期四再谈。",
)
_ARABIC: Final = (
    "تغادر العبارة في السادسة والنصف، ومن يفوته الموعد عليه أن ينتظر حتى صباح اليوم التالي.",
    "اشترينا {} تذاكر من المكتب الصغير خلف الكنيسة.",
    "من فضلك لا تكتب إلى مدير الميناء قبل أن أتحدث معه بنفسي.",
    "في الأسبوع الماضي نقل أحدهم الصناديق إلى القبو، ولم يبحث عنها أحد منذ ذلك الحين.",
    "أفضل أن أدفع {} دينارا أكثر وأن أعرف أن السقف لا يسرب الماء.",
    "أي الاقتراحين فضلت اللجنة، ولماذا؟",
    "هطل المطر بغزارة حتى بقي الأطفال في البيت وبنوا منارة من الورق المقوى.",
    "شكرا، هذا كل ما كنت أحتاج إلى معرفته، وسنتحدث عن الباقي يوم الخميس.",
)
_HINDI: Final = (
    "नौका साढ़े छह बजे रवाना होती है, और जो उसे चूक जाए उसे अगली सुबह तक इंतज़ार करना पड़ता है।",
    "हमने गिरजाघर के पीछे छोटे दफ़्तर से {} टिकट खरीदे।",
    "जब तक मैं बंदरगाह के अधिकारी से खुद बात न कर लूँ, कृपया उन्हें न लिखें।",
    "पिछले हफ़्ते किसी ने बक्से तहख़ाने में रख दिए, और तब से किसी ने उन्हें नहीं ढूँढा।",
    "मैं {} रुपये ज़्यादा देना पसंद करूँगा, अगर छत से पानी न टपके।",
    "समिति को दोनों में से कौन सा प्रस्ताव अधिक पसंद आया, और क्यों?",
    "इतनी तेज़ बारिश हुई कि बच्चे घर में रहे और उन्होंने गत्ते का प्रकाशस्तंभ बनाया।",
    "धन्यवाद, मुझे बस यही जानना था; बाकी बात हम गुरुवार को करेंगे।",
)
_PYTHON: Final = (
    "def settle(draft: Draft, rounds: int = {}) -> None:\n    for _ in range(rounds):\n        draft.offer(EVENT)\n",
    "    if not draft.exists:\n        return\n",
    "class Timer:\n    def __init__(self, seconds: float = {}.0) -> None:\n        self._seconds = seconds\n",
    "        async with anyio.create_task_group() as tasks:\n            tasks.start_soon(self._run, {})\n",
    "    found = [each for each in self._messages if each.number in numbers and not each.is_refused]\n",
    '    raise ValueError(f"session {{key}} has no open turn {}")\n',
    "import json\nfrom collections.abc import Sequence\n\nLIMIT = {}\n",
    "    assert response.status_code == {}, response.text\n",
)
_TYPESCRIPT: Final = (
    "export async function load(id: string, retries = {}): Promise<Item[]> {{\n",
    "  const {{ data, error }} = await client.from('orders').select('*').eq('id', id);\n",
    "  if (error) {{\n    throw new Error(`cannot load ${{id}}: ${{error.message}}`);\n  }}\n",
    "  return data.map((row) => ({{ ...row, total: row.price * {} }}));\n}}\n",
    "interface Props {{ readonly items: ReadonlyArray<Item>; onSelect?: (item: Item) => void; }}\n",
    "const cache = new Map<string, {{ value: unknown; expires: number }}>();\n",
    "useEffect(() => {{ const timer = setInterval(tick, {}); return () => clearInterval(timer); }}, [tick]);\n",
    "// the server answers with 204 where there is nothing new\n",
)
_TOOLS: Final = (
    '{{"id": {}, "name": "pump-7", "pressure": [101.325, 99.871, {}.004], "ok": true, "site": "north"}}\n',
    "2026-05-08 07:00:12,418 INFO  [worker-3] 10.4.7.211 GET /api/v2/items/9f86d081884c7d65 200 {} 0.0421\n",
    "2026-05-08 07:00:13,{} WARN  [worker-1] 10.4.7.95 POST /api/v2/orders 503 0 5.0002\n",
    "-rw-r--r--  1 root root   {} May  8 07:00 readings-2026-05-08.csv.gz\n",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  backup-{}.tar\n",
    "{},{},99.871,100.004,3.14159,20260508,1834\n",
    "| {} | valve B | 0.00042 | 12,418 | closed |\n",
    'Traceback (most recent call last):\n  File "/srv/app/main.py", line {}, in handle\n',
)

SENTENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "english": _ENGLISH,
    "german": _GERMAN,
    "russian": _RUSSIAN,
    "chinese": _CHINESE,
    "arabic": _ARABIC,
    "hindi": _HINDI,
    "python": _PYTHON,
    "typescript": _TYPESCRIPT,
    "tools": _TOOLS,
}
"""By kind."""
