"""What was said and written to a persona and waits for an answer, and the notes that a client put before it."""

from __future__ import annotations

from collections.abc import Sized
from uuid import uuid4

from avatar.errors import TextError
from avatar.live.exchange import Question, Spoken, Typed
from avatar.live.listening import Heard

MAX_TYPED = 4000
"""Characters of one typed message."""

MAX_WAITING = 200
"""Typed messages that may wait for an answer, and notes that are kept."""


class Inbox:
    """Of one session.

    Attributes:
        questions: what waits for an answer, in the order in which it came.
    """

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self._notes: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Added to the instructions, in the order in which they came."""
        return tuple(self._notes.values())

    def speak(self, heard: Heard) -> None:
        """Something was said."""
        self.questions.append(Spoken(heard))

    def type(self, text: str, item_id: str | None) -> str:
        """Something was typed; its id.

        Args:
            item_id: chosen by the client.

        Raises:
            TextError: the text is empty or too long, or too much waits for an answer.
        """
        item_id = item_id or new_id()
        _check_room(self.questions)
        self.questions.append(Typed(words(text), item_id))
        return item_id

    def take_typed(self) -> list[Typed]:
        """What was typed; it waits no longer."""
        typed = [question for question in self.questions if isinstance(question, Typed)]
        self.questions = [question for question in self.questions if not isinstance(question, Typed)]
        return typed

    def note(self, text: str, item_id: str | None) -> str:
        """A note is added; its id.

        Raises:
            TextError: the text is empty or too long, or there are too many notes.
        """
        item_id = item_id or new_id()
        _check_room(self._notes)
        self._notes[item_id] = words(text)
        return item_id

    def forget(self, item_id: str) -> bool:
        """Forget a question or a note; whether there are other notes now. One that is not known is passed over."""
        self.questions = [question for question in self.questions if question.id != item_id]
        return self._notes.pop(item_id, None) is not None


def words(text: str) -> str:
    """A written text, without the blanks around it.

    Raises:
        TextError: it is empty or too long.
    """
    text = text.strip()
    if not text:
        raise TextError("The message is empty; write something.", "消息为空,请输入内容。", code="text_empty")
    if len(text) > MAX_TYPED:
        raise TextError(
            f"The message has {len(text)} characters; at most {MAX_TYPED} are taken.",
            f"消息有 {len(text)} 个字,最多 {MAX_TYPED} 个。",
            code="text_too_long",
        )
    return text


def new_id() -> str:
    """Of a message for which the client chose none."""
    return f"item_{uuid4().hex[:16]}"


def _check_room(waiting: Sized) -> None:
    """Raises a TextError where too much was written already."""
    if len(waiting) >= MAX_WAITING:
        raise TextError(
            f"{MAX_WAITING} messages wait already; ask for an answer, or delete some.",
            f"已有 {MAX_WAITING} 条消息在等待;请先请求回复,或删除一些。",
            code="too_many_messages",
        )
