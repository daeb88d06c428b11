"""The persona guard: reads the answer while it is written and lets through only what the persona may say.

It works clause by clause, which costs nothing, because a clause is what the voice waits for anyway. A clause that
breaks character (claims to be an assistant or a living person, the wrong language, a loop, a list) is withheld, and so
is everything after it. The guard only judges; the conversation decides whether to begin again.
"""

from __future__ import annotations

import re
from typing import Literal

import zhconv

from avatar.dialog.character import Character
from avatar.dialog.hand import STRICT, Hand
from avatar.dialog.orders import key
from avatar.dialog.persona import Persona
from avatar.errors import Language

Break = Literal["identity", "language", "loop", "form"]

UNBROKEN = 60
"""Characters without the end of a clause, from which the beginning is looked through for a loop."""

ENGLISH_TALK = 2
"""Such words as no name consists of, outside quotation marks, that no clause of a Chinese answer has."""

FOREIGN_WORDS = 3
"""English words, without one of Chinese, that are more than a name in a Chinese answer."""

_BOUNDARY = re.compile(
    r"(?:[。！？；，：…\n]+[”’」』）》]*|(?<=[\u3400-\u9fff])[,;:!?]+|[.!?;,:]+[\"'”’)]*(?=\s)|[!?]+(?=[^!?\"'”’)\s]))\s*"
)
_SENTENCE_END = re.compile(r"[。！？!?…][”’」』）\"']*\s*$|\.[\"'”’)]*\s*$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[A-Za-z]")
_ENGLISH_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
_ENGLISH_TALK = re.compile(
    r"\b(?:i|you|he|she|it|we|they|the|an?|is|am|are|was|were|be|my|your|and|but|of|in|to|for|with|that|this|not|no|yes|"
    r"sure|sorry|hello|hi|well|ok|okay|thanks?|please|can|cannot|do|does)\b",
    re.IGNORECASE | re.ASCII,
)
"""Words of which no name consists."""
_LOWER_CASE = re.compile(r"(?<![A-Za-z@'’-])(?<![A-Za-z]\.)[a-z]{3,}(?![A-Za-z@])")
_QUOTED = re.compile(r"《[^》]*》|“[^”]*”|‘[^’]*’|「[^」]*」|\"[^\"]*\"")
_STRANGE = re.compile(r"[\u0400-\u052f\u0590-\u06ff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")

_LIST = re.compile(r"^\s*(?:[-*•#>]\s|\d{1,2}[.、)）]\s?(?!\d)|[一二三四五]、|```|\|)")
_NUMBER = re.compile(r"^\s*(?:[-*•]\s+|\d{1,2}[.、)）]\s?(?!\d)|[一二三四五]、)")
_LEAK = re.compile(
    r"〔|〕|\[You recall|\[Background|记得[:：]|背景[:：]|旧识[:：]|前情[:：]|\[Acquaintance|\[Earlier|<\|?im_|https?://|\{\{"
)
_OPENING = re.compile(
    r"^(?:好的|好呀|没问题|当然可以|以下是[^，。：:]{0,12}|根据[^，。：:]{0,12}|"
    r"sure|certainly|absolutely|great question|here is[^,.:]{0,30}|based on[^,.:]{0,30})\s*(?:[，。！、：,.!:]+\s*|$)",
    re.IGNORECASE,
)
"""What an assistant begins with, and nobody who speaks face to face."""
_NAMING = ("", "我是", "我叫", "是", "叫", "我就是", "iam", "im", "mynameis")
"""Before a name: who speaks, said twice, is a loop."""
_DECORATION = re.compile(r"\*+|`+|^#+\s*|_{2,}")

_HINTS: dict[Break, tuple[str, str]] = {
    "identity": ("（你是{name}，不是别的什么。）", "(You are {name} and nothing else.)"),
    "language": ("（只用中文回答，一两句话。）", "(Answer in English only, one or two sentences.)"),
    "loop": ("（换一种说法，一句话说完，不要重复。）", "(Say it once, differently, in one sentence.)"),
    "form": ("（像当面说话那样，一两句话，不要分条。）", "(Speak as if face to face, briefly, no list.)"),
}  # fmt: skip


class Guard:
    """The guard of one answer. A pure value machine: pieces in, clauses out.

    Args:
        character: who speaks, and what must not be said.
        language: what the answer must be in.
        spoken: what of this answer was let through already, where it is begun again; said once more at the beginning
            it is passed over.
        hand: how closely the model is led.
        note: what was added to the question; small models read it out, which is withheld.
        last: whether this is the last try: the numbers of a list are then taken off, and it is spoken.
        asked: the question with its quotations: an English word that stands there may stand in a Chinese answer, too.

    Attributes:
        broken: why the last clause was withheld, or None. Nothing comes out any more once it is set.
        finished: enough was said. Nothing comes out any more once it is set.
    """

    def __init__(
        self,
        character: Character,
        language: Language,
        *,
        spoken: str = "",
        hand: Hand = STRICT,
        note: str = "",
        asked: str = "",
        last: bool = False,
    ) -> None:
        self._character = character
        self._note, self._last = key(note), last
        self._words = frozenset(_LOWER_CASE.findall(asked.lower()))
        self._hand = hand
        self._language = language
        self._buffer = ""
        self._spoken = spoken
        name = character.persona.name
        names = (key(name.zh), f"{key(name.zh)}先生", key(name.en))
        self._naming = {f"{start}{own}" for own in names for start in _NAMING}
        self._clauses = [words for part in _BOUNDARY.split(spoken) if (words := key(part))]
        self._again, self._passed_over = bool(self._clauses), False
        self.broken: Break | None = None
        self.finished = False

    @property
    def may_end(self) -> bool:
        """Whether what was let through can stand as the whole answer: it ends with a sentence."""
        return bool(_SENTENCE_END.search(self._spoken))

    def push(self, piece: str) -> list[str]:
        """The clauses that are complete with these next characters and may be spoken."""
        self._buffer += piece
        passed: list[str] = []
        while not (self.broken or self.finished) and (match := _BOUNDARY.search(self._buffer)):
            clause, self._buffer = self._buffer[: match.end()], self._buffer[match.end() :]
            passed += self._judge(clause)
        if len(self._buffer) > UNBROKEN and not self.broken and _repeats(self._buffer):
            self.broken = "loop"
        return passed

    def flush(self, *, cut: bool = False) -> list[str]:
        """What is left when the model has ended; `cut` drops it, because the model was stopped inside a word."""
        rest, self._buffer = self._buffer, ""
        passed: list[str] = []
        if rest.strip() and not (cut or self.broken or self.finished):
            passed = self._judge(rest)
        if self._passed_over and self._again and not self.broken:
            self.broken = "loop"  # it only said what was said before
        return passed

    def _judge(self, clause: str) -> list[str]:
        """The clause, cleaned and in simplified characters, where it may pass."""
        if self._language == "zh":
            clause = zhconv.convert(clause, "zh-cn")
        if self._again and key(clause) in self._clauses:
            self._passed_over = True
            return []
        if self._last:
            clause = _NUMBER.sub("", clause)
        self.broken, self._again = self._fault(clause), False
        if self.broken:
            return []
        text = self._cleaned(clause)
        if not text.strip():
            return []
        self._clauses.append(key(text))
        self._spoken += text
        sentences = len(re.findall(r"[。！？!?]|\.(?=\s|$)", self._spoken))
        self.finished = sentences >= self._hand.sentences and self.may_end
        return [text]

    def _fault(self, clause: str) -> Break | None:
        if _LEAK.search(clause) or _LIST.match(clause) or self._reads_out(clause):
            return "form"
        if self._character.broken_by(clause):
            return "identity"
        if _wrong_language(clause, self._language) or (self._language == "zh" and self._strays(clause)):
            return "language"
        return "loop" if self._loops(clause) else None

    def _strays(self, clause: str) -> bool:
        """Whether a Chinese clause has an English word that is no name and that nobody used."""
        return any(word not in self._words for word in _LOWER_CASE.findall(_QUOTED.sub("", clause)))

    def _reads_out(self, clause: str) -> bool:
        """Whether it says what was added to the question, but for the name, which may be said."""
        words = key(clause)
        return len(words) > 4 and words in self._note

    def _loops(self, clause: str) -> bool:
        words, letters = key(clause), 1 if self._language == "zh" else 3  # to a syllable
        if words in self._clauses and len(words) >= 6:
            return True
        if self._clauses.count(words) >= 2 and len(words) >= 3 * letters:
            return True
        if self.may_end and any(
            len(each) >= 4 * letters and each in words for each in self._clauses if each not in self._naming
        ):
            return True
        last = self._clauses[-1] if self._clauses else ""
        if 3 * letters <= len(words) < len(last) and last.endswith(words):
            return True
        if words in self._naming and self._naming.intersection(self._clauses):
            return True
        return _repeats(clause) or _repeats("".join(self._clauses[-7:]) + words)

    def _cleaned(self, clause: str) -> str:
        """Without markdown, without the speaker's name or an empty opening in front."""
        text = _DECORATION.sub("", clause).replace("\n", " ")
        if not self._spoken:
            name = self._character.persona.name
            names = "|".join(map(re.escape, (name.zh, name.en)))
            text = re.sub(rf"^\s*(?:{names})\s*[:：]\s*", "", text).lstrip()
            if self._hand.plain_opening:
                text = _OPENING.sub("", text)
                text = text[:1].upper() + text[1:]
        return text


def _repeats(text: str) -> bool:
    """Whether something of two to twenty letters stands there four times running, or one letter ten times."""
    return re.search(r"(.{2,20}?)\1{3,}|(.)\2{9,}", key(text)) is not None


def _wrong_language(clause: str, language: Language) -> bool:
    """Whether a clause is in another language than the answer must be in; single foreign names may stand."""
    han, letters = len(_HAN.findall(clause)), len(_LETTER.findall(clause))
    if _STRANGE.search(clause):
        return True
    if language == "en":
        return han > 2 or (han > 0 and letters == 0)
    if han == 0 and (_ENGLISH_TALK.search(clause) or len(_ENGLISH_WORD.findall(clause)) >= FOREIGN_WORDS):
        return True
    talk = _ENGLISH_TALK.findall(_QUOTED.sub("", clause))
    return len(talk) >= ENGLISH_TALK or (letters > 16 and letters > 2 * han)


def hint(reason: Break, persona: Persona, language: Language) -> str:
    """What is added to the question when an answer that broke so is begun again."""
    zh, en = _HINTS[reason]
    return (zh if language == "zh" else en).format(name=persona.name.of(language))
