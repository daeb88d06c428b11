"""The project's own portraits, drawn as woodcuts by a program."""
