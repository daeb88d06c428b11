"""Restoring an old photograph: what can be mended is found first, offered, and done where it is wished."""
