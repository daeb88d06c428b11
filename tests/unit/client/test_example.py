"""The example of docs/embedding.md runs as it stands there."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from avatar import client
from avatar.client.events import Event
from avatar.settings import Settings
from tests.unit.server.conftest import running
from tests.unit.server.fake_session import FakeHouse

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")


async def test_the_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(import asyncio.*?)```", DOCUMENT, re.DOTALL)
    async with running(FakeHouse(), Settings()) as address:
        program = example.replace("127.0.0.1:7860", address)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        told, complaint = await asyncio.wait_for(process.communicate(), 60)
    assert complaint.decode() == ""
    assert told.decode() == "他是个读书人,穿长衫而站着喝酒。"
    assert (tmp_path / "reply.wav").stat().st_size == 44 + 2 * 9600


def test_every_event_is_documented() -> None:
    kinds = [kind.__name__ for kind in Event.__args__]
    assert [kind for kind in kinds if f"| `{kind}(" not in DOCUMENT] == []
    assert [kind for kind in kinds if kind not in client.__all__] == []
