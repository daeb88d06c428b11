"""Cloning from end to end: phrase, consent, samples, a voice that speaks at once, and the closer fit behind it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Literal, Protocol

from avatar.errors import InputError, Language, NotFoundError
from avatar.media import SPEECH_RATE, Samples, wav_bytes
from avatar.voice.cloned import DELTAS, PACK, cloned, fitted_files, refitted
from avatar.voice.consent.record import Consent, GroundWish, Phrase, PhraseWish, plain_name
from avatar.voice.consent.statement import name_in
from avatar.voice.consent.store import ConsentStore, new_id
from avatar.voice.consent.witness import SAME_PERSON, Witness, demand_same_person, embedding_of
from avatar.voice.enrolment.enrol import Checked, Enroller
from avatar.voice.enrolment.reading import Source
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting.fitted import Fitted, FittingStopped
from avatar.voice.own import OwnVoices, damaged, reference_files, renamed
from avatar.voice.portable import Parcel, exported, unpacked
from avatar.voice.profiles import VoiceProfile
from avatar.voice.speaker import embedding_bytes, likeness

log = logging.getLogger(__name__)

Step = Literal["reading", "checking", "cleaning", "hearing", "fitting", "sampling"]
Progress = Callable[[Step, float], None]
"""Told what is being done and how far it is, 0..1; what it raises breaks the work off, and nothing stays behind."""

_Key = tuple[str, str, int]
"""Id, consent and beginning of a voice: an id that was given back is given again."""

_REMEMBERED = 4
"""Enrolments that may be fitted though their samples are not kept."""


class Fitter(Protocol):
    """Makes a voice of an enrolment; `avatar.voice.fitting` on the engines of this process."""

    def instant(self, enrolment: Enrolment) -> Fitted:
        """Within seconds."""

    def style(
        self, enrolment: Enrolment, start: Fitted, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Fitted:
        """Within minutes."""

    def say(self, text: str, voice: str, language: Language) -> Samples:
        """A text in a voice that is kept: float32 [n] at SPEECH_RATE."""

    def fitted(self, profile: VoiceProfile) -> Fitted:
        """A voice as it is kept."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Samples, looked at.

    Attributes:
        likeness: to whoever spoke the consent's statement; None without one.
    """

    checked: Checked
    likeness: float | None

    @property
    def same(self) -> bool | None:
        """Whether both are one person."""
        return None if self.likeness is None else self.likeness >= SAME_PERSON


class Cloning:
    """Everything about voices of the user's own. May be shared between threads; calls compute and block.

    Args:
        enroller: takes samples in.
        witness: hears statements.
        consents: keeps them.
        own: keeps the voices.
        fitter: makes them.
    """

    def __init__(
        self, enroller: Enroller, witness: Witness, consents: ConsentStore, own: OwnVoices, fitter: Fitter
    ) -> None:
        self._enroller = enroller
        self._witness = witness
        self.consents = consents
        self.own = own
        self._fitter = fitter
        self._recent: OrderedDict[_Key, Enrolment] = OrderedDict()
        self._lock = Lock()

    def phrase(self, wish: PhraseWish) -> Phrase:
        """See `ConsentStore.issue`."""
        return self.consents.issue(wish)

    def consent(self, recording: Source, phrase_id: str = "", *, name: str = "", language: str = "") -> Consent:
        """A consent from the recording of its statement.

        Args:
            phrase_id: of the statement; any that waits where it is empty.
            name, language: where given, only statements of that person in that language count.

        Raises:
            NotFoundError: no such statement waits.
            AudioError: the recording cannot be used.
            InputError: something else was said.
        """
        waiting = [
            each
            for each in self.consents.open_phrases(phrase_id)
            if (not name or each.wish.name == name) and (not language or each.wish.language == language[:2])
        ]
        if not waiting:
            self.consents.open_phrases("-")
        heard = self._witness.hear(recording, waiting)
        wish = heard.phrase.wish
        consent = Consent(
            id=new_id(),
            name=wish.name,
            language=wish.language,
            ground="statement",
            relation=wish.relation,
            scope=wish.scope,
            until=self.consents.until(heard.phrase),
            keep=wish.keep,
            created_at=self.consents.clock(),
            statement=heard.statement,
        )
        self.consents.use(heard.phrase)
        self.consents.add(consent, heard.files)
        return consent

    def ground(self, wish: GroundWish) -> Consent:
        """See `ConsentStore.ground`."""
        return self.consents.ground(wish)

    def check(self, samples: Sequence[Source], consent_id: str = "") -> Looked:
        """What there is to say of samples; nothing is kept.

        Raises:
            AudioError: one of them is no recording.
            NotFoundError: there is no such consent.
        """
        checked = self._enroller.check(samples)
        alike = None
        if consent_id and self.consents.valid(consent_id).statement and len(checked.looks):
            alike = likeness(embedding_of(self.consents.file(consent_id, "voice.npy")), checked.embedding)
        return Looked(checked, alike)

    def create(
        self, name: str, samples: Sequence[Source], consent_id: str, progress: Progress = lambda step, share: None
    ) -> VoiceProfile:
        """A voice that can speak at once.

        Args:
            name: of the voice, for people.

        Raises:
            InputError: the name, the samples or the consent cannot be used, or the samples are another person's.
            NotFoundError: there is no such consent.
            EngineError: an engine failed.
        """
        consent = self.consents.valid(consent_id)
        tidy = plain_name(name)
        self.consents.permit_name(tidy)
        progress("reading", 0.0)
        checked = self._enroller.check(samples)
        progress("checking", 1.0)
        checked.demand()
        scores = {}
        if consent.statement is not None:
            known = embedding_of(self.consents.file(consent.id, "voice.npy"))
            scores["consent_likeness"] = round(demand_same_person(known, checked.embedding), 4)
        enrolment = self._enroller.enrol_checked(checked, progress)
        progress("fitting", 0.0)
        fitted = self._fitter.instant(enrolment)
        progress("sampling", 0.0)
        with self._lock:
            voice, now = self.own.free_id(tidy), self.consents.clock()
            profile = cloned(voice, tidy, consent, enrolment, fitted, scores, now)
            files = reference_files(enrolment) if consent.keep else {}
            self._save(profile, {**files, **fitted_files(fitted)})
        try:
            self._sample(profile, enrolment.windows[0].text)
            progress("sampling", 1.0)
            self.consents.valid(consent.id)
        except BaseException:
            with suppress(NotFoundError):
                self.own.delete(profile.id)
            raise
        self._remember(profile, enrolment)
        self.consents.audit("voice_made", voice=profile.id, consent=consent.id, stage=profile.stage)
        return self.own.get(profile.id)

    def fit(self, voice: str, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> VoiceProfile:
        """Bring a voice nearer to the person, where that wins on new sentences; else it stays as it is.

        Raises:
            NotFoundError: there is no such voice, or its consent was revoked.
            InputError: nothing to fit it to was kept, or its consent is over.
            FittingStopped: it was cancelled, or meanwhile another voice came under this id.
        """
        profile = self.own.get(voice)
        self.consents.valid(profile.consent)
        enrolment = self._recent.get(_key(profile)) or self.own.enrolment(voice)
        if enrolment is None:
            raise InputError(
                "The samples of this voice were not kept, so it cannot be fitted. Clone it again.",
                "这个音色的样本没有保留,无法继续拟合。请重新克隆。",
                code="samples_not_kept",
            )
        fitted = self._fitter.style(enrolment, self._fitter.fitted(profile), progress, cancelled)
        if fitted.done and fitted.done[-1] == "kept_start":
            return profile
        with self._lock:
            self.consents.valid(profile.consent)
            before, profile = profile, self.own.get(voice)
            if (_key(before), before.revision) != (_key(profile), profile.revision):
                raise FittingStopped
            kept = {name: data for name, data in self.own.files(voice).items() if name not in (PACK, DELTAS)}
            profile = refitted(profile, fitted)
            self._save(profile, {**kept, **fitted_files(fitted)})
        self._sample(profile, profile.sample_text)
        self.consents.audit("voice_fitted", voice=voice, consent=profile.consent)
        return self.own.get(voice)

    def rename(self, voice: str, name: str) -> VoiceProfile:
        """Another name for people; the id stays.

        Raises:
            InputError: no name, or a blocked one.
            NotFoundError: there is no such voice.
        """
        self.consents.permit_name(plain_name(name))
        with self._lock:
            return renamed(self.own, voice, name)

    def delete(self, voice: str) -> None:
        """Take a voice away; its consent stays. Errors as of `OwnVoices.delete`."""
        with self._lock:
            self._recent.pop(_key(self.own.get(voice)), None)
            self.own.delete(voice)
        self.consents.audit("voice_deleted", voice=voice)

    def revoke(self, consent_id: str) -> list[str]:
        """Take a consent back, and all that was made from it; see `ConsentStore.revoke`."""
        with self._lock:
            for key in [key for key in self._recent if key[1] == consent_id]:
                del self._recent[key]
            return self.consents.revoke(consent_id)

    def export(self, voice: str) -> bytes:
        """A voice and its consent as a .voice file.

        Raises:
            NotFoundError: there is no such voice, or no consent.
            InputError: its consent is over.
        """
        return exported(self.own, self.consents, voice)

    def take_in(self, data: bytes) -> VoiceProfile:
        """A voice from a .voice file. Its statement is heard again, and held against the samples that came with it.

        Raises:
            InputError: the file cannot be used; or its consent is missing, over, revoked, or not what it says.
        """
        parcel = unpacked(data)
        consent = parcel.consent
        for name in (parcel.profile.name.zh, parcel.profile.name.en):
            self.consents.permit_name(plain_name(name))
        beside = self._heard_again(parcel)
        with self._lock:
            voice = self.own.free_id(parcel.profile.id)
            profile = VoiceProfile.model_validate({**parcel.profile.model_dump(), "id": voice})
            known = next((each for each in self.consents.all() if each.id == consent.id), None)
            if known is None:
                self.consents.add(consent, beside)
            elif (known.ground, known.statement) != (consent.ground, consent.statement):
                raise damaged(parcel.profile.id)
            self.consents.valid(consent.id)
            self._save(profile, parcel.files)
        self.consents.audit("voice_imported", voice=voice, consent=consent.id)
        return profile

    def _heard_again(self, parcel: Parcel) -> dict[str, bytes]:
        """What is kept beside the consent of a voice that came from outside; of a ground nothing.

        Raises:
            InputError: the statement is none, or of somebody else than the samples.
        """
        if parcel.consent.statement is None:
            return {}
        wav = parcel.consent_files.get("statement.wav", b"")
        if not wav:
            raise damaged(parcel.profile.id)
        said = parcel.consent.statement
        self.consents.permit_name(name_in(said.text, parcel.consent.scope, said.words, parcel.consent.language))
        person = self._witness.again(parcel.consent, said, wav).embedding
        demand_same_person(person, embedding_of(parcel.consent_files.get("voice.npy")))
        if "voice.npy" in parcel.files:
            demand_same_person(person, embedding_of(parcel.files["voice.npy"]))
        if parcel.samples:
            demand_same_person(person, self._enroller.voice_of(parcel.samples))
        return {"statement.wav": wav, "voice.npy": embedding_bytes(person)}

    def _sample(self, profile: VoiceProfile, text: str) -> None:
        """Let the voice say what the person said, and keep it."""
        sound = self._fitter.say(text[:200], profile.id, profile.languages[0])
        with self._lock:
            now = self.own.get(profile.id)
            if _key(now) == _key(profile):
                files = {**self.own.files(profile.id), "sample.wav": wav_bytes(sound, SPEECH_RATE)}
                self._save(now, files)

    def _save(self, profile: VoiceProfile, files: dict[str, bytes]) -> None:
        """Keep a voice. Whoever revokes its consent meanwhile has taken that away before looking for voices, so what
        was too late to be seen is taken away here.

        Raises:
            NotFoundError: the consent was revoked.
            StorageError: it cannot be written.
        """
        self.own.save(profile, files)
        try:
            self.consents.get(profile.consent)
        except NotFoundError:
            with suppress(NotFoundError):
                self.own.delete(profile.id)
            raise

    def _remember(self, profile: VoiceProfile, enrolment: Enrolment) -> None:
        with self._lock:
            self._recent[_key(profile)] = enrolment
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)


def _key(profile: VoiceProfile) -> _Key:
    return profile.id, profile.consent, profile.created_at
