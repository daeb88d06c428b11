"""Works out a reply: waits for the words of the question, looks up what they touch, and lets the answer be spoken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from avatar.dialog.conversation import Conversation
from avatar.dialog.passage import Grounding
from avatar.dialog.style import Phrase
from avatar.dialog.writing import Calling
from avatar.errors import AvatarError, Language
from avatar.live.answering import clauses_of, language_of, speak
from avatar.live.anticipation import Anticipation
from avatar.live.exchange import Exchange
from avatar.live.filler import PATIENCE_S, Fillers
from avatar.live.options import SessionOptions
from avatar.live.shared import SharedStages
from avatar.live.spotcheck import Sample, SpotCheck
from avatar.live.telling import Teller
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Style
from avatar.voice.speaking.delivery import DELIVERIES
from avatar.voice.speaking.marks import styled

GREETING: Style = "warm"
"""How a persona greets."""


class Composer:
    """Works out the replies of one session.

    Args:
        conversation: the persona and what was said so far.
        stages: the shared engines.
        teller: is told what comes of it.
        options: asked for at each reply, since they may change.
        seed: of the choice of fillers.

    Attributes:
        language: of the last reply, and of the next one, where its question does not tell.
    """

    def __init__(
        self,
        conversation: Conversation,
        stages: SharedStages,
        teller: Teller,
        options: Callable[[], SessionOptions],
        seed: int = 0,
    ) -> None:
        self._conversation = conversation
        self._stages = stages
        self._teller = teller
        self._options = options
        self._anticipation = Anticipation(conversation, stages.run)
        self._fillers = Fillers(conversation.persona, stages.synthesizer, seed)
        self.language: Language = options().language or conversation.persona.languages[0]

    @property
    def preparing(self) -> bool:
        """Whether the quotations of a question that is still being asked are being read."""
        return self._anticipation.reading

    def expect(self, question: str) -> None:
        """The beginning of a question was understood; prepare to answer it."""
        self._anticipation.expect(question, self._language_of(question))

    def forget(self) -> None:
        """Nothing is expected any more."""
        self._anticipation.forget()

    async def prepare(self) -> None:
        """Make the fillers, where the options ask for them, in the language that is spoken first.

        Raises:
            AvatarError: the voice is not there, or failed.
        """
        options, persona = self._options(), self._conversation.persona
        for language in sorted(persona.languages, key=lambda each: each != self.language):
            if options.filler and options.sound:
                voice, speed = options.voice or persona.voice, options.speed
                await self._stages.run(lambda: self._fillers.prepare(voice, language, speed))  # noqa: B023 - awaited

    async def compose(self, exchange: Exchange) -> None:
        """The reply, from its question to the last of its sound. Nothing comes of a question without words.

        Raises:
            AvatarError: a stage failed.
        """
        if await self._understand(exchange):
            await self._answer(exchange)
            self._teller.calls(exchange)

    async def _understand(self, exchange: Exchange) -> bool:
        """Wait for the words; False where there are none to answer and nobody asked for a reply.

        A question that could not be understood is left out; the session has told of that, so it is not told again.
        """
        exchange.parts = {}
        for question in exchange.questions:
            try:
                exchange.parts[question.id] = await question.text()
            except AvatarError as error:
                exchange.error = error
        exchange.reply.watch.mark("transcript_s")
        exchange.question = "\n".join(text for text in exchange.parts.values() if text) or exchange.wish.question
        if not exchange.question and exchange.error is not None:
            exchange.reply.finish("failed")
            return False
        if not exchange.question and not exchange.announced:
            return False
        exchange.reply.language = self.language = self._language_of(exchange.question)
        return True

    def _language_of(self, question: str) -> Language:
        """The language to answer in."""
        language = self._options().language or language_of(question, self.language)
        return self._conversation.persona.speaks(language)

    async def _answer(self, exchange: Exchange) -> None:
        wished = exchange.wish.sound
        if self._options().sound if wished is None else wished:
            await self._speak(exchange)
            return
        async with contextlib.aclosing(clauses_of(await self._phrases(exchange), exchange.reply)) as clauses:
            async for clause in clauses:
                self._teller.text(exchange, clause.text)

    async def _speak(self, exchange: Exchange) -> None:
        reply, options = exchange.reply, self._options()
        voice = options.voice or self._conversation.persona.voice

        def synthesize(phrase: Phrase) -> ClauseSpeech:
            speed = DELIVERIES[phrase.style].pace(options.speed)
            clause = styled(phrase.text, phrase.style)
            return self._stages.synthesizer.speak(clause, voice, language=reply.language, speed=speed)

        filling = asyncio.create_task(self._fill(exchange, voice, options))
        try:
            clauses = clauses_of(await self._phrases(exchange), reply)
            spoken = _Spoken(self._teller, exchange, self._stages.spot)
            await speak(clauses, synthesize, self._stages.run, reply, spoken)
            spoken.finish()
        finally:
            filling.cancel()
        self._teller.words(exchange, reply.text)

    async def _fill(self, exchange: Exchange, voice: str, options: SessionOptions) -> None:
        """Say a filler, if nothing that can be spoken is there a second after the question."""
        reply = exchange.reply
        if not options.filler or not exchange.question:
            return
        await asyncio.sleep(max(0.0, reply.watch.zero + PATIENCE_S - reply.watch.now()))
        await reply.free.wait()
        if reply.status is None and reply.watch.times.first_clause_s is None:
            speech = self._fillers.choose(voice, reply.language, options.speed)
            if speech is not None:
                self._teller.fill(exchange, speech)

    async def _phrases(self, exchange: Exchange) -> AsyncIterator[Phrase]:
        """The words of the answer as they are written; the greeting, where nothing was asked."""
        question, language, wish = exchange.question, exchange.reply.language, exchange.wish
        exchange.continues = not question and not wish.apart and self._conversation.continues
        if not question and not wish.instructions and not exchange.continues:
            self._teller.announce(exchange)
            return _once(self._conversation.persona.greeting.of(language))
        grounding = Grounding(question, language, ())
        if question:
            grounding = await self._stages.run(lambda: self._conversation.ground(question, language))
        self._teller.announce(exchange)
        self._teller.cite(exchange, grounding)
        await self._anticipation.arrive(grounding)
        max_tokens = wish.max_tokens or self._options().max_tokens or self._stages.max_tokens
        return self._conversation.answer(
            question,
            language,
            grounding,
            max_tokens=max_tokens,
            note=wish.instructions,
            alone=bool(wish.question),
            calling=self._calling(exchange),
        )

    def _calling(self, exchange: Exchange) -> Calling | None:
        """The functions that are offered for a reply; None where there are none."""
        wished = exchange.wish.functions
        functions = self._options().functions if wished is None else wished
        if functions.known and functions.choice != "none" and not exchange.wish.apart:
            exchange.calling = Calling(functions)
        return exchange.calling


class _Spoken:
    """Passes the speech of one exchange on, and lets some of it be listened to later."""

    def __init__(self, teller: Teller, exchange: Exchange, spot: SpotCheck | None) -> None:
        self._teller = teller
        self._exchange = exchange
        self._spot = spot
        self._sample: Sample | None = None

    def on_clause(self, speech: ClauseSpeech, style: Style) -> None:
        self.finish()
        self._teller.clause(self._exchange, speech, style)
        if self._spot is not None:
            self._sample = self._spot.choose(speech, self._exchange.reply.language)

    def on_sound(self, samples: Samples) -> None:
        self._teller.sound(self._exchange, samples)
        if self._sample is not None:
            self._sample.push(samples)

    def finish(self) -> None:
        """The clause was said to its end."""
        if self._sample is not None:
            self._sample.finish()
            self._sample = None


async def _once(text: str) -> AsyncIterator[Phrase]:
    yield Phrase(text, GREETING)
