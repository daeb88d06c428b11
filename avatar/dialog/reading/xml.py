"""XML of unknown origin, read event by event: no tree, no entities, nothing fetched, depth and size bounded."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

MAX_DEPTH = 200

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class XmlError(ValueError):
    """It is not XML, or XML that nobody writes without ill intent."""


def read_xml(data: bytes, start: Start, end: End | None = None, text: Text | None = None) -> None:
    """Read a document; names come without their namespaces' prefixes.

    Raises:
        XmlError: not well formed, nested deeper than 200 levels, or with entities of its own.
        TextError: what the handlers raise.
    """
    parser = expat.ParserCreate()
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise XmlError("too deep")
        start(local(name), {local(key): value for key, value in attributes.items()})

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(local(name))

    def entity(*_: object) -> None:
        raise XmlError("entities")

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.EntityDeclHandler = entity
    parser.buffer_text = True
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        raise XmlError("not XML") from error


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rsplit(":", 1)[-1]
