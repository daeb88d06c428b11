"""Speech editing: words in a recording are changed, put in or taken out; all else stays sample for sample."""

from avatar.voice.editing.editor import Edited, Editor, Wish

__all__ = ["Edited", "Editor", "Wish"]
