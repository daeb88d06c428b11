"""The model that every message is made of, and what a message may weigh."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one socket message; a longer one closes the socket (1009)."""

MAX_AUDIO = 15 * 1024 * 1024
"""Characters of base64 in one input_audio_buffer.append (OpenAI Realtime)."""

MAX_TEXT = 8_000
"""Characters of any other text."""

MAX_ID = 512
"""Characters of an identifier that a client chooses."""

MAX_TOOLS = 64
"""Functions that a client may offer."""

MAX_TOOL_SIGNS = 64_000
"""Characters of all of them together, as JSON."""

MAX_VALUES = 20_000
"""Values in one message: without this bound, 16 MiB of `[[],[],…` would become millions of objects."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID)]


class Message(BaseModel):
    """A part of a message. Types are strict; fields that nobody knows are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)
