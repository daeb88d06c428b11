"""Runs in pipecat's own environment: one spoken turn through its OpenAI Realtime service. Told by JSON on stdout.

python pipecat_client.py ws://127.0.0.1:PORT/v1/realtime RECORDING
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.workers.runner import WorkerRunner

RATE = 24000
BLOCK = RATE // 50 * 2
"""Bytes of 20 ms."""


class Note(FrameProcessor):  # type: ignore[misc] # pipecat is not installed where this is checked
    """Notes what passes."""

    def __init__(self) -> None:
        super().__init__()
        self.transcripts: list[str] = []
        self.text = ""
        self.sound = 0
        self.errors: list[str] = []
        self.replies = 0
        self.replied = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.transcripts.append(frame.text)
        elif isinstance(frame, TTSTextFrame):
            self.text += frame.text
        elif isinstance(frame, TTSAudioRawFrame):
            self.sound += len(frame.audio)
        elif isinstance(frame, ErrorFrame):
            self.errors.append(frame.error)
        elif isinstance(frame, LLMFullResponseEndFrame):
            self.replies += 1
            self.replied.set()
        await self.push_frame(frame, direction)


async def main(url: str, recording: str) -> dict[str, Any]:
    """Let the persona greet, ask the question of the recording, hear the answer."""
    service = OpenAIRealtimeLLMService(
        api_key="none", base_url=url, settings=OpenAIRealtimeLLMService.Settings(model="luxun")
    )
    before, after = Note(), Note()
    worker = PipelineWorker(Pipeline([before, service, after]))
    running = asyncio.create_task(WorkerRunner(handle_sigint=False).run(worker))
    await worker.queue_frame(LLMContextFrame(LLMContext([])))
    await asyncio.wait_for(after.replied.wait(), 30)
    greeting, after.text, after.sound = after.text, "", 0
    after.replied.clear()
    with open(recording, "rb") as file:  # noqa: PTH123, ASYNC230 - a small file, once
        sound = file.read()
    for start in range(0, len(sound), BLOCK):
        await worker.queue_frame(InputAudioRawFrame(sound[start : start + BLOCK], RATE, 1))
        await asyncio.sleep(0.02)
        if after.replied.is_set():
            break
    await asyncio.wait_for(after.replied.wait(), 30)
    await worker.queue_frame(EndFrame())
    await running
    return {
        "greeting": greeting,
        "transcripts": before.transcripts,
        "answer": after.text,
        "seconds": after.sound / 2 / RATE,
        "errors": before.errors + after.errors,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2]))))  # noqa: T201 - read by the test
