"""What was read and may be of use again: the sequences at hand, and those that are parked in memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from avatar.dialog.llama.context import Context

WORTH_PARKING = 128
"""Tokens from which what would be lost is parked first."""

MEMORY = 512 << 20
"""Bytes for what is parked; a persona's card takes about 20 million."""


@dataclass(slots=True)
class Slot:
    """A sequence of the context, and the tokens that were read into it."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    busy: bool = False
    used: float = 0.0


class Slots:
    """Gives each prompt the sequence that has read the most of it.

    Args:
        context: that reads.
        count: of sequences.
    """

    def __init__(self, context: Context, count: int) -> None:
        self._context = context
        self._slots = [Slot(sequence) for sequence in range(count)]
        self._parked: OrderedDict[tuple[int, ...], bytes] = OrderedDict()

    @property
    def free(self) -> bool:
        """Whether a sequence can be had."""
        return any(not slot.busy for slot in self._slots)

    def take(self, prompt: Sequence[int]) -> Slot:
        """A free slot that holds as much of the beginning of a prompt as is at hand, but not its last token.

        That one has to be read in any case, for the answer follows from it.
        """
        free = [slot for slot in self._slots if not slot.busy]
        slot = max(free, key=lambda one: (common(one.tokens, prompt), -one.used))
        parked = max(self._parked, key=lambda one: common(one, prompt), default=())
        if common(parked, prompt) > common(slot.tokens, prompt):
            slot = min(free, key=lambda one: one.used)
            self._park(slot, 0)
            self._restore(slot, parked)
        kept = min(common(slot.tokens, prompt), len(prompt) - 1)
        self._park(slot, kept)
        self.cut(slot, kept)
        slot.busy, slot.used = True, time.monotonic()
        return slot

    def give_back(self, slot: Slot) -> None:
        """The slot is no longer in use; what it read stays."""
        slot.busy = False

    def cut(self, slot: Slot, length: int) -> None:
        """Forget what follows the first tokens."""
        length = self._context.cut(slot.sequence, length)
        del slot.tokens[length:]

    def park(self, tokens: Sequence[int], state: bytes) -> None:
        """Keep what was read of a prompt at another time; the longest unused goes where there is too much."""
        self._parked[tuple(tokens)] = state
        self._parked.move_to_end(tuple(tokens))
        while sum(map(len, self._parked.values())) > MEMORY:
            self._parked.popitem(last=False)

    def at_hand(self, prompt: Sequence[int]) -> bool:
        """Whether a prompt was read, all but its last token."""
        held = [*(slot.tokens for slot in self._slots), *self._parked]
        return any(common(tokens, prompt) >= len(prompt) - 1 for tokens in held)

    def state_of(self, prompt: Sequence[int]) -> bytes | None:
        """What was read of a prompt, which a slot at hand holds and nothing after it; None where none does."""
        for slot in self._slots:
            if slot.tokens == list(prompt):
                return self._context.state(slot.sequence)
        return None

    def _park(self, slot: Slot, kept: int) -> None:
        """Park a slot's tokens where more would be lost than is quickly read again."""
        tokens = tuple(slot.tokens)
        lost = len(tokens) - kept
        if lost >= WORTH_PARKING and not any(parked[: len(tokens)] == tokens for parked in self._parked):
            self.park(tokens, self._context.state(slot.sequence))

    def _restore(self, slot: Slot, parked: tuple[int, ...]) -> None:
        self._parked.move_to_end(parked)
        slot.tokens = list(parked) if self._context.take_up(slot.sequence, self._parked[parked]) else []


def common(held: Sequence[int], prompt: Sequence[int]) -> int:
    """The length of the beginning that two token sequences share."""
    count = 0
    for one, other in zip(held, prompt, strict=False):
        if one != other:
            break
        count += 1
    return count
