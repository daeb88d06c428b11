"""Voices and consents as the wire shows them: OpenAI's fields, and ours. See docs/voices.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from avatar.errors import Language
from avatar.server.failures import error_object
from avatar.server.fittings import Fitting
from avatar.server.jobs import NO_STORE
from avatar.voice.consent.record import Consent
from avatar.voice.profiles import VoiceProfile

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning, Looked


class NewName(BaseModel):
    """A renaming."""

    name: str = Field(max_length=200)


def listed(data: list[dict[str, Any]]) -> Response:
    """A list as OpenAI's clients read it."""
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return JSONResponse({"object": "list", "data": data, **ends, "has_more": False}, headers=NO_STORE)


def consent_card(consent: Consent, cloning: Cloning) -> dict[str, Any]:
    """A consent as OpenAI shows it, and ours beside it."""
    made = [each.id for each in cloning.own.all() if each.consent == consent.id]
    said = consent.statement
    return {
        "object": "audio.voice_consent",
        **consent.model_dump(include={"id", "name", "language", "created_at"}),
        "avatar": {
            **consent.model_dump(mode="json", include={"ground", "relation", "scope", "until", "keep"}),
            "status": "expired" if consent.expired(cloning.consents.today()) else "valid",
            "heard": said.heard if said else None,
            "words_found": said.words_found if said else None,
            "error": said.error if said else None,
            "voices": made,
        },
    }


def voice_card(profile: VoiceProfile) -> dict[str, Any]:
    """A voice as OpenAI shows it."""
    return {"object": "audio.voice", "id": profile.id, "name": profile.name.zh, "created_at": profile.created_at}


def profile_card(profile: VoiceProfile, cloning: Cloning, fitting: Fitting) -> dict[str, Any]:
    """All about a voice."""
    shown = {"id", "name", "description", "notice", "kind", "languages", "sex", "pitch", "consent", "created_at"}
    shown |= {"revision", "stage", "made", "scores", "sample_text"}
    place = f"/v1/avatar/voices/{profile.id}"
    return {
        "object": "avatar.voice_profile",
        **profile.model_dump(mode="json", include=shown),
        "sample": f"{place}/sample" if cloning.own.file(profile.id, "sample.wav") else None,
        "original": f"{place}/original" if cloning.own.file(profile.id, "reference/00.wav") else None,
        "fitting": {"status": fitting.status, "share": round(fitting.share, 3)},
    }


def recording_cards(profile: VoiceProfile, texts: Sequence[tuple[str, Language]]) -> list[dict[str, Any]]:
    """The recordings of the person that were kept with a voice, and what is said in each."""
    place = f"/v1/avatar/voices/{profile.id}/recordings"
    return [
        {
            "object": "avatar.recording",
            "id": f"{number:02}",
            "text": text,
            "language": language,
            "url": f"{place}/{number:02}",
        }
        for number, (text, language) in enumerate(texts)
    ]


def fitting_card(fitting: Fitting, profile: VoiceProfile, language: Language) -> dict[str, Any]:
    """How far a fitting is."""
    told: dict[str, Any] = {
        "object": "avatar.fitting",
        "voice": fitting.voice,
        "status": fitting.status,
        "share": round(fitting.share, 3),
        "scores": profile.scores,
    }
    if fitting.error is not None:
        told["error"] = error_object(fitting.error, language).model_dump(exclude={"event_id"})
    return told


def check_card(looked: Looked) -> dict[str, Any]:
    """What there is to say of samples."""
    report = asdict(looked.checked.report)
    findings = report.pop("findings")
    report.pop("done")
    measures = {**report, "pitch_hz": looked.checked.pitch_hz}
    return {
        "object": "avatar.voice_check",
        "usable": looked.checked.usable and looked.same is not False,
        "measures": {name: value if value is None else round(value, 3) for name, value in measures.items()},
        "consent": None if looked.likeness is None else {"likeness": round(looked.likeness, 3), "same": looked.same},
        "findings": [
            {"code": each["code"], "weight": each["weight"], "text": {"zh": each["zh"], "en": each["en"]}}
            for each in findings
        ],
    }
