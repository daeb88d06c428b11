"""Clients that others wrote for OpenAI Realtime, pointed at us: pipecat's and livekit-agents'. Each asks aloud."""

from __future__ import annotations

import pytest

from tests.browser.scripted import ANSWERS, QUESTION, ScriptedServer
from tests.integration.interop.conftest import RunClient

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

PIPECAT = ("pipecat-ai[openai]==1.14.0",)
LIVEKIT = ("livekit-agents==1.8.9", "livekit-plugins-openai==1.8.9")


def test_pipecat(server: ScriptedServer, run_client: RunClient) -> None:
    told = run_client("pipecat", PIPECAT, server.address.replace("http", "ws") + "/v1/realtime")
    assert told["errors"] == []
    assert told["greeting"].startswith("我是鲁迅")
    assert told["transcripts"] == [QUESTION]
    assert told["answer"] == ANSWERS["zh"]
    assert told["seconds"] == pytest.approx(0.2 * len(ANSWERS["zh"]), abs=0.1)


def test_livekit(server: ScriptedServer, run_client: RunClient) -> None:
    told = run_client("livekit", LIVEKIT, f"{server.address}/v1")
    assert told["errors"] == []
    assert told["warnings"] == []
    assert told["transcripts"] == [QUESTION]
    assert told["answer"] == ANSWERS["zh"]
    assert told["seconds"] == pytest.approx(0.2 * len(ANSWERS["zh"]), abs=0.1)
