"""The face room."""
