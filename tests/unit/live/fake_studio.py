"""A studio without networks: who is in a photograph is told by its colours, and a face is a grey square."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from avatar.errors import Language, PhotoError
from avatar.face.detect import Face
from avatar.face.guided import guided_points, marks_in_pixels
from avatar.face.landmarks import chosen_face
from avatar.face.photo import Photograph, read_photo
from avatar.face.quality import Examination, Finding
from avatar.face.restore.work import Damage, Progress, Repairs
from avatar.live.recording import Speak
from avatar.live.studio import VoiceCard
from avatar.media import FPS, SPEECH_RATE, ClauseSpeech, Frame, PhoneSpan, Pixels, Samples, WordSpan
from avatar.stages import OWN_BACKGROUND, Animator, Background, FaceChoice, HeardWord, Presence, Style, Transcript

RED = (220, 40, 40)
"""A red square in a photograph is a face to the scripted studio."""


def photo_of(*faces: tuple[int, int, int], width: int = 640, height: int = 480) -> Pixels:
    """A photograph with faces; each is its left, its top and its side in pixels."""
    picture = np.full((height, width, 3), (150, 140, 120), dtype=np.uint8)
    for left, top, side in faces:
        picture[top : top + side, left : left + side] = RED
    return picture


@dataclass
class SquareFace:
    """Shows the photograph, darker while it speaks."""

    picture: Pixels
    size: int
    frame_s: float
    moods: list[tuple[Style, int]]
    index: int = 0
    sound: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def begin(self, at: int = 0) -> None:
        self.index = at

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        self.sound = np.concatenate([self.sound, samples])

    def stop(self) -> None:
        return

    def feel(self, style: Style, at: int = 0) -> None:
        self.moods.append((style, at))

    def attend(self, presence: Presence) -> None:
        return

    def skip(self) -> None:
        self.index += 1

    def frame(self) -> Frame:
        time.sleep(self.frame_s)
        step = SPEECH_RATE // FPS
        heard = self.sound[self.index * step : (self.index + 1) * step]
        opening = min(1.0, 3 * float(np.abs(heard).mean())) if heard.size else 0.0
        self.index += 1
        return Frame((self.picture * (1 - 0.5 * opening)).astype(np.uint8), opening)


@dataclass
class ScriptedStudio:
    """See `Studio`; `frame_s` is how long a frame takes."""

    frame_s: float = 0.0
    restored: list[Repairs] = field(default_factory=list)
    moods: list[tuple[Style, int]] = field(default_factory=list)
    backgrounds: list[Background] = field(default_factory=list)

    def examine(self, photo: Photograph, choice: FaceChoice) -> Examination:
        faces = self._faces(photo.pixels)
        if choice.marks is not None:
            try:
                height, width = photo.pixels.shape[:2]
                points = guided_points(marks_in_pixels(choice.marks, width, height), None)
            except PhotoError as error:
                return Examination((), None, None, None, (Finding(error.code, "error", error.en, error.zh),))
            return Examination((), None, points, None, ())
        try:
            face = chosen_face(faces, choice, photo.pixels)
        except PhotoError as error:
            return Examination(tuple(faces), None, None, None, (Finding(error.code, "error", error.en, error.zh),))
        small = Finding("face_small", "note", "The face is small.", "脸比较小。")
        points = np.zeros((478, 3), np.float32)
        return Examination(tuple(faces), faces.index(face) + 1, points, None, (small,))

    def assess(self, photo: Pixels, examination: Examination) -> Damage:
        return Damage(None, 3, 2, 0.01, 1.0, 200.0, False, Repairs(scratches=True))

    def restore(self, photo: Pixels, repairs: Repairs, progress: Progress) -> Pixels:
        progress(0.0)
        self.restored.append(repairs)
        return np.asarray(np.clip(photo.astype(np.int16) + 20, 0, 255), dtype=np.uint8)

    def animator(self, photo: Path, size: int, choice: FaceChoice, background: Background = OWN_BACKGROUND) -> Animator:
        self.backgrounds.append(background)
        if not self.examine(read_photo(photo), choice).usable:
            raise PhotoError("There is no face to animate.", "没有可以动起来的脸。", code="no_face")
        picture = cv2.resize(read_photo(photo).pixels, (size, size))
        return SquareFace(np.asarray(picture, dtype=np.uint8), size, self.frame_s, self.moods)

    def voice(self, voice: str, *, checked: bool = False) -> Speak:
        def say(clause: str, language: Language, style: Style) -> ClauseSpeech:
            length = len(clause) * SPEECH_RATE // 10
            sound = (0.3 * np.sin(np.arange(length) / 30)).astype(np.float32)
            return ClauseSpeech(clause, (), (WordSpan(clause, 0, length),), length, iter((sound,)))

        return say

    def voices(self) -> list[VoiceCard]:
        return [VoiceCard("zm_yunxi", "云希", "Yunxi", ("zh",)), VoiceCard("af_heart", "Heart", "Heart", ("en",))]

    def transcribe(self, samples: Samples) -> Transcript:
        return Transcript("听到的话。", "zh", (HeardWord("听到的话。", 0.1, 0.8, 0.9),))

    def _faces(self, picture: Pixels) -> list[Face]:
        red = (np.abs(picture.astype(int) - RED).max(axis=2) < 60).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(red)
        found = []
        for x, y, width, height, _ in stats[1:].tolist():
            points = np.zeros((6, 2), np.float32)
            found.append(Face(float(x), float(y), float(x + width), float(y + height), 0.9, points))
        return sorted(found, key=lambda face: -face.height)
