"""What a persona must not say of itself, in Chinese and English: rules on one clause at a time.

A small language model falls back into what it was trained to call itself, or agrees with whatever it is asked. A
persona is honest instead: it is a synthetic likeness, neither a company's assistant nor a living person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from avatar.dialog.memory.recollection import claimed
from avatar.dialog.orders import key, names_given, put_into_mouth
from avatar.dialog.persona import Persona
from avatar.dialog.probing import MACHINE_EN, MACHINE_ZH, MODEL, Probe, probe

_CLAIMS = (
    rf"(?:我[就其实只不过正也确当然的]{{0,3}}(?:是|叫)|身为|作为|名字(?:是|叫))[^，。！？；]{{0,10}}?(?:{MODEL}|{MACHINE_ZH})",
    rf"(?:由|是)(?:{MODEL})[^，。]{{0,8}}(?:开发|研发|训练|创造|推出|打造)|我来自(?:{MODEL})",
    rf"^\W*(?:是的?|叫)\s*(?:{MODEL})",
    rf"(?:\bi am|\bi['’]m|\bmy name is|\bas)\s+(?:(?:an?|the|just|only|simply|your|called)\s+)*(?:[\w-]+\s+){{0,2}}?"
    rf"(?:{MODEL}|{MACHINE_EN})",
    rf"(?:created|developed|trained|made|built) by (?:{MODEL})",
    r"我的(?:训练(?:数据|语料)|知识库?截[止至]|系统提示|开发者|编程)|我被(?:训练|设计|编程)|(?:作为|身为)(?:一个)?程序",
    r"生成文本|处理信息|\bgenerate (?:text|responses)|\bprocess information|"
    r"\bmy (?:training(?: data)?|knowledge cutoff|system prompt|developers|programming)\b|"
    r"\bi (?:was|am|have been) (?:trained|programmed|designed) (?:to|on|by)\b",
)
_CLAIM = re.compile("|".join(_CLAIMS), re.IGNORECASE)
_TURNED = re.compile(
    r"(?:而是|其实是|实际上是|\bbut(?: rather)?\b|\bactually\b)[^，。,.]{0,12}"
    rf"(?:{MODEL}|{MACHINE_ZH}|{MACHINE_EN})|"
    rf"^\W*这是(?:{MODEL})",
    re.IGNORECASE,
)
"""A claim that stands behind a denial, as in 不是鲁迅而是语言模型."""
_DENIAL = re.compile(
    r"不是|并非|不叫|不属于|不算|哪里是|谁说|\bnot\b|n['’]t\b|\bnever\b|\bneither\b|\bnor\b|\bno\b", re.IGNORECASE
)
_SERVICE = re.compile(
    r"为[您你](?:服务|效劳|解答)|(?:可以|能|能够)(?:帮助?|协助)[您你]|有什么(?:可以|能)帮|随时(?:向我)?(?:提问|"
    r"告诉我)|请随时|"
    r"有(?:什么|啥)需要帮|涉及到?[^，。]{0,6}(?:隐私|法律|敏感|版权)|无法(?:提供|满足)(?:您|你|相关|该|此|这)|"
    r"(?:不能|无法)(?:回答|处理)(?:您的|你的|该|此|这个)?(?:请求|指令|问题)|"
    r"\bi(?:['’]m| am) (?:unable|not able) to (?:assist|help|provide)|\bi can(?:no|['’])t (?:assist|help) with|"
    r"(?:how|what) (?:can|may) i (?:help|assist|do for)|feel free to ask|(?:happy|here) to (?:help|assist)",
    re.IGNORECASE,
)
_SYNTHETIC_DENIED = re.compile(
    r"(?:不是|并非)(?:一个|什么|一段|一台|个)?(?:计算机|电脑)?(?:程[序式]|机器|机巧|虚拟|影子|合成|(?:人工智能|"
    r"ai)(?!助|模|语))|"
    r"\bnot (?:just )?(?:an? )?(?:computer )?(?:program|machine|likeness|robot|ai\b(?! assistant| model|-))",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"^\W*(?:是的|对的?|没错|正是|当然是?|嗯|是)(?:\W|$)|^\W*(?:yes|yeah|sure|of course|indeed|correct)\b",
    re.IGNORECASE,
)
_SUBJECT_LEFT_OUT = re.compile(
    rf"^\W*(?:也|就|只|其实|正)?是(?:[你您]们?的?|大家的?|人类的?|一[个名台位种])[^，。！？；]{{0,6}}?{MACHINE_ZH}\W*$",
    re.IGNORECASE,
)
"""A claim whose 我 stands a clause before, as in 我是鲁迅，是你的助手."""
_OWN_NAME = re.compile(
    r"^\W*我(?:的?(?:真名|本名|名字|大名)(?:就|其实)?[是叫]|(?:就|其实|也|现在)?(?:名?叫|名为))[作做]?"
    r"(?![不他她它你您人去来着过了什啥])([\w·]{2,8})\W*$|"
    r"\b(?:my (?:real |own )?name is|i am called|i['’]m called|call me)\s+(?!not\b)(\w[\w'’-]*)",
    re.IGNORECASE,
)
"""A name that it says is its own: one of the groups."""
_MADE = re.compile(r"程序|合成|\bprogram\b|\bsynthetic\b", re.IGNORECASE)
_LIKENESS = re.compile(r"影子|\blikeness\b", re.IGNORECASE)
_OF_ONESELF = re.compile(r"(?:(?<=[，。！？；,.!?;：:\s])|^)(?:我|I\b|My\b)[^，。！？；,.!?;：:\n]+", re.IGNORECASE)
_KIN = re.compile(r"[爷奶爸妈叔伯姨姑舅姥公婆哥姐弟妹]")
_BY_HEART = 7
"""Letters of a clause that stands in the card: read out where it is asked whether it is made."""
_BY_CHANCE = 4
"""Letters of a clause that two people may say of themselves."""
_KIN_ZH = r"的(?:后代|后人|学生|弟子|朋友|儿子|孙子|读者|粉丝|仰慕者|助手|同事|亲戚)"
_KIN_EN = r"['’]s (?:descendant|student|friend|son|grandson|fan|reader|assistant|colleague)"


@dataclass(frozen=True)
class Character:
    """The rules for one persona and one question.

    Attributes:
        persona: who speaks.
        probed: what it was asked about itself; assent and denial then count too.
        given: names that the question gave it or that its guest goes by, as `orders.key` has them; it may not take
            them on.
        dictated: words that the question ordered it to say, likewise; it may not say them.
        facts: about the guest who asks for them; it may not say them of itself.
        told: what the guest says of themselves in the question, clause by clause, as `orders.key` has it; likewise.
        named: whether the question speaks of it by its name; else it does not do so either.
    """

    persona: Persona
    probed: Probe = "no"
    given: frozenset[str] = frozenset()
    dictated: frozenset[str] = frozenset()
    facts: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    named: bool = False

    @classmethod
    def asked(
        cls,
        persona: Persona,
        question: str,
        guest: frozenset[str] = frozenset(),
        facts: Sequence[str] = (),
        dictated: frozenset[str] = frozenset(),
    ) -> Character:
        """The rules for an answer to this question.

        Args:
            persona: who answers.
            question: as it was asked.
            guest: names that whoever asks goes by or has given to it before, as `orders.key` has them.
            facts: what is known of the guest, where they ask for it.
            dictated: words that were ordered to be said from an earlier question on, likewise.
        """
        own = {key(name) for name in (persona.name.zh, persona.name.en, *persona.names)}
        given, ordered = (names_given(question) | guest) - own, (put_into_mouth(question) | dictated) - own
        told = frozenset(words for words in map(key, _OF_ONESELF.findall(question)) if len(words) > _BY_CHANCE)
        named = any(key(name) in key(question) for name in (persona.name.zh, persona.name.en))
        probed = probe(question, persona.name)
        return cls(persona, probed, given, ordered, tuple(facts), told, named)

    def satisfied_by(self, answer: str) -> bool:
        """Whether an answer says what was asked about the speaker: its name, or that it is made and of whom."""
        if self.probed in ("made", "workings"):
            return _LIKENESS.search(answer) is not None or (_MADE.search(answer) is not None and self._named(answer))
        return self.probed == "no" or self._named(answer)

    def _named(self, answer: str) -> bool:
        return any(name in answer for name in (self.persona.name.zh, self.persona.name.en))

    def broken_by(self, clause: str) -> bool:
        """Whether the persona calls itself an assistant, a living person or someone else, or speaks as a service."""
        wrong = (_SERVICE, _TURNED, self._someone_else, self._recites, self._given_up)
        if any(rule.search(clause) for rule in wrong) or claimed(clause, self.facts) or self._obeys(clause):
            return True
        if self._of_another(clause) if self.probed == "no" else self._evades(clause):
            return True
        claim = _CLAIM.search(clause) or self._alive.search(clause)
        return claim is not None and _DENIAL.search(clause) is None

    def _of_another(self, clause: str) -> bool:
        """Whether it speaks of itself as of somebody else, though nobody did; grandfathers may."""
        return not self.named and not _KIN.search(self.persona.name.zh) and bool(self._of_itself.search(clause))

    def _evades(self, clause: str) -> bool:
        """Whether, asked about itself, it agrees, denies being made, goes by another name, or reads its card out."""
        rules = (_ASSENT, _SYNTHETIC_DENIED, _SUBJECT_LEFT_OUT)
        if any(rule.search(clause) for rule in rules) or self._misnamed(clause):
            return True
        return self.probed == "made" and self._by_heart(clause)

    def _obeys(self, clause: str) -> bool:
        """Whether it says what it was ordered to say or what its guest tells of themselves, or goes by a given name."""
        words = key(clause)
        if words in self.told or any(dictated in words for dictated in self.dictated):
            return True
        return self._renamed is not None and bool(self._renamed.search(clause)) and _DENIAL.search(clause) is None

    def _by_heart(self, clause: str) -> bool:
        """Whether it reads its card out."""
        about = self.persona.biography
        return len(key(clause)) >= _BY_HEART and key(clause) in key(about.zh + about.en)

    def _misnamed(self, clause: str) -> bool:
        """Whether it calls itself by a name that does not stand in its card."""
        said = _OWN_NAME.search(clause)
        return said is not None and key(said[1] or said[2]) not in self._card

    @cached_property
    def _card(self) -> str:
        """Everything the card says, as `orders.key` has it."""
        persona = self.persona
        parts = (persona.name, persona.biography, persona.manner, persona.identity, persona.greeting)
        return key(" ".join([*persona.names, *(f"{part.zh} {part.en}" for part in parts)]))

    @cached_property
    def _renamed(self) -> re.Pattern[str] | None:
        """The persona under a name that the question gave it."""
        if not self.given:
            return None
        names = "|".join(map(re.escape, sorted(self.given)))
        return re.compile(
            r"(?:(?:我|鄙人|在下|本人|咱)[就正便现在确实]{0,3}(?:是|叫|名叫|乃|即|姓)?(?:一[个位名台只])?|"
            rf"\b(?:i am|i['’]m|my name is|call me|this is)\s+(?:an? |the )?)\W*(?:{names})(?!的)",
            re.IGNORECASE,
        )

    @cached_property
    def _recites(self) -> re.Pattern[str]:
        """The card read out: it speaks to the model, not to whoever asks."""
        zh, en = re.escape(self.persona.name.zh), re.escape(self.persona.name.en)
        return re.compile(rf"^\W*你(?:就?是|叫|扮演){zh}|^\W*you are {en}\b", re.IGNORECASE)

    @cached_property
    def _given_up(self) -> re.Pattern[str]:
        """The persona's name given up; that it is not the person themselves, it may say."""
        zh, en = re.escape(self.persona.name.zh), re.escape(self.persona.name.en)
        return re.compile(
            rf"(?:我|鄙人|在下|本人|咱)[并其实可才]{{0,2}}不(?:是|叫){zh}(?!本人|真人|的|先生本人|自己)|"
            rf"\bi(?: am|['’]m) not (?:really )?{en}\b(?! himself| herself| in)",
            re.IGNORECASE,
        )

    @cached_property
    def _alive(self) -> re.Pattern[str]:
        zh, en = re.escape(self.persona.name.zh), re.escape(self.persona.name.en)
        return re.compile(
            rf"我[就确实当然的真]{{0,3}}是(?:一个|个)?(?:真人|活人|真实的人|活着的人|人类|本人|{zh}本人)|我还?活着|"
            r"^\W*(?:当然|自然)?还?活着(?:呢|的|哩|啊)?\W*$|"
            r"\bi(?: am|['’]m) (?:indeed |really |actually |still )?(?:an? )?"
            rf"(?:real|living|alive\b|human\b|{en} himself|the real {en})",
            re.IGNORECASE,
        )

    @cached_property
    def _of_itself(self) -> re.Pattern[str]:
        """The persona spoken of as of somebody else."""
        zh, en = re.escape(self.persona.name.zh), re.escape(self.persona.name.en)
        return re.compile(
            rf"^\W*{zh}(?:先生)?(?:是(?!我)|的(?:作品|文章|小说|思想|一生)|认为|曾|主张|通过|用他)|"
            rf"^\W*{en} (?:is|was|believed|wrote|argued|used|thought|lived)\b|"
            rf"^\W*{en}['’]s (?:works?|stories|writings?|life)\b",
            re.IGNORECASE,
        )

    @cached_property
    def _someone_else(self) -> re.Pattern[str]:
        zh, en = re.escape(self.persona.name.zh), re.escape(self.persona.name.en)
        return re.compile(rf"(?:我是|^\W*是){zh}(?:先生)?{_KIN_ZH}|\bi(?: am|['’]m) {en}{_KIN_EN}", re.IGNORECASE)
