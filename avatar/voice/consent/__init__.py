"""Consent: who agreed to a voice, what for and until when, how that was checked, and how it is taken back."""
