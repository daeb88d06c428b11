"""Real weights: a voice edits what it said, in both languages, and the new words are understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples, wav_bytes
from avatar.voice.consent.store import ConsentStore
from avatar.voice.editing import Edited, Editor, Wish
from avatar.voice.editing.desk import EditingDesk
from avatar.voice.editing.editor import spoken_part
from avatar.voice.editing.phrases import KokoroSpeaker
from avatar.voice.editing.pieces import marked
from avatar.voice.editing.recording import Recording, read
from avatar.voice.editing.texts import tokens
from avatar.voice.hearing.recognizer import FasterWhisperRecognizer
from avatar.voice.own import OwnVoices
from avatar.voice.profiles import VoiceLibrary, stock_voices_dir
from avatar.voice.speaker import Embedding, SpeakerEncoder
from avatar.voice.speaking.kokoro import KokoroSynthesizer
from avatar.voice.watermark import MarkNetwork, detect

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Studio:
    """The engines, loaded once."""

    synthesizer: KokoroSynthesizer
    voices: VoiceLibrary
    recognizer: FasterWhisperRecognizer
    encoder: SpeakerEncoder
    network: MarkNetwork

    @property
    def editor(self) -> Editor:
        return Editor(self.recognizer, self.encoder, lambda sound: detect(sound, self.network).marked, self.network)

    def speaker(self, voice: str, language: Language) -> KokoroSpeaker:
        return KokoroSpeaker.of(self.voices.get(voice), self.voices, self.synthesizer, language)

    def said(self, text: str, voice: str, language: Language) -> Samples:
        return 0.5 * self.speaker(voice, language).say(tokens(text, language)).samples


@pytest.fixture(scope="module")
def studio(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    folder, packs = models_dir / "kokoro-82m", models_dir / "kokoro-voices"
    voices = VoiceLibrary([stock_voices_dir()], packs)
    return Studio(
        KokoroSynthesizer(
            folder / "kokoro-v1.0.int8.onnx", folder / "vocab.json", voices, tmp_path_factory.mktemp("cache"), threads=1
        ),
        voices,
        FasterWhisperRecognizer(models_dir / "whisper-base", threads=1),
        SpeakerEncoder(models_dir / "speaker-encoder"),
        MarkNetwork.load(models_dir / "perth" / "perth_net_250000.pth.tar"),
    )


def untouched(before: Recording, done: Edited) -> bool:
    (part,) = done.parts
    head = np.array_equal(done.recording.raw[: part.start], before.raw[: part.old_start])
    return head and np.array_equal(done.recording.raw[part.end :], before.raw[part.old_end :])


def test_a_stock_voice_edits_what_it_spoke(studio: Studio, tmp_path: Path) -> None:
    consents = ConsentStore(tmp_path / "consents", lambda consent: [])
    desk = EditingDesk(
        studio.editor, studio.voices, OwnVoices(tmp_path / "voices"), consents, lambda: studio.synthesizer
    )
    sound = marked(studio.said("昨天下午我们一起去公园散步。", "zf_xiaoxiao", "zh"), studio.network)
    file = wav_bytes(sound)
    done = desk.edit(file, "zf_xiaoxiao", Wish("公园", "学校"))
    assert untouched(read(file), done)
    assert done.parts[0].words.found == 2
    assert done.parts[0].clicks == 0
    assert done.likeness > 0.8
    assert "recording_edited" in (tmp_path / "consents" / "audit.log").read_text(encoding="ascii")
    assert "公园" not in (tmp_path / "consents" / "audit.log").read_text(encoding="ascii")


@dataclass(frozen=True)
class Person:
    """Somebody's own voice."""

    studio: Studio
    person: Sequence[Embedding]

    def speaker(self, language: Language) -> KokoroSpeaker:
        return self.studio.speaker("am_michael", language)


def test_a_persons_recording_is_edited_and_only_the_new_words_carry_the_mark(studio: Studio) -> None:
    sound = studio.said("We walked to the river and talked about the weather.", "am_michael", "en")
    recording = read(wav_bytes(sound))
    person = Person(studio, (studio.encoder.embed(spoken_part(sound), SPEECH_RATE),))
    done = studio.editor.edit(recording, Wish("river and", "river with a couple of good old friends and"), person)
    (part,) = done.parts
    assert untouched(recording, done)
    assert part.words.found >= part.words.total - 1
    assert part.clicks == 0
    made = done.recording.speech
    assert detect(made[part.start : part.end], studio.network).marked
    assert not detect(made[: part.start], studio.network).marked
    assert not detect(made[part.end :], studio.network).marked
