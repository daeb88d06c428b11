"""The profile and the files of a clone: as it is first made, and once it was fitted more closely."""

from __future__ import annotations

from collections.abc import Mapping

from avatar.voice.consent.record import Consent
from avatar.voice.deltas import packed as packed_deltas
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting.fitted import Fitted
from avatar.voice.fitting.studio import NATIVE
from avatar.voice.own import pack_bytes
from avatar.voice.profiles import Bilingual, VoiceProfile

PACK, DELTAS = "pack.bin", "deltas.npz"
"""The files that a fitting writes."""

LONGEST_SAMPLE_TEXT = 400
"""Characters of what the person said that a profile keeps."""


def cloned(
    voice: str,
    name: str,
    consent: Consent,
    enrolment: Enrolment,
    fitted: Fitted,
    likeness: Mapping[str, float],
    now: int,
) -> VoiceProfile:
    """The profile of a new clone.

    Args:
        voice: its id.
        name: for people.
        likeness: what was found out about the samples, by its name in `scores`.
        now: seconds since 1970.
    """
    return VoiceProfile(
        id=voice,
        name=Bilingual(zh=name, en=name),
        description=Bilingual(
            zh=f"由 {enrolment.seconds:.0f} 秒录音克隆,接近本人,但不等同。",
            en=f"Cloned from {enrolment.seconds:.0f} seconds of speech: near the person, not the same.",
        ),
        languages=(enrolment.language,),
        sex=enrolment.sex,
        blend={language: {native[enrolment.sex]: 1.0} for language, native in NATIVE.items()},
        pitch=fitted.pitch,
        licence="LicenseRef-consent",
        origin=f"Cloned under {consent.id}",
        notice=Bilingual(
            zh=f"合成语音,模仿{consent.name}的声音,不是本人的录音。",
            en=f"A synthetic voice after {consent.name}'s, not a recording of that person.",
        ),
        kind="own",
        consent=consent.id,
        created_at=now,
        stage="nearest" if fitted.done == ("nearest",) else "instant",
        made=(*enrolment.report.done, *fitted.done),
        scores={**likeness, **_rounded(fitted)},
        sample_text=enrolment.windows[0].text[:LONGEST_SAMPLE_TEXT],
    )


def refitted(profile: VoiceProfile, fitted: Fitted) -> VoiceProfile:
    """A clone's profile after a closer fit, one revision on."""
    changed = {
        "pitch": fitted.pitch,
        "stage": "fitted",
        "revision": profile.revision + 1,
        "made": (*profile.made, *(step for step in fitted.done if step not in profile.made)),
        "scores": {**profile.scores, **_rounded(fitted)},
    }
    return VoiceProfile.model_validate({**profile.model_dump(), **changed})


def fitted_files(fitted: Fitted) -> dict[str, bytes]:
    """What a fitting gives, as the files that are kept of it."""
    files = {PACK: pack_bytes(fitted.style)}
    return {**files, DELTAS: packed_deltas(fitted.deltas)} if fitted.deltas else files


def _rounded(fitted: Fitted) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in fitted.scores.items()}
