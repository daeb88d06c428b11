"""The folder that a book is read into: what was done already stays, whatever ends the work, and is not done again.

Finished clauses lie in `.reading/`, each in a file named after everything that its sound hangs on: the words, the voice
and how it stands, the speed, the engine. So a changed sentence is read anew, and the ones around it are not. A file is
written under another name and renamed when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from avatar.errors import InputError
from avatar.files import storing, tidy, whole, write
from avatar.live.aloud.book import Line
from avatar.media import Samples, WordSpan, from_pcm16, to_pcm16

FORM = 1
"""Of the files; another number makes everything anew."""

_INSIDE = ".reading"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a book is read.

    Attributes:
        voice: the voice profile's id.
        standing: another word once the voice was made anew.
        speed: times the voice's own.
        engine: the synthesizer, and what is done with its sound.
    """

    voice: str
    standing: str
    speed: float
    engine: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A line, spoken.

    Attributes:
        pcm: its sound, 16-bit PCM at SPEECH_RATE.
        words: counted from its start; empty where the engine does not know them.
    """

    pcm: bytes
    words: tuple[WordSpan, ...]

    @property
    def sound(self) -> Samples:
        """float32 [n] at SPEECH_RATE."""
        return from_pcm16(self.pcm)

    @property
    def length(self) -> int:
        """Samples."""
        return len(self.pcm) // 2


@dataclass(slots=True)
class _State:
    """What stands in state.json."""

    form: int = FORM
    source: str = ""
    manner: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    finished: dict[str, str] = field(default_factory=dict)


_STATE = TypeAdapter(_State)


class Workshop:
    """One book's folder. A context: while it is open, no other process works in it.

    Args:
        folder: made where it is missing.
        source: the book's file name; a folder holds one book.
        manner: how it is read.
        again: throw away what was done before.
    """

    def __init__(self, folder: Path, source: str, manner: Manner, *, again: bool = False) -> None:
        self.folder = folder
        self._inside = folder / _INSIDE
        self._source = source
        self._manner = manner
        self._again = again
        self._state = _State()

    def __enter__(self) -> Workshop:
        """
        Raises:
            StorageError: the folder cannot be written.
            InputError: another book or voice was read into it, or another process reads into it now.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder} is not a folder.", f"{self.folder} 不是文件夹。", code="bad_output")
        with storing(self.folder):
            self._inside.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self._inside / "lock", timeout=0)
            self._acquire()
        try:
            for folder in (self.folder, self._inside):
                tidy(folder)
            self._state = self._resumed()
            if self._again:
                self.clear()
        except BaseException:
            self._lock.release()
            raise
        return self

    def _acquire(self) -> None:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise InputError(
                f"Another `avatar read` is writing to {self.folder}. Wait for it, or choose another folder.",
                f"另一个 `avatar read` 正在写入 {self.folder}。请等它结束,或换一个文件夹。",
                code="folder_in_use",
            ) from error

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def key(self, line: Line) -> str:
        """The name of a line's clause."""
        said = json.dumps([FORM, asdict(self._manner), line.language, line.text], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    def fingerprint(self, title: str, lines: Iterable[Line]) -> str:
        """What a chapter's files hang on."""
        parts = [title, *(f"{self.key(line)} {line.pause}" for line in lines)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def clause(self, line: Line) -> Clause | None:
        """A clause that is done; None where it is not, or its file is damaged."""
        try:
            with self._file(self.key(line)).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                words = tuple(WordSpan(*word) for word in json.loads(str(kept["words"])))
                return Clause(kept["pcm"].astype("<i2").tobytes(), words)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None

    def keep(self, line: Line, sound: Samples, words: Iterable[WordSpan]) -> Clause:
        """A clause is done.

        Raises:
            StorageError: the disk is full, or the folder cannot be written.
        """
        pcm = to_pcm16(sound)
        spans = tuple(words)
        told = json.dumps([[span.text, span.start, span.end] for span in spans], ensure_ascii=False)
        path = self._file(self.key(line))
        with storing(path), whole(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, pcm=np.frombuffer(pcm, dtype="<i2"), words=np.array(told))
        return Clause(pcm, spans)

    def forget(self, lines: Iterable[Line]) -> None:
        """Clauses that are not needed any more."""
        for line in lines:
            with suppress(OSError):
                self._file(self.key(line)).unlink(missing_ok=True)

    def clear(self) -> None:
        """No clause is needed any more."""
        for file in self._inside.glob("*.npz"):
            with suppress(OSError):
                file.unlink()

    def finished(self, number: int, fingerprint: str) -> bool:
        """Whether a chapter's files are there as they should be."""
        return self._state.finished.get(str(number)) == fingerprint

    def finish(self, number: int, fingerprint: str) -> None:
        """A chapter's files are written."""
        self._state.finished[str(number)] = fingerprint
        self._save()

    def begin(self, text: str) -> bool:
        """Note the text's fingerprint; whether another was begun here before: it was changed meanwhile."""
        changed = bool(self._state.text) and self._state.text != text
        self._state.text = text
        self._save()
        return changed

    def _file(self, key: str) -> Path:
        return self._inside / f"{key}.npz"

    def _resumed(self) -> _State:
        """What was done here before."""
        fresh = _State(source=self._source, manner=asdict(self._manner))
        file = self._inside / "state.json"
        try:
            known = _STATE.validate_json(file.read_bytes())
        except (OSError, ValueError):
            return fresh
        if self._again or known.form != FORM or not known.source:
            return fresh
        self._refuse_another(known)
        return known

    def _refuse_another(self, known: _State) -> None:
        if known.source != self._source:
            raise InputError(
                f"{self.folder} holds the reading of {known.source}. Choose another folder, or start over: --again.",
                f"{self.folder} 里是 {known.source} 的朗读。请换一个文件夹,或用 --again 重新开始。",
                code="another_book",
            )
        before, now = known.manner, asdict(self._manner)
        if before != now:
            names = {"voice": ("voice", "音色"), "standing": ("voice (made anew)", "音色(已重做)")}
            names |= {"speed": ("speed", "语速"), "engine": ("engine", "引擎")}
            other = next((key for key in names if before.get(key) != now[key]), "engine")
            raise InputError(
                f"The reading in {self.folder} was begun with another {names[other][0]}. "
                "Use the same, choose another folder, or start over: --again.",
                f"{self.folder} 里的朗读是用另一种{names[other][1]}开始的。"
                "请保持一致、换一个文件夹,或用 --again 重新开始。",
                code="another_voice",
            )

    def _save(self) -> None:
        write(self._inside / "state.json", json.dumps(asdict(self._state), ensure_ascii=False, indent=1).encode())
