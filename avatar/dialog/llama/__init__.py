"""llama.cpp in this process.

library     its C interface
context     a loaded model: tokens, reading, choosing
slots       what was read and is of use again
writer      the thread that reads and writes for all conversations
kept        prompts kept on disk
generator   the generator of the dialog, on top of them
"""

from avatar.dialog.llama.context import Runtime
from avatar.dialog.llama.generator import EmbeddedLlama

__all__ = ["EmbeddedLlama", "Runtime"]
