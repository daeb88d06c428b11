"""The HTTP routes on the real models: what is said is understood again, and a persona answers in writing."""

from __future__ import annotations

import pytest

from tests.integration.server.conftest import ClientOf

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SAID = "希望本是无所谓有，无所谓无的。"


async def test_what_is_spoken_is_understood(client_of: ClientOf) -> None:
    async with client_of() as client:
        spoken = await client.audio.speech.create(model="luxun", voice="luxun", input=SAID, response_format="mp3")
        heard = await client.audio.transcriptions.create(
            model="whisper-1", file=("said.mp3", spoken.content), response_format="verbose_json", language="zh"
        )
    assert "希望" in heard.text
    assert 1.5 < heard.duration < 10
    assert heard.language == "chinese"
    assert [segment.start for segment in heard.segments or []] == sorted(s.start for s in heard.segments or [])


async def test_a_persona_answers_in_writing(client_of: ClientOf) -> None:
    async with client_of() as client:
        answer = await client.chat.completions.create(
            model="luxun", messages=[{"role": "user", "content": "孔乙己是谁？"}], max_tokens=40
        )
    assert any("\u4e00" <= sign <= "\u9fff" for sign in answer.choices[0].message.content or "")
    citations = (answer.model_extra or {})["avatar"]["citations"]
    assert any("孔乙己" in each["quote"] for each in citations)
