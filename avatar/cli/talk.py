"""`avatar say` and `avatar ask`: a text, or an answer to a spoken question, as sound or as a film."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from avatar.cli.console import choose, emit_json, note, progress, settings
from avatar.dialog.conversation import Conversation
from avatar.dialog.persona import Persona, load_persona
from avatar.engines import Engines
from avatar.errors import AudioError, InputError, Language
from avatar.files import check_folder, write
from avatar.live.answering import language_of
from avatar.live.host import SessionHost
from avatar.live.recording import (
    Recording,
    Speak,
    check_text,
    film,
    frame_count,
    record_answer,
    record_text,
    voice_of,
)
from avatar.live.reply import Stopwatch
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, read_audio, wav_bytes
from avatar.stages import Transcript

PersonaOption = Annotated[str, typer.Option("--persona", "-p", help="Who speaks. 由谁来说。")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="An .mp4 or .wav file to write. 输出文件(.mp4 或 .wav)。")]
VoiceOption = Annotated[str | None, typer.Option("--voice", help="A voice profile instead of the persona's. 声音。")]
PhotoOption = Annotated[Path | None, typer.Option("--photo", help="A photo instead of the persona's. 照片。")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]


def say(
    text: Annotated[str, typer.Argument(help="What is said. 要说的话。")],
    out: OutOption,
    persona: PersonaOption = "luxun",
    voice: VoiceOption = None,
    photo: PhotoOption = None,
    json: JsonOption = False,
) -> None:
    """Let a persona say a text. 让人物说出一段话。"""
    _check_out(out)
    check_text(text)
    engines = Engines(settings())
    try:
        who = load_persona(persona, engines.settings.data_dir)
        speak = voice_of(engines.narrating(who.lexicon), voice or who.voice, engines.settings.speaking.speed)
        recording = asyncio.run(record_text(text, language_of(text, who.languages[0]), speak, engines.run))
        _write(recording, who, photo, out, engines)
        _report({"text": recording.text, "out": str(out), "seconds": _length(recording)}, json)
    finally:
        engines.close()


async def answer_recording(
    host: SessionHost, conversation: Conversation, sound: Samples, spoken_in: Language | None, speak: Speak
) -> tuple[Transcript, Recording]:
    """What was asked in a recording, and the persona's answer.

    Args:
        sound: float32 [n] at HEARING_RATE.
        spoken_in: the language, where it is known.

    Raises:
        AudioError: no speech was understood.
        EngineError: a stage failed.
    """
    engines, watch = host.engines, Stopwatch(time.monotonic())
    hints = replace(conversation.hints, language=spoken_in or conversation.hints.language)
    transcript = await engines.run(lambda: engines.recognizer.transcribe(sound, hints))
    watch.mark("transcript_s")
    if not transcript.text:
        raise AudioError(
            "No speech was understood in the recording. Speak closer to the microphone, or check the file.",
            "没有听清录音里的话。请离麦克风近一些,或检查文件。",
            code="no_speech",
        )
    language = spoken_in or transcript.language
    return transcript, await record_answer(conversation, transcript.text, language, speak, engines.run, watch)


def ask(
    question: Annotated[Path, typer.Argument(help="A recording of the question. 提问的录音。")],
    out: OutOption,
    persona: PersonaOption = "luxun",
    language: Annotated[str | None, typer.Option(help="zh or en; else it is detected. 语言。")] = None,
    voice: VoiceOption = None,
    photo: PhotoOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a persona a spoken question and record its answer. 用录音提问,录下人物的回答。"""
    _check_out(out)
    sound = read_audio(question, HEARING_RATE)
    spoken_in = _language(language)
    engines = Engines(settings())
    try:
        host = SessionHost(engines)
        conversation = host.conversation(persona)
        who = conversation.persona
        note("Loading the models …", "正在加载模型……")
        for kind in engines.kinds:
            engines.get(kind)
        conversation.knowledge.embed()
        speak = voice_of(engines.pronouncing(who.lexicon), voice or who.voice, engines.settings.speaking.speed)
        transcript, recording = asyncio.run(answer_recording(host, conversation, sound, spoken_in, speak))
        film_s = _write(recording, who, photo, out, engines)
        times = {key: round(value, 3) for key, value in asdict(recording.times).items() if value is not None}
        times |= {"last_audio_s": round(recording.spoken_s, 3), "film_s": round(film_s, 3)}
        _report(
            {
                "transcript": transcript.text,
                "language": recording.language,
                "answer": recording.text,
                "citations": [asdict(citation) for citation in recording.citations],
                "times": times,
                "seconds": _length(recording),
                "out": str(out),
            },
            json,
        )
    finally:
        engines.close()


def _write(recording: Recording, who: Persona, photo: Path | None, out: Path, engines: Engines) -> float:
    """Write the sound or the film; returns how long that took, in seconds."""
    start = time.monotonic()
    if out.suffix.lower() == ".wav":
        write(out, wav_bytes(recording.sound))
    else:
        animator = engines.animator.animator(photo or who.portrait_file, size=engines.settings.face.size)
        with progress("Drawing the film", "正在绘制影片", frame_count(recording)) as bar:
            film(
                recording, animator, out, title=who.name.en, progress=lambda n: bar.update(bar.task_ids[0], completed=n)
            )
    return time.monotonic() - start


def _check_out(out: Path) -> None:
    if out.suffix.lower() not in (".mp4", ".wav"):
        raise InputError(
            f"{out.name} must end in .mp4 or .wav.", f"{out.name} 必须以 .mp4 或 .wav 结尾。", code="bad_output"
        )
    check_folder(out)


def _language(text: str | None) -> Language | None:
    if text in (None, "zh", "en"):
        return text  # type: ignore[return-value]
    raise InputError(f"--language is zh or en, not {text!r}.", f"--language 只能是 zh 或 en,不能是 {text!r}。")


def _length(recording: Recording) -> float:
    return round(recording.sound.size / SPEECH_RATE, 3)


def _report(result: dict[str, object], json: bool) -> None:
    if json:
        emit_json(result)
        return
    labels = {
        "transcript": choose("Question", "问"),
        "answer": choose("Answer", "答"),
        "text": choose("Text", "文字"),
        "out": choose("Written", "已写入"),
    }
    for key, label in labels.items():
        if key in result:
            typer.echo(f"{label}: {result[key]}")
    for cited in result.get("citations", ()):  # type: ignore[attr-defined]
        typer.echo(f"  《{cited['work']}》 {cited['place']}: {cited['quote']}")
    for stage, value in result.get("times", {}).items():  # type: ignore[attr-defined]
        typer.echo(f"  {stage:<16}{value:8.2f} s")
