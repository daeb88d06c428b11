"""Editing as the command line and the server ask for it: a file, a voice by its id, a wish."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from avatar.errors import InputError, Language
from avatar.voice.consent.store import ConsentStore
from avatar.voice.consent.witness import embedding_of
from avatar.voice.editing.editor import Edited, Editor, Progress, Wish
from avatar.voice.editing.phrases import KokoroSpeaker, Speaker
from avatar.voice.editing.recording import read
from avatar.voice.enrolment.reading import Source
from avatar.voice.own import OwnVoices
from avatar.voice.profiles import VoiceLibrary, VoiceProfile
from avatar.voice.speaker import Embedding
from avatar.voice.speaking.kokoro import KokoroSynthesizer

log = logging.getLogger(__name__)


class ProfileVoice:
    """Implements `avatar.voice.editing.editor.Voice` for a profile.

    Args:
        person: whose voice it is; empty for a stock voice.
        synthesizer: opens the embedded engine.
    """

    def __init__(
        self,
        profile: VoiceProfile,
        voices: VoiceLibrary,
        person: Sequence[Embedding],
        synthesizer: Callable[[], KokoroSynthesizer],
    ) -> None:
        self._profile = profile
        self._voices = voices
        self._synthesizer = synthesizer
        self.person = tuple(person)

    def speaker(self, language: Language) -> Speaker:
        """See `Voice`."""
        return KokoroSpeaker.of(self._profile, self._voices, self._synthesizer(), language)


class EditingDesk:
    """Edits recordings in voices that are kept. May be shared between threads; calls compute and block.

    Args:
        editor: does the work.
        voices: the profiles; it refuses those whose consent is over.
        own, consents: what is known of the persons behind them.
        synthesizer: opens the embedded engine.
    """

    def __init__(
        self,
        editor: Editor,
        voices: VoiceLibrary,
        own: OwnVoices,
        consents: ConsentStore,
        synthesizer: Callable[[], KokoroSynthesizer],
    ) -> None:
        self._editor = editor
        self._voices = voices
        self._own = own
        self._consents = consents
        self._synthesizer = synthesizer

    def edit(self, source: Source, voice: str, wish: Wish, progress: Progress = lambda step, share: None) -> Edited:
        """Edit a recording; nothing is written.

        Args:
            source: a file, or its bytes.
            voice: the id of a profile, which has to be the voice of whoever speaks in the recording.

        Raises:
            NotFoundError: there is no such voice, or its consent was revoked.
            InputError: the recording or the wish cannot be used, or the voice is another person's; see `Editor.edit`.
            EngineError: an engine failed.
        """
        profile = self._voices.get(voice)
        recording = read(source)
        person = self._person(profile)
        edited = self._editor.edit(
            recording, wish, ProfileVoice(profile, self._voices, person, self._synthesizer), progress
        )
        self._voices.get(voice)
        self._consents.audit("recording_edited", voice=voice, parts=len(edited.parts))
        log.info("recording_edited voice=%s parts=%d", voice, len(edited.parts))
        return edited

    def _person(self, profile: VoiceProfile) -> list[Embedding]:
        """Whose voice it is: by the samples, and by the statement.

        Raises:
            InputError: nothing of the person was kept.
        """
        if profile.kind != "own":
            return []
        kept = self._own.file(profile.id, "voice.npy")
        found = [kept.read_bytes() if kept else None, self._consents.file(profile.consent, "voice.npy")]
        known = [embedding_of(each) for each in found if each is not None]
        if not known:
            raise InputError(
                "Nothing of this voice's person was kept, so nobody can tell whether the recording is theirs. Clone "
                "the voice again and let samples be kept.",
                "这个音色没有保留本人的样本,无法判断录音是否出自本人。请重新克隆并允许保留样本。",
                code="samples_not_kept",
            )
        return known
