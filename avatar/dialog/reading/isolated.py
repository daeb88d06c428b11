"""Reading a document in a process of its own, with a limit on its time and its memory.

A reader that meets a hostile file may loop for hours or fill the memory; here it is ended, the server is not, and the
user gets a sentence. The document goes in as the standard input, the text comes out as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time

from avatar.dialog.child import ROOT, command, environment
from avatar.dialog.reading.document import MAX_CHARACTERS, Document, damaged
from avatar.dialog.stopping import Tell, untold
from avatar.errors import AvatarError, InputError, TextError

TIME_S = 150.0
_ASKED_S = 0.1
CPU_S = 120
MEMORY = 1 << 30
"""Bytes of address space."""


def read_isolated(data: bytes, name: str, kind: str, tell: Tell = untold) -> Document:
    """A document, read in another process.

    Args:
        data: the whole file.
        name: what the errors call it.
        kind: "pdf", "docx", "epub" or "html".
        tell: told several times a second that it is being read; what it raises ends the other process.

    Raises:
        TextError: what the reader says, or that it took too long or too much memory.
    """
    code, out = _run(command("avatar.dialog.reading.isolated", kind, name), data, name, tell)
    if code < 0 or not out:
        raise _too_much(name)
    try:
        answer = json.loads(out)
    except ValueError as error:
        raise damaged(name, kind.upper()) from error
    if "text" in answer:
        return Document(answer["text"], answer["title"])
    raise TextError(answer["en"], answer["zh"], code=answer["code"])


def _run(words: list[str], data: bytes, name: str, tell: Tell) -> tuple[int, bytes]:
    """The other process's exit code and what it wrote; it never outlives this call."""
    ends = time.monotonic() + TIME_S
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        process = subprocess.Popen(
            words, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(), cwd=ROOT
        )
    with process:
        try:
            while True:
                tell("reading", 0.0)
                try:
                    out, _ = process.communicate(timeout=_ASKED_S)
                except subprocess.TimeoutExpired:
                    if time.monotonic() > ends:
                        raise _too_much(name) from None
                else:
                    return process.returncode, out
        finally:
            process.kill()


def _main(kind: str, name: str) -> None:
    """What the other process does."""
    _limit()
    try:
        document = _read(sys.stdin.buffer.read(), name, kind)
        answer = {"text": document.text[:MAX_CHARACTERS], "title": document.title}
    except AvatarError as error:
        answer = {"en": error.en, "zh": error.zh, "code": error.code}
    except (MemoryError, RecursionError):
        costly = _too_much(name)
        answer = {"en": costly.en, "zh": costly.zh, "code": costly.code}
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _read(data: bytes, name: str, kind: str) -> Document:
    from avatar.dialog.reading.docx import read_docx
    from avatar.dialog.reading.epub import read_epub
    from avatar.dialog.reading.html import read_html
    from avatar.dialog.reading.pdf import read_pdf

    readers = {"pdf": read_pdf, "docx": read_docx, "epub": read_epub, "html": read_html}
    if kind not in readers:
        raise InputError(f"{kind} is no known format.", f"未知的格式 {kind}。")
    return readers[kind](data, name)


def _limit() -> None:
    """Bound this process; where the system has no such limits, the time-out of the caller remains."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_AS, MEMORY)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def _too_much(name: str) -> TextError:
    return TextError(
        f"Reading {name} takes more time or memory than is allowed. Split it, or save it as plain text.",
        f"读取 {name} 所需的时间或内存超过限制。请拆分,或另存为纯文本。",
        code="text_too_costly",
    )


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
