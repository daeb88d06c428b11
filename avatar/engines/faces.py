"""What looks at photographs and enlarges them, before they are animated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avatar.errors import WeightsError
from avatar.models import model_path
from avatar.settings import Settings

if TYPE_CHECKING:
    from avatar.face.landmarks import FaceFinder
    from avatar.face.restore.enlarge import Upscaler


def face_finder(settings: Settings) -> FaceFinder:
    """Finds faces in photographs that are looked at before they are animated."""
    from avatar.face.landmarks import FaceFinder

    return FaceFinder(model_path("face-landmarks", settings), threads=1)


def upscaler(settings: Settings) -> Upscaler:
    """Enlarges small photographs: with a network where its weights are there, else without."""
    from avatar.face.restore.enlarge import LanczosUpscaler, NetworkUpscaler

    try:
        return NetworkUpscaler(model_path("esrgan-slim", settings), threads=1)
    except WeightsError:
        return LanczosUpscaler()
