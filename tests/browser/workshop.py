"""The scripted server with personas that can be made and changed, and texts that are really searched.

To look at the Personas page against it:

    python -m tests.browser.workshop --port 7860
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona, list_personas, load_persona
from avatar.live.prepared import PreparedSpeech
from avatar.live.shared import SharedStages
from avatar.server.sessions import Stages
from tests.browser.scripted import ScriptedServer, Speaker, Writer
from tests.unit.dialog.fakes import HashEmbedder
from tests.unit.live.fakes import LoudnessVad, ScriptedDetector, ScriptedRecognizer


class PatientEmbedder(HashEmbedder):
    """Takes a while for each batch."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(self.seconds)
        return super().passages(texts)


class WorkshopServer(ScriptedServer):
    """The server of a data folder: its personas as they lie there, their texts in the real index.

    Args:
        folder: the data folder; another server on the same one goes on with what the last one left.
        batch_s: seconds that embedding eight passages takes.
        port: 0 takes a free one.
    """

    def __init__(self, folder: Path, *, batch_s: float = 0.0, port: int = 0, size: int = 256) -> None:
        self._shelf: dict[str, Knowledge] = {}
        self._opening = threading.Lock()
        self.embedder = PatientEmbedder(batch_s)
        self.writer = Writer()
        super().__init__(folder, port=port, size=size)

    def stages(self, persona: Persona | None = None) -> SharedStages:
        """See `avatar.server.sessions.Stages`."""
        speech = PreparedSpeech(Speaker())
        return SharedStages(LoudnessVad(), ScriptedDetector([0.9]), ScriptedRecognizer([]), speech, self._threads, 80)

    def conversation(self, persona_id: str) -> Conversation:
        """See `avatar.server.sessions.Stages`."""
        persona = load_persona(persona_id, self._folder)
        return Conversation(persona, self._known(persona), self.writer)

    def knowledge(self, persona: Persona) -> Knowledge:
        """See `avatar.server.sessions.Stages`."""
        return self._known(persona)

    def watch(self, opened: Callable[[str, Knowledge], None]) -> None:
        """See `avatar.server.sessions.Stages`."""

    def read_card(self, persona_id: str) -> None:
        """See `avatar.server.sessions.Stages`."""

    def forget(self, persona_id: str) -> None:
        """See `avatar.server.sessions.Stages`."""
        with self._opening:
            self._shelf.pop(persona_id, None)

    def _stages(self) -> Stages:
        return self

    def _listed(self) -> list[Persona]:
        return sorted(list_personas(self._folder), key=lambda who: who.id != "luxun")

    def _known(self, persona: Persona) -> Knowledge:
        with self._opening:
            if persona.id not in self._shelf:
                self._shelf[persona.id] = Knowledge.open(persona, self._folder, self.embedder)
            return self._shelf[persona.id]


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--batch", type=float, default=1.0, help="seconds that embedding eight passages takes")
    arguments = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        WorkshopServer(Path(folder), port=arguments.port, batch_s=arguments.batch) as server,
    ):
        server.wait()


if __name__ == "__main__":
    main()
