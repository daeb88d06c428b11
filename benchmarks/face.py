"""How well a photograph speaks: speed, lips, likeness, stillness, blinks and sync, for every photograph in a folder.

Each photograph says a sentence in Mandarin and one in English, with more than thirty bilabials in both together. The
table on standard error has one line for each photograph, the figures are those of the worst. What the lips do is
measured twice: exactly, in the vertices that are drawn, and in the pictures, by two networks that share nothing: our
own landmarks and dlib's. Neither is reliable under every moustache, so the better of the two counts; chance stands
beside it. See docs/decisions/017-lips.md. With `--sheets FOLDER` pictures of it are written, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import typer

from avatar.engines import Engines
from avatar.errors import NotFoundError, PhotoError
from avatar.face.landmarks import FaceFinder
from avatar.face.render import warm
from avatar.media import Samples
from avatar.models import model_path
from avatar.settings import PACKAGE_ROOT, Settings
from benchmarks._portrait import SIZE, Portrait, Spoken, av_offset_ms, closures
from benchmarks._sheets import write_sheets
from benchmarks._witness import Witness

SENTENCES = (
    ("zh", "zf_xiaoxiao", "爸爸妈妈明白,不怕慢,只怕站;八百里路,半途不跑,便没白忙,百姓们拍拍手,慢慢往北边搬。"),
    ("en", "af_heart", "My baby brother Bob and Emma may pick up a pumpkin, by the time Pam brings me apple pie."),
)
"""Sentences full of bilabials, and the voices that say them."""

SIZES = (256, SIZE, 768, 1024)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def run(settings: Settings, sheets: Path | None = None) -> dict[str, float]:
    """Measure.

    Args:
        sheets: a folder for contact sheets of every photograph.

    Returns:
        The figures of the worst photograph; times in milliseconds for each frame with motion, drawing and H.264.

    Raises:
        NotFoundError: there are no photographs, or dlib is not installed.
        StorageError: the sheets cannot be written.
    """
    photos = photographs()
    witness = Witness()
    finder = FaceFinder(model_path("face-landmarks", settings))
    warm()
    spoken = sentences(settings)
    rows: dict[str, dict[str, float]] = {}
    for photo in photos:
        try:
            rows[photo.name] = measured(Portrait(photo, finder, witness), spoken, sheets)
        except PhotoError as error:
            typer.echo(f"{photo.name:<32} {error.sentence(settings.message_language)}", err=True)
            continue
        show(photo.name, rows[photo.name], heading=len(rows) == 1)
    if not rows:
        raise NotFoundError("None of the photographs can be used.", "没有一张照片可以使用。")
    return worst(rows.values()) | {"photos": float(len(rows))}


def photographs() -> list[Path]:
    """The pictures in AVATAR_BENCH_PHOTOS (`--photos`), or else those of the shared test data."""
    folder = Path(os.environ.get("AVATAR_BENCH_PHOTOS", PACKAGE_ROOT.parent.parent / "shared" / "data" / "portraits"))
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not found:
        raise NotFoundError(
            f"There are no photographs in {folder}. Name a folder with --photos.",
            f"{folder} 里没有照片。请用 --photos 指定文件夹。",
            code="photo_not_found",
        )
    return found


def sentences(settings: Settings) -> list[Spoken]:
    """What the photographs say."""
    engines = Engines(settings)
    try:
        made = []
        for language, voice, text in SENTENCES:
            speech = engines.synthesizer.speak(text, voice, language="zh" if language == "zh" else "en")
            made.append(Spoken(language, _joined(speech.chunks), tuple(speech.phones)))
        return made
    finally:
        engines.close()


def measured(portrait: Portrait, spoken: list[Spoken], sheets: Path | None = None) -> dict[str, float]:
    """The figures of one photograph, over all sentences; its contact sheets where a folder is given."""
    row: dict[str, float] = {}
    for size in SIZES:
        times = portrait.pace(spoken[0], size)
        row[f"frame_ms_p50_{size}"], row[f"frame_ms_p95_{size}"] = (
            float(np.percentile(times[:, 0], share)) for share in (50, 95)
        )
        row[f"frame_cpu_ms_p50_{size}"] = float(np.median(times[:, 1]))
    films = [portrait.say(sentence) for sentence in spoken]
    if sheets is not None:
        languages = (sentence.name for sentence in spoken)
        write_sheets(sheets, portrait.name, portrait.rig, dict(zip(languages, films, strict=True)))
    closed = np.sum([closures(film, sentence) for film, sentence in zip(films, spoken, strict=True)], axis=0)
    row["bilabial_closed_min"], row["bilabials"] = float(closed[0] / max(closed[1], 1)), float(closed[1])
    followed = [portrait.follows(film) for film in films]
    row["aperture_r_min"] = min(max(each["ours"], each["dlib"]) for each in followed)
    for name in ("ours", "dlib"):
        row[f"aperture_r_{name}_min"] = min(each[name] for each in followed)
    row["aperture_r_null_max"] = max(each["null"] for each in followed)
    row["identity_max"] = max(portrait.identity(film) for film in films)
    row["rest_psnr_min_db"] = portrait.rest_psnr()
    row["flicker_max"] = max(portrait.flicker(film) for film in films)
    row["blink_ratio_max"] = portrait.blink()
    row["av_offset_ms"] = max(av_offset_ms(film, sentence) for film, sentence in zip(films, spoken, strict=True))
    return row


def worst(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """For each figure that of the worst photograph: the least of what should be large, the most of everything else."""
    rows = list(rows)
    return {name: (min if name.endswith(("_min", "_min_db")) else max)(row[name] for row in rows) for name in rows[0]}


def show(name: str, row: dict[str, float], *, heading: bool) -> None:
    """One line of the table."""
    columns = [key for key in row if not key.startswith(("frame_cpu", "bilabials"))]
    if heading:
        typer.echo(f"{'':<32}" + "".join(f"{_short(key):>11}" for key in columns), err=True)
    typer.echo(f"{name[:31]:<32}" + "".join(f"{row[key]:>11.3f}" for key in columns), err=True)


def _short(key: str) -> str:
    """A key as the heading of a column."""
    for long, short in (("frame_ms_", ""), ("aperture_", ""), ("_min", ""), ("_max", ""), ("bilabial_", "")):
        key = key.replace(long, short)
    return key[:10]


def _joined(chunks: Iterable[Samples]) -> Samples:
    return np.concatenate([np.zeros(0, dtype=np.float32), *chunks])
