"""A client in Python: talk to a persona from a program. See docs/embedding.md.

async with Client("http://127.0.0.1:7860", persona="luxun") as talk:
    await talk.write("您怎么看希望?")
    async for event in talk:
        ...
"""

from avatar.client.client import Client
from avatar.client.events import (
    Answered,
    Cited,
    Connected,
    Ended,
    Event,
    Heard,
    Lost,
    Meant,
    Picture,
    Present,
    Problem,
    RefusedError,
    Replying,
    Sound,
    Words,
)

__all__ = [
    "Answered",
    "Cited",
    "Client",
    "Connected",
    "Ended",
    "Event",
    "Heard",
    "Lost",
    "Meant",
    "Picture",
    "Present",
    "Problem",
    "RefusedError",
    "Replying",
    "Sound",
    "Words",
]
