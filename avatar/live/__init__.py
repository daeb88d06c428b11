"""The live session: turns, the reply, the clock that sound and picture share."""
