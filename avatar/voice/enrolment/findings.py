"""What to make of the figures: a sentence for each thing that a person should know, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator

from avatar.voice.enrolment.quality import Quality
from avatar.voice.enrolment.windows import Finding, Weight

SHORTEST_S = 5.0
"""Seconds of a recording that can be cloned."""

LEAST_SOUND_S = 0.5
"""Seconds of speech below which nobody speaks, and nothing is said of how it sounds."""

LEAST_SPEECH_S = 3.0
GOOD_SPEECH_S = 20.0
LEAST_WORDS = 0.45


def findings(found: Quality, speech_s: float, total_s: float, speakers: int, shortest_s: float) -> Iterator[Finding]:
    """What there is to say of a recording before its words are known, the gravest first.

    Args:
        found: its figures.
        speech_s: seconds of speech.
        total_s: seconds of everything.
        speakers: how many people speak.
        shortest_s: seconds of everything that are asked for; less speech will do in proportion.
    """
    yield from _amount(found, speech_s, total_s, shortest_s)
    if found.music >= 0.2 and speech_s >= 1.0:
        yield Finding(
            "music",
            "error",
            "There is music under the speech; it would become part of the voice. Send a recording without it.",
            "说话声下面有音乐,它会混进音色里。请换没有音乐的录音。",
        )
    if speakers > 1:
        yield Finding(
            "two_speakers",
            "error",
            "More than one person speaks in the recording. Send parts in which only one does.",
            "录音里不止一个人在说话。请只保留一个人说话的部分。",
        )
    if speech_s >= LEAST_SOUND_S:
        yield from _sound(found)


def doubtful_words() -> Finding:
    """The words of a recording were hard to make out."""
    return Finding(
        "words_doubtful",
        "warning",
        "The words were hard to make out. Clones are made from Mandarin and English; speak clearly in one of them.",
        "内容难以听清。目前只支持普通话和英语,请用其中一种清楚地说。",
    )


def mixed_languages() -> Finding:
    """Mandarin and English are both spoken."""
    return Finding(
        "languages_mixed",
        "note",
        "Both Mandarin and English are spoken; the language of most of it is taken.",
        "录音里既有普通话也有英语,以占多数的一种为准。",
    )


def _amount(found: Quality, speech_s: float, total_s: float, shortest_s: float) -> Iterator[Finding]:
    least = LEAST_SPEECH_S * min(1.0, shortest_s / SHORTEST_S)
    if total_s < shortest_s:
        yield Finding(
            "too_short",
            "error",
            f"The recordings last {total_s:.1f} seconds together; {shortest_s:.0f} are needed, thirty are good.",
            f"录音一共只有 {total_s:.1f} 秒;至少要 {shortest_s:.0f} 秒,最好有半分钟。",
        )
    elif speech_s < LEAST_SOUND_S and found.music >= 0.5:
        yield Finding("only_music", "error", "This is music; nobody speaks in it.", "这是音乐,没有人在说话。")
    elif speech_s < LEAST_SOUND_S:
        yield Finding(
            "no_speech",
            "error",
            "Nobody speaks in the recording, or too softly. Check the microphone and the file.",
            "录音里没有人说话,或者声音太小。请检查麦克风和文件。",
        )
    elif speech_s < least:
        yield Finding(
            "little_speech",
            "error",
            f"Only {speech_s:.1f} seconds of the recording are speech; {least:.0f} are needed.",
            f"录音里只有 {speech_s:.1f} 秒是说话声,至少要 {least:.0f} 秒。",
        )
    elif speech_s < GOOD_SPEECH_S:
        yield Finding(
            "short",
            "note",
            f"There are {speech_s:.0f} seconds of speech; half a minute to two minutes give a closer voice.",
            f"说话声共 {speech_s:.0f} 秒;半分钟到两分钟会更像。",
        )


def _sound(found: Quality) -> Iterator[Finding]:
    if found.snr_db < 20:
        grave: Weight = "error" if found.snr_db < 6 else "warning"
        yield Finding(
            "noisy",
            grave,
            f"It is noisy: the speech is only {found.snr_db:.0f} dB above the noise. Record in a quieter room, closer.",
            f"噪声较大:说话声只比噪声高 {found.snr_db:.0f} dB。请换安静的房间,离麦克风近一些。",
        )
    if found.clipped > 0.002:
        yield Finding(
            "clipped",
            "warning",
            "The recording is distorted: it was too loud for the microphone. Turn the level down.",
            "录音失真:音量超过了话筒的上限。请调低录音音量。",
        )
    if found.decay_s is not None and found.decay_s > 0.65:
        yield Finding(
            "echoing",
            "warning",
            f"The room echoes for {found.decay_s:.1f} s; it becomes part of the voice. Choose a room with curtains.",
            f"房间回声约 {found.decay_s:.1f} 秒,会成为音色的一部分。请换有窗帘、软装的房间。",
        )
    if 0 < found.bandwidth_hz < 4300:
        yield Finding(
            "narrow",
            "warning",
            "The recording has no treble, as from a telephone (8 kHz); the voice will sound so, too.",
            "录音缺少高频,像电话(8 kHz)录音;克隆出来的声音也会如此。",
        )
