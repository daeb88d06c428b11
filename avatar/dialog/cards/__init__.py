"""Character cards of other programs (V1, V2, V3; JSON, PNG, CHARX): read, written, and turned into personas."""
