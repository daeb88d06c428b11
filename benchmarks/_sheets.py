"""Contact sheets: what a photograph does while it speaks, small enough to be looked at all at once.

One picture for each photograph and sentence holds 24 frames of it, evenly spread, and below them 40 mouths that follow
each other; one more for each photograph shows both eyes open, half shut and shut.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import StorageError
from avatar.face import topology
from avatar.face.params import FaceParams
from avatar.face.render import Renderer
from avatar.face.rig import Rig
from avatar.media import Pixels
from benchmarks._portrait import Film

FRAMES, MOUTHS = 24, 40
COLUMNS = 8
CELL = 120
"""Pixels on a side of a frame; a mouth is as wide and two thirds as high."""

QUALITY = 72
BLINKS = (0.0, 0.5, 1.0)


def write_sheets(folder: Path, name: str, rig: Rig, films: dict[str, Film]) -> None:
    """Write the sheets of one photograph as JPEG files.

    Args:
        folder: made where it does not exist.
        name: what the files' names begin with.
        films: by language.

    Raises:
        StorageError: a file cannot be written.
    """
    sheets = {language: spoken_sheet(rig, film) for language, film in films.items()} | {"eyes": eyes_sheet(rig)}
    for kind, sheet in sheets.items():
        path = folder / f"{name}-{kind}.jpg"
        _, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.tobytes())
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", f"无法写入 {path}:{error.strerror}。"
            ) from error


def spoken_sheet(rig: Rig, film: Film) -> Pixels:
    """uint8 [height, COLUMNS * CELL, 3]: frames, and mouths that follow each other from a third of the film on."""
    images = [frame.image for frame in film.frames]
    spread = [images[place] for place in np.linspace(0, len(images) - 1, FRAMES).round().astype(int)]
    first = max(0, min(len(images) // 3, len(images) - MOUTHS))
    face, mouth = rig.frame.middle, rig.frame.mouth + 0.15 * rig.frame.mouth_width * rig.frame.down
    heads = [_cut(image, face, 1.5 * rig.frame.height, 1.0) for image in spread]
    lips = [_cut(image, mouth, 1.7 * rig.frame.mouth_width, 2 / 3) for image in images[first : first + MOUTHS]]
    return np.concatenate([_rows(heads), _rows(lips)])


def eyes_sheet(rig: Rig) -> Pixels:
    """uint8 [height, width, 3]: both eyes open, half shut and shut."""
    renderer = Renderer(rig)
    rows = []
    for blink in BLINKS:
        image = renderer.render(FaceParams(blink_left=blink, blink_right=blink))
        cells = []
        for upper, lower in (
            (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID),
            (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID),
        ):
            eye = rig.landmarks[[*upper, *lower], :2].astype(np.float64)
            cells.append(_cut(image, eye.mean(axis=0), 2.2 * float(np.ptp(eye[:, 0])), 2 / 3, 2 * CELL))
        rows.append(np.concatenate(cells, axis=1))
    return np.concatenate(rows, axis=1)


def _cut(image: Pixels, middle: NDArray[np.float64], width: float, ratio: float, cell: int = CELL) -> Pixels:
    """uint8 [cell * ratio, cell, 3]: a part of a picture. Args: width: of the part; ratio: of its height to that."""
    scale = cell / width
    matrix = np.array([[scale, 0.0, cell / 2 - scale * middle[0]], [0.0, scale, ratio * cell / 2 - scale * middle[1]]])
    size = (cell, round(ratio * cell))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut = cv2.warpAffine(image, matrix, size, flags=kind, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, dtype=np.uint8)


def _rows(cells: list[Pixels]) -> Pixels:
    """The cells side by side, COLUMNS in a row; missing ones are black."""
    missing = -len(cells) % COLUMNS
    cells = cells + [np.zeros_like(cells[0])] * missing
    return np.concatenate([np.concatenate(cells[at : at + COLUMNS], axis=1) for at in range(0, len(cells), COLUMNS)])
