"""Who may edit: a voice edits only what its own speaker said.

A person's voice has a consent (`VoiceLibrary` sees to that), and the recording has to be of that person: the speaker
encoder compares it with what the consent was given with. What a voice of this program spoke itself may be edited with
the same voice: such a recording carries the watermark, and sounds like that voice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from avatar.errors import InputError
from avatar.voice.consent.witness import SAME_PERSON
from avatar.voice.speaker import Embedding, likeness


def demand_own(
    recording: Embedding, person: Sequence[Embedding], spoken: Callable[[], Embedding], marked: Callable[[], bool]
) -> float:
    """Go on only where the voice is the recording's; how alike they are.

    Args:
        recording: who speaks in it.
        person: whose voice it is, from samples and statement; empty for a stock voice.
        spoken: how the voice itself sounds.
        marked: whether the recording carries the watermark.

    Raises:
        InputError: the recording is somebody else's.
    """
    alike = max((likeness(recording, each) for each in person), default=0.0)
    if alike >= SAME_PERSON:
        return alike
    if marked():
        alike = likeness(recording, spoken())
        if alike >= SAME_PERSON:
            return alike
    if person:
        raise InputError(
            f"The recording is not of the person whose voice this is (likeness {alike:.2f}, needed {SAME_PERSON:.2f}). "
            "A voice edits only recordings of its own speaker.",
            f"录音里说话的不是这个音色的本人(相似度 {alike:.2f},需要 {SAME_PERSON:.2f})。音色只能编辑本人的录音。",
            code="another_speaker",
        )
    raise InputError(
        "This voice has no person whose recordings it may edit; it edits only what it spoke itself, with the watermark "
        "in it. Clone the speaker first, with consent: `avatar clone`.",
        "这个音色没有对应的本人,只能编辑它自己说出、带有水印的语音。请先在本人同意下克隆:`avatar clone`。",
        code="another_speaker",
    )
