"""The inaudible mark that all synthetic speech carries, and how it is found again."""

from avatar.voice.watermark.detecting import Detection, detect
from avatar.voice.watermark.marking import Marker
from avatar.voice.watermark.network import MarkNetwork
from avatar.voice.watermark.steadying import SteadyMarker

__all__ = ["Detection", "MarkNetwork", "Marker", "SteadyMarker", "detect"]
