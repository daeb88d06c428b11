"""Only looked for, never used: recordings are read by `avatar.media`."""
