"""Enrolment: from recordings of a person to what a voice can be fitted to."""
