"""Whatever bytes and texts arrive, the wire gives a value or an error of ours."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from avatar.errors import ProtocolError
from avatar.server.protocol.client import ClientEvent, InputAudioAppend
from avatar.server.protocol.framing import Flag, Kind, MediaFrame, unpack
from avatar.server.protocol.parsing import EventError, parse_client_event

FRAMES = st.builds(
    MediaFrame,
    kind=st.sampled_from(Kind),
    flags=st.sampled_from([Flag.NONE, Flag.KEY, Flag.END, Flag.KEY | Flag.END, Flag.WAITING, Flag.KEY | Flag.WAITING]),
    generation=st.integers(0, 2**16 - 1),
    seq=st.integers(0, 2**32 - 1),
    pts_us=st.integers(0, 2**64 - 1),
    payload=st.binary(max_size=200),
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

TYPES = st.sampled_from(
    [
        "session.update",
        "input_audio_buffer.append",
        "conversation.item.create",
        "conversation.item.truncate",
        "response.create",
        "avatar.played",
        "unknown",
    ]
)
FIELDS = st.sampled_from(
    ["event_id", "session", "audio", "item", "item_id", "response", "response_id", "content_index", "audio_end_ms"]
)


def parsed(text: str) -> ClientEvent | None:
    """The event, or None where it was refused as it should be."""
    try:
        return parse_client_event(text)
    except EventError as error:
        assert error.code
        assert error.zh != error.en
        return None


@given(FRAMES)
def test_a_frame_comes_back_as_it_was(frame: MediaFrame) -> None:
    assert unpack(frame.pack()) == frame


@given(st.binary(max_size=64))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    try:
        frame = unpack(data)
    except ProtocolError:
        return
    assert frame.pack() == data


@given(st.text())
def test_any_text_is_refused_in_words(text: str) -> None:
    assert parsed(text) is None


@given(TYPES, st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_fields_give_an_event_or_an_error(event_type: str, fields: dict[str, object]) -> None:
    event = parsed(json.dumps({**fields, "type": event_type}))
    assert event is None or event.type == event_type


@given(st.text(alphabet="ABCabc012+/=", max_size=40), st.text(min_size=1, max_size=40).filter(str.isprintable))
def test_an_event_keeps_its_values(audio: str, event_id: str) -> None:
    event = parsed(json.dumps({"type": "input_audio_buffer.append", "audio": audio, "event_id": event_id}))
    assert isinstance(event, InputAudioAppend)
    assert (event.audio, event.event_id) == (audio, event_id)
