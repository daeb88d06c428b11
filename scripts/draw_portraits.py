"""Draw the portraits that come with the project, and print them as pictures.

    python scripts/draw_portraits.py                the drawings and the pictures, into the personas' folders
    python scripts/draw_portraits.py --svg FOLDER   only the drawings, as FOLDER/<persona>.svg

The drawings are SVG; Chromium, without a window, turns them into pixels, and Pillow reduces those to 256 colours, which
a woodcut does not miss. Users need neither: the pictures lie in the repository.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from portraits import host, luxun

PERSONAS = Path(__file__).resolve().parents[1] / "avatar" / "dialog" / "personas"
PORTRAITS: dict[str, Callable[[], str]] = {"luxun": luxun.draw, "host": host.draw}
SIDE = 1024
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the portraits that come with the project.")
    parser.add_argument("--svg", type=Path, metavar="FOLDER", help="write only the drawings, into this folder")
    folder: Path | None = parser.parse_args().svg
    for persona, draw in PORTRAITS.items():
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{persona}.svg").write_text(draw(), encoding="utf-8")
            continue
        drawing = PERSONAS / persona / "portrait.svg"
        drawing.write_text(draw(), encoding="utf-8")
        print_picture(drawing, drawing.with_suffix(".png"))


def print_picture(drawing: Path, picture: Path) -> None:
    """Turn a drawing into a PNG of SIDE x SIDE pixels and 256 colours."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"None of {', '.join(BROWSERS)} is installed; one of them is needed to make pictures of the drawings.")
    with tempfile.TemporaryDirectory() as work:
        shot = Path(work) / "shot.png"
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += ["--force-device-scale-factor=1", f"--window-size={SIDE},{SIDE}", f"--user-data-dir={work}/profile"]
        subprocess.run(
            [*command, f"--screenshot={shot}", drawing.as_uri()], check=True, capture_output=True, timeout=120
        )
        with Image.open(shot) as image:
            few = image.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            few.save(picture, optimize=True)


if __name__ == "__main__":
    main()
