"""What one conversation recalls of its user's earlier ones, and adds to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from avatar.dialog.memory.extracting import facts_in, statements
from avatar.dialog.memory.store import Fact, Memories
from avatar.dialog.orders import key
from avatar.dialog.prompt import estimate_tokens
from avatar.errors import Language

KNOWN_TOKENS = 100
"""Of what is recalled in the prompt."""

TOLD_AT_MOST = 12
"""Messages in which facts are still to be looked for."""

_CALLED = re.compile(
    r"(?:客人|我)(?:的?(?:名字|大名|小名)[是叫]|名?叫|名为)[作做]?(?![不他她它你您])([\w·]{2,8}?)(?=[，。！？；、,.!?;\s]|$)|"
    r"\b(?:the guest is called|the guest['’]s name is|the guest is named|my name is|i am called|i['’]m called)\s+"
    r"([a-z][\w'’-]*)",
    re.IGNORECASE,
)
"""A name that somebody says is theirs: one of the groups."""
_ASKS_NAME = re.compile(
    r"我(?:是谁|叫什么|姓什么|的名字)|认得?识?我|\bmy name\b|\bwho am i\b|\bwho i am\b", re.IGNORECASE
)
_OF_ITSELF = re.compile(r"^\W*(?:我|鄙人|在下|咱)|^\W*(?:i|i['’]m|i['’]ve|my)\b", re.IGNORECASE)
_OF_ANOTHER = re.compile(r"[你您他她]|客人|记得|知道|忘|\b(?:you|your|remember|know|guest)\b", re.IGNORECASE)
_COMMON = frozenset({"called", "named", "name", "have", "that", "with", "they", "this", "what", "told", "said"})
_ANYWHERE = frozenset("我你您他她它的了是有在叫名字一个着过说上次还记得吗什么哪儿里谁几多大住做家以前忘知道不没会")
_VERBS = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}


class Recollection:
    """The memory of one user in one conversation.

    What is put at the beginning of the prompt is what was known when the conversation began: a fact that is learned
    later stands in the history already, and one that is deleted goes at once.

    Args:
        memories: of all users.
        persona: its id.
        user: as `store.user_of` gives it.
    """

    def __init__(self, memories: Memories, persona: str, user: str) -> None:
        self._memories = memories
        self._persona = persona
        self._user = user
        self._first = {each.id for each in self._now()}
        self._told: list[tuple[frozenset[str], str]] = []

    @property
    def wanted(self) -> bool:
        """Whether the user lets the persona remember."""
        return self._memories.read(self._persona, self._user).remember

    @property
    def known(self) -> tuple[str, ...]:
        """What was known at the beginning and still is, the latest as far as there is room; oldest first."""
        return _within([each.text for each in self._now() if each.id in self._first])

    @property
    def all(self) -> tuple[str, ...]:
        """All that is known now, the latest as far as there is room; oldest first."""
        return _within([each.text for each in self._now()])

    @property
    def told(self) -> tuple[tuple[frozenset[str], str], ...]:
        """What the user said of themselves and nobody has looked through yet; nothing where that is not wished."""
        if self._told and not self.wanted:
            self._told = []
        return tuple(self._told)

    def hear(self, question: str, parts: Iterable[str]) -> None:
        """Take note of a message; `parts` are the ids by which it can be forgotten."""
        if own := statements(question):
            self._told = [*self._told, (frozenset(parts), own)][-TOLD_AT_MOST:]

    def forget(self, part: str) -> None:
        """Pass a message over."""
        self._told = [(parts, text) for parts, text in self._told if part not in parts]

    def pass_over(self) -> None:
        """Learn nothing of what was said until now."""
        self._told = []

    def found(self, told: Sequence[tuple[frozenset[str], str]], written: str) -> list[str]:
        """The facts that the model found in messages, which have been looked through then.

        Args:
            told: what it was given; where one of them was to be forgotten meanwhile, there are none.
            written: its lines.
        """
        whole = self._told[: len(told)] == list(told)
        self._told = [each for each in self._told if each not in told]
        return facts_in(written, " ".join(text for _, text in told)) if whole else []

    def keep(self, texts: Sequence[str]) -> int:
        """Keep facts; returns how many were new. Blocks while the disk is written.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        return self._memories.learn(self._persona, self._user, texts) if texts else 0

    def _now(self) -> tuple[Fact, ...]:
        read = self._memories.read(self._persona, self._user)
        return read.facts if read.remember else ()


def told_back(facts: Sequence[str], question: str, language: Language) -> str:
    """What a user told, as one would say it to their face; where the question names some of it, that alone."""
    meant = [each for each in facts if _touches(each, question)] or list(facts)
    told = [addressed(each, language) for each in meant]
    if language == "zh":
        return "你说过，" + "，".join([*told[:1], *(each.removeprefix("你") for each in told[1:])])
    return "you said that " + " and that ".join(told)


def untold(answer: str, facts: Sequence[str], question: str) -> list[str]:
    """The facts that an answer should have said and did not; none where it says anything of what was asked.

    Asked for their name, a user wants to hear the name.
    """
    if not any(_touches(each, answer) for each in facts):
        return list(facts)
    names = [each for each in facts if names_of([each])] if _ASKS_NAME.search(question) else []
    return [] if any(name in key(answer) for name in names_of(names)) else names


def claimed(clause: str, facts: Sequence[str]) -> bool:
    """Whether a clause says of its speaker what is known of the guest: 我在杭州做木匠."""
    if not _OF_ITSELF.search(clause) or _OF_ANOTHER.search(clause):
        return False
    return any(pair in clause.lower() for each in facts for pair in _telling(each))


def _telling(fact: str) -> set[str]:
    """What of a fact is seldom said by chance: two Chinese characters on end, an English word of some length."""
    own = fact.removeprefix("客人").removeprefix("The guest").lower()
    words = set(re.findall(r"[a-z]{4,}", own)) - _COMMON
    pairs = {pair for pair in re.findall(r"(?=([\u3400-\u9fff]{2}))", own) if set(pair) - _ANYWHERE}
    return words | pairs


def names_of(texts: Iterable[str]) -> frozenset[str]:
    """The names that a user goes by, from facts or from their own words, as `orders.key` has them."""
    found = (key(said[1] or said[2]) for text in texts for said in _CALLED.finditer(text))
    return frozenset(name for name in found if len(name) > 1)


def _touches(fact: str, text: str) -> bool:
    """Whether a text shares a word with a fact: two Chinese characters on end, or an English word of some length.

    In a question about a cat, 我的猫, one character is the word; those that stand in any question do not count.
    """
    own = fact.removeprefix("客人").removeprefix("The guest")
    words = set(re.findall(r"[a-z]{4,}", own.lower())) - _COMMON
    characters = set(re.findall(r"[\u3400-\u9fff]", own)) - _ANYWHERE
    return any(word[:5] in text.lower() for word in words) or any(each in text for each in characters)


def addressed(fact: str, language: Language) -> str:
    """A fact as one would say it to the guest's face."""
    if fact.startswith("客人"):
        return "你" + fact.removeprefix("客人").replace("客人", "你")
    verb, _, rest = fact.removeprefix("The guest").strip().partition(" ")
    plural = _VERBS.get(verb, verb[:-1] if verb.endswith("s") and not verb.endswith("ss") else verb)
    return f"you {plural} {rest}".strip()


def _within(texts: Sequence[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for text in reversed(texts):
        if estimate_tokens("".join([*kept, text])) > KNOWN_TOKENS:
            break
        kept.append(text)
    return tuple(reversed(kept))
