"""`avatar animate`: a photograph that says a text, or speech from a recording, as a film."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, cast, get_args

import typer
from PIL import Image

from avatar.cli.console import choose, emit_json, language, note, progress, settings, stopped_by_the_system
from avatar.engines import Engines
from avatar.errors import InputError
from avatar.face.background import background_of
from avatar.face.film import film_kind
from avatar.face.photo import Photograph, read_photo
from avatar.face.quality import Examination
from avatar.face.restore.work import Repairs
from avatar.files import check_folder, write
from avatar.live.answering import language_of
from avatar.live.filming import GROUNDS, Ground, Narration, Step, film, narrate, spoken
from avatar.live.recording import voice_of
from avatar.live.studio import EngineStudio
from avatar.live.subtitles import Segment, segments_of, segments_of_lines, srt, vtt
from avatar.media import HEARING_RATE, SPEECH_RATE, Pixels, read_audio, resample
from avatar.stages import STYLES, Background, FaceChoice, HearingHints, Style

DEFAULT_VOICE = "zm_yunxi"
"""Who speaks where no voice is named."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for, checked."""

    photo: Path
    text: str | None
    audio: Path | None
    voice: str
    out: Path
    choice: FaceChoice
    size: int
    background: Background
    subtitles: str | None
    ground: Ground | None
    restore: bool
    style: Style | None


def animate(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    photo: Annotated[Path, typer.Argument(help="A photograph, painting or drawing. 照片、画像。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="An .mp4, .webm or .gif file. 输出文件。")],
    text: Annotated[str | None, typer.Option("--text", "-t", help="What is said. 要说的话。")] = None,
    audio: Annotated[Path | None, typer.Option("--audio", "-a", help="Speech instead of a text. 语音文件。")] = None,
    voice: Annotated[str, typer.Option("--voice", help="Whose voice says the text. 声音。")] = DEFAULT_VOICE,
    face: Annotated[int | None, typer.Option("--face", help="Which face, 1 is the largest. 第几张脸。")] = None,
    size: Annotated[int | None, typer.Option("--size", help="Pixels, 256..1024. 画面边长。")] = None,
    background: Annotated[
        str, typer.Option("--background", help="keep, blur, transparent, #rrggbb or a picture's file. 背景。")
    ] = "keep",
    subtitles: Annotated[str | None, typer.Option("--subtitles", help="srt or vtt, beside the film. 字幕。")] = None,
    ground: Annotated[str | None, typer.Option("--ground", help="own, consent or historical. 使用依据。")] = None,
    restore: Annotated[bool, typer.Option("--restore", help="Mend what is found first. 先修复照片。")] = False,
    emotion: Annotated[
        str, typer.Option("--emotion", help="calm, warm, sad, stern, amused, or auto: as the words tell. 神情。")
    ] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")] = False,
) -> None:
    """Let a photograph speak. 让照片开口说话。"""
    base, behind = settings(), background_of(background)
    wish = Wish(
        photo=photo,
        text=text,
        audio=audio,
        voice=voice,
        out=_checked(out, (text is None) == (audio is None), behind),
        choice=FaceChoice(face),
        size=_size(size or base.face.size),
        background=behind,
        subtitles=_one_of(subtitles, ("srt", "vtt"), "--subtitles"),
        ground=cast("Ground | None", _one_of(ground, get_args(Ground), "--ground")),
        restore=restore,
        style=_style(emotion),
    )
    engines = Engines(base)
    try:
        with stopped_by_the_system(), TemporaryDirectory(prefix="avatar-") as folder:
            photograph, studio = read_photo(wish.photo), EngineStudio(engines)
            examination = studio.examine(photograph, wish.choice)
            if wish.restore:
                repairs = studio.assess(photograph.pixels, examination).proposed
                wish = replace(
                    wish, photo=_restored(studio, photograph.pixels, repairs, Path(folder) / wish.photo.name)
                )
                photograph = read_photo(wish.photo)
                examination = studio.examine(photograph, wish.choice)
            _tell(examination, quiet=json)
            result = _make(wish, engines)
            _report(result, photograph, examination, json)
    finally:
        engines.close()


def _restored(studio: EngineStudio, photo: Pixels, repairs: Repairs, path: Path) -> Path:
    """The photograph with what was found mended, as a file."""
    with progress("Restoring", "正在修复", 1.0) as bar:
        mended = studio.restore(photo, repairs, lambda share: bar.update(bar.task_ids[0], completed=share))
    file = path.with_suffix(".png")
    Image.fromarray(mended).save(file)
    return file


def _make(wish: Wish, engines: Engines) -> dict[str, object]:
    """Speak, draw and write; what there is to report."""
    animator = engines.animator.animator(wish.photo, size=wish.size, choice=wish.choice, background=wish.background)
    with progress("Speaking", "正在合成语音", 1.0) as bar:

        def shown(step: Step, share: float) -> None:
            bar.update(
                bar.task_ids[0],
                completed=share,
                description=choose("Drawing", "正在绘制") if step == "drawing" else choose("Speaking", "正在合成语音"),
            )

        if wish.audio is not None:
            narration = spoken(read_audio(wish.audio, SPEECH_RATE), wish.style)
        else:
            say = voice_of(engines.narrator, wish.voice, engines.settings.speaking.speed)
            text = wish.text or ""
            narration = narrate(text, language_of(text, "zh"), say, shown, style=wish.style)
        comment = GROUNDS[wish.ground] if wish.ground else ""
        count = film(narration, animator, wish.out, shown, title=wish.photo.stem, comment=comment)
    result: dict[str, object] = {"out": str(wish.out), "frames": count, "seconds": round(narration.seconds, 3)}
    if wish.subtitles:
        result["subtitles"] = str(_write_subtitles(wish, narration, engines))
    return result


def _write_subtitles(wish: Wish, narration: Narration, engines: Engines) -> Path:
    """Write them beside the film under its name; of a recording, as it is understood."""
    segments: list[Segment]
    if wish.audio is None:
        segments = segments_of_lines(narration.lines)
    else:
        heard = resample(narration.sound, SPEECH_RATE, HEARING_RATE)
        segments = segments_of(engines.recognizer.transcribe(heard, HearingHints()), narration.seconds)
    path = wish.out.with_suffix(f".{wish.subtitles}")
    write(path, (srt(segments) if wish.subtitles == "srt" else vtt(segments)).encode())
    return path


def _tell(examination: Examination, *, quiet: bool) -> None:
    """Say what about the photograph will be seen; an error is raised by the preparation itself."""
    if quiet:
        return
    for finding in examination.findings:
        if finding.weight != "error":
            note(finding.en, finding.zh)


def _report(result: dict[str, object], photo: Photograph, examination: Examination, json: bool) -> None:
    if json:
        findings = [
            {"code": found.code, "weight": found.weight, "text": found.zh if language() == "zh" else found.en}
            for found in examination.findings
        ]
        emit_json(
            {**result, "photo": [photo.width, photo.height], "faces": len(examination.faces), "findings": findings}
        )
        return
    typer.echo(f"{choose('Written', '已写入')}: {result['out']}")
    if "subtitles" in result:
        typer.echo(f"{choose('Subtitles', '字幕')}: {result['subtitles']}")


def _checked(out: Path, wrong: bool, background: Background) -> Path:
    if wrong:
        raise InputError("Give either --text or --audio.", "请给出 --text 或 --audio,二者选一。", code="nothing_to_say")
    film_kind(out, transparent=background.kind == "transparent")
    check_folder(out)
    return out


def _style(emotion: str) -> Style | None:
    """How all of it is meant; None where the words tell."""
    known = _one_of(emotion, ("auto", *STYLES), "--emotion")
    return None if known == "auto" else cast("Style | None", known)


def _size(size: int) -> int:
    if not 256 <= size <= 1024 or size % 16:
        raise InputError(
            f"--size is a multiple of 16 from 256 to 1024, not {size}.",
            f"--size 须为 256 到 1024 之间 16 的倍数,不能是 {size}。",
            code="bad_size",
        )
    return size


def _one_of(value: str | None, known: tuple[str, ...], option: str) -> str | None:
    if value is None or value in known:
        return value
    listed = ", ".join(known)
    raise InputError(f"{option} is one of {listed}, not {value!r}.", f"{option} 只能是 {listed},不能是 {value!r}。")
