"""Lips from a network of Wav2Lip's kind, laid over the portrait engine's frame; see docs/decisions/022."""
