"""A digital human server: hearing, a persona that thinks, a voice and a face, joined in one live session."""

__version__ = "0.1.0"
