"""The check of synthetic speech: what a recognizer hears of it is compared with what was written."""
