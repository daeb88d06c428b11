"""What a broken or a malicious client may send: seeded, so that what was found once is found again."""

from __future__ import annotations

import copy
import json
import random
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from avatar.media import to_pcm16

Sent = str | bytes

ITEM_IDS = ("item_a", "item_b", "root", "", "x" * 600, "../..", "item\u0000")

WISHES: tuple[dict[str, Any], ...] = (
    {"type": "session.update", "session": {"type": "realtime", "instructions": "短一点。", "max_output_tokens": 40}},
    {"type": "session.update", "session": {"output_modalities": ["text"]}},
    {"type": "session.update", "session": {"output_modalities": ["audio"]}},
    {"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}},
    {"type": "session.update", "session": {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}},
    {"type": "session.update", "session": {"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}},
    {"type": "session.update", "session": {"audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": "luxun"}}}},
    {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcma"}}}}},
    {"type": "session.update", "session": {"avatar": {"events": True, "video": False}}},
    {"type": "session.update", "session": {"tools": [], "tool_choice": "auto", "tracing": None, "prompt": {"id": "p"}}},
    {"type": "input_audio_buffer.append", "audio": "AAAA" * 200},
    {"type": "input_audio_buffer.append", "audio": "f/8BgH//AYA=" * 400},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio_buffer.clear"},
    {"type": "output_audio_buffer.clear"},
    {
        "type": "conversation.item.create",
        "previous_item_id": "root",
        "item": {"id": "item_a", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "问"}]},
    },
    {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "答"}]},
    },
    {"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "c", "output": "{}"}},
    {"type": "conversation.item.retrieve", "item_id": "item_a"},
    {"type": "conversation.item.truncate", "item_id": "item_a", "content_index": 0, "audio_end_ms": 10},
    {"type": "conversation.item.delete", "item_id": "item_a"},
    {"type": "response.create"},
    {"type": "response.create", "response": {"instructions": "Greet.", "metadata": {"a": "b"}}},
    {"type": "response.create", "response": {"conversation": "none", "output_modalities": ["text"], "input": []}},
    {"type": "response.cancel"},
    {"type": "response.cancel", "response_id": "resp_x"},
    {"type": "avatar.played", "response_id": "resp_x", "audio_end_ms": 500},
    {"type": "avatar.keyframe"},
    {"type": "avatar.greet"},
)
"""Events as they should be; most of what is sent is one of them, bent."""

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1.5, "", "x", "\ud7ff\U0001f600\u202e", "A" * 9000, [], {}, [[]], [None] * 50,
    {"type": "message"}, {"a": {"b": {"c": []}}}, "audio/pcm", "semantic_vad", [{"type": "input_text", "text": None}],
)  # fmt: skip

GARBAGE: tuple[str, ...] = (
    "", " ", "null", "[]", "1e999", "NaN", "{", '{"type"', '"session.update"', "[" * 5000, '{"a":' * 3000,
    '{"type": "session.update", "type": "response.create"}', '{"type": "\\ud800"}', "\x00", "\ufeff{}", "你好" * 1000,
    '{"type": 5}', '{"type": null, "event_id": "e"}', '{"type": "response.create", "event_id": 7}',
    '{"type": "avatar.played", "response_id": "r", "audio_end_ms": 1e400}', "[0," * 20_000,
)  # fmt: skip


def hostile(seed: int, count: int) -> Iterator[Sent]:
    """What one client sends."""
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.random()
        if kind < 0.6:
            yield json.dumps(_bent(rng))
        elif kind < 0.75:
            yield rng.choice(GARBAGE)
        else:
            yield _frame(rng)


def _bent(rng: random.Random) -> dict[str, Any]:
    """An event with none, some or many of its parts replaced, left out, or added to."""
    event = copy.deepcopy(rng.choice(WISHES))
    event["event_id"] = f"mine_{rng.randrange(10**9)}"
    for _ in range(rng.choice((0, 0, 1, 1, 2, 5))):
        node, key = _somewhere(rng, event)
        action = rng.randrange(4)
        if action == 0:
            del node[key]
        elif action == 1:
            node[key] = copy.deepcopy(rng.choice(JUNK))
        elif action == 2 and isinstance(node, dict):
            node[rng.choice(("id", "role", "item_id", "modalities", "voice", "call_id", "泛"))] = copy.deepcopy(
                rng.choice(JUNK)
            )
        elif key in ("item_id", "id", "previous_item_id"):
            node[key] = rng.choice(ITEM_IDS)
        if not event:
            break
    return event


def _somewhere(rng: random.Random, event: dict[str, Any]) -> tuple[Any, Any]:
    """A place in an event: a container and one of its keys."""
    node: Any = event
    while True:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        inner = node[key]
        if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.3:
            return node, key
        node = inner


def _frame(rng: random.Random) -> bytes:
    """A binary frame: noise, a header that lies, or a microphone's, loud or silent."""
    kind = rng.random()
    if kind < 0.3:
        return rng.randbytes(rng.choice((0, 1, 15, 16, 17, 40, 2000)))
    if kind < 0.5:
        numbers = (
            rng.randrange(256),
            rng.randrange(256),
            rng.randrange(2**16),
            rng.randrange(2**32),
            rng.randrange(2**64),
        )
        return struct.pack("<BBHIQ", *numbers) + rng.randbytes(rng.randrange(5))
    loudness = rng.choice((0.0, 0.0, 0.3, 1.0))
    noise = np.random.default_rng(rng.randrange(2**32)).standard_normal(rng.choice((0, 480, 4800))) * loudness
    odd = b"\0" if rng.random() < 0.1 else b""
    return struct.pack("<BBHIQ", 1, 0, 0, 0, 0) + to_pcm16(noise.astype(np.float32)) + odd
