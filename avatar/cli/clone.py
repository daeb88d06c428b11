"""`avatar clone`, `avatar voices` and `avatar consent`: voices of one's own, and what they hang on."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel, ValidationError
from rich.progress import Progress

from avatar.cli import listing
from avatar.cli.console import choose, emit_json, note, progress, settings
from avatar.engines import Engines
from avatar.engines.cloning import cloning
from avatar.engines.voices import consent_store, own_voices
from avatar.errors import InputError, TextError, fault
from avatar.files import reading, write
from avatar.voice.consent.record import CONSENT_ID, Consent, GroundWish, PhraseWish, plain_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning
    from avatar.voice.profiles import VoiceProfile

voices = typer.Typer(invoke_without_command=True)
consent = typer.Typer(no_args_is_help=True)

MAX_RECORD_BYTES = 64 * 1024

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The voice's id. 音色的 id。")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask. 不再确认。")]

_STEPS = {
    "reading": ("Reading", "正在读取"),
    "checking": ("Checking", "正在检查"),
    "cleaning": ("Cleaning", "正在清理"),
    "hearing": ("Transcribing", "正在识别"),
    "fitting": ("Choosing the voice", "正在选取音色"),
    "sampling": ("Speaking a sample", "正在试说"),
}


def clone(
    name: Annotated[str, typer.Argument(help="What the voice is called. 音色的名字。")],
    samples: Annotated[list[Path], typer.Argument(help="Recordings, 5 s to 10 min together. 录音,共 5 秒到 10 分钟。")],
    consent: Annotated[
        str,
        typer.Option(
            "--consent",
            help="The recording of a statement (`avatar consent phrase`), a consent's id, or a .toml file with a "
            "historical ground. 声明的录音、同意书的 id,或写明历史依据的 .toml 文件。",
        ),
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the fitting of minutes. 不做几分钟的拟合。")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Clone a voice from recordings, with consent. 经本人同意,用录音克隆声音。"""
    engines = Engines(settings())
    try:
        worker = cloning(engines)
        agreed = _agreed(worker, consent)
        voice = _made(worker, name, samples, agreed)
        note(f"{voice.id} can speak now.", f"{voice.id} 已可使用。")
        if not quick:
            voice = _fitted(worker, voice)
        _report(voice, json)
    finally:
        engines.close()


@voices.callback()
def all_voices(context: typer.Context, json: JsonOption = False) -> None:
    """Voices: list, rename, export, import, delete. 音色。"""
    if context.invoked_subcommand is None:
        listing.voices(json)


voices.command("list")(listing.voices)


@voices.command()
def rename(voice: IdArgument, name: Annotated[str, typer.Argument(help="For people; the id stays. 新名字。")]) -> None:
    """Give a voice of your own another name. 给自己的音色改名。"""
    from avatar.voice.own import renamed

    chosen = settings()
    consent_store(chosen).permit_name(plain_name(name))
    found = renamed(own_voices(chosen), voice, name)
    typer.echo(f"{found.id}  {found.name.zh}")


@voices.command()
def export(
    voice: IdArgument, out: Annotated[Path, typer.Option("--out", "-o", help="A .voice file. 输出文件。")]
) -> None:
    """Write a voice of your own and its consent to a file. 导出自己的音色和同意书。"""
    from avatar.voice.portable import exported

    chosen = settings()
    data = exported(own_voices(chosen), consent_store(chosen), voice)
    write(out, data)
    typer.echo(f"{choose('Written', '已写入')}: {out}")


@voices.command("import")
def take_in(file: Annotated[Path, typer.Argument(help="A .voice file. 一个 .voice 文件。")]) -> None:
    """Take in a voice and its consent, which is heard again. 导入音色;同意书会重新核对。"""
    from avatar.voice.portable import MAX_FILE

    data = _read(file, MAX_FILE + 1)
    engines = Engines(settings())
    try:
        typer.echo(cloning(engines).take_in(data).id)
    finally:
        engines.close()


@voices.command()
def delete(voice: IdArgument, yes: YesOption = False) -> None:
    """Delete a voice of your own; its consent stays. 删除自己的音色;同意书保留。"""
    chosen = settings()
    own_voices(chosen).get(voice)
    if not yes:
        typer.confirm(choose(f"Delete {voice} for good?", f"永久删除 {voice}?"), abort=True)
    own_voices(chosen).delete(voice)
    consent_store(chosen).audit("voice_deleted", voice=voice)
    note(f"{voice}: deleted.", f"{voice}:已删除。")


@consent.command()
def phrase(
    name: Annotated[str, typer.Argument(help="Whose voice it is. 谁的声音。")],
    language: Annotated[str, typer.Option("--language", help="zh or en. 语言。")] = "zh",
    relation: Annotated[
        str, typer.Option("--relation", help="Yours to the person: self, family, friend, colleague, contract. 关系。")
    ] = "self",
    scope: Annotated[str, typer.Option("--scope", help="personal, project, public, commercial. 用途。")] = "personal",
    until: Annotated[str, typer.Option("--until", help="The last day, as 2027-12-31; else two years. 截止日。")] = "",
    keep: Annotated[bool, typer.Option(help="Keep samples beside the voice. 保留样本。")] = True,
    json: JsonOption = False,
) -> None:
    """Print what the person has to read aloud, within the hour. 显示本人需要朗读的声明,一小时内有效。"""
    fields: dict[str, object] = {
        "name": name, "language": language, "relation": relation, "scope": scope, "keep": keep, "until": _day(until),
    }  # fmt: skip
    made = consent_store(settings()).issue(_wish(PhraseWish, fields))
    if json:
        emit_json(made.model_dump(mode="json", include={"id", "text", "words", "expires_at"}))
        return
    typer.echo(made.text)
    note(
        "Record this, then: avatar clone NAME samples… --consent FILE",
        "请录下这句话,然后:avatar clone 名字 录音… --consent 文件",
    )


@consent.command("list")
def consents(json: JsonOption = False) -> None:
    """List the consents and the voices made from them. 列出同意书及其音色。"""
    chosen = settings()
    store, made = consent_store(chosen), own_voices(chosen).all()
    found = [(each, [voice.id for voice in made if voice.consent == each.id]) for each in store.all()]
    if json:
        emit_json([{**each.model_dump(mode="json"), "voices": ids} for each, ids in found])
        return
    for each, ids in found:
        over = choose("  over", "  已过期") if each.expired(store.today()) else ""
        typer.echo(f"{each.id}  {each.name}  {each.ground}  {each.scope}  {each.until}{over}  {', '.join(ids)}")


@consent.command()
def revoke(
    consent_id: Annotated[str, typer.Argument(metavar="ID", help="As `avatar consent list` shows it. 同意书的 id。")],
    yes: YesOption = False,
) -> None:
    """Take a consent back, with every voice and file made from it. 撤销同意书,删除由它产生的一切。"""
    store = consent_store(settings())
    store.get(consent_id)
    if not yes:
        question = choose(f"Delete {consent_id} and all voices made from it?", f"删除 {consent_id} 及其全部音色?")
        typer.confirm(question, abort=True)
    gone = store.revoke(consent_id)
    note(f"Deleted: {', '.join([consent_id, *gone])}.", f"已删除:{'、'.join([consent_id, *gone])}。")


def _agreed(worker: Cloning, given: str) -> Consent:
    """The consent that is meant: by id, by a ground's file, or by a statement's recording."""
    if CONSENT_ID.fullmatch(given):
        return worker.consents.valid(given)
    path = Path(given)
    if path.suffix.lower() == ".toml":
        try:
            fields = tomllib.loads(_read(path, MAX_RECORD_BYTES).decode("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TextError(f"{path.name} is not TOML in UTF-8.", f"{path.name} 不是 UTF-8 编码的 TOML。") from error
        return worker.ground(_wish(GroundWish, fields))
    with progress("Listening to the consent", "正在核对同意书", None):
        made = worker.consent(path)
    note(f"Consent {made.id}: heard and kept.", f"同意书 {made.id}:已核对并保存。")
    return made


def _made(worker: Cloning, name: str, samples: list[Path], agreed: Consent) -> VoiceProfile:
    with progress("Reading", "正在读取", 1.0) as bar:

        def shown(step: str, share: float) -> None:
            bar.update(bar.task_ids[0], completed=share, description=choose(*_STEPS[step]))

        return worker.create(name, samples, agreed.id, shown)


def _fitted(worker: Cloning, voice: VoiceProfile) -> VoiceProfile:
    """The voice after its fitting, or as it was where that was broken off."""
    with progress("Fitting", "正在拟合", 1.0) as bar, _kept(voice):
        return worker.fit(voice.id, lambda share: _moved(bar, share), lambda: False)


def _moved(bar: Progress, share: float) -> None:
    bar.update(bar.task_ids[0], completed=share)


@contextmanager
def _kept(voice: VoiceProfile) -> Iterator[None]:
    """Say, when somebody breaks off, what there is."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"Stopped. {voice.id} stays as it was.", f"已停止。{voice.id} 保持原样。")
        raise


def _report(voice: VoiceProfile, json: bool) -> None:
    if json:
        emit_json(voice.model_dump(mode="json"))
        return
    figures = ", ".join(f"{name} {value:g}" for name, value in voice.scores.items())
    typer.echo(f"{voice.id}  {voice.stage}  {figures}")


def _wish(kind: type[Any], fields: dict[str, object]) -> Any:
    """What was asked for, checked.

    Raises:
        InputError: a field is missing or wrong.
    """
    assert issubclass(kind, BaseModel)  # noqa: S101 - for the type checker
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        place, (en, zh) = ".".join(map(str, problem["loc"])), fault(problem)
        raise InputError(f"{place}: {en}.", f"{place} 有误:{zh}。") from error


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(
            f"--until is a day such as 2027-12-31, not {text!r}.", f"--until 应为 2027-12-31 这样的日期,不是 {text!r}。"
        ) from error


def _read(path: Path, most: int) -> bytes:
    """A file's first bytes."""
    with reading(path, InputError, "file_not_found"), path.open("rb") as file:
        return file.read(most)
