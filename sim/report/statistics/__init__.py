"""Statistics of repeated runs: pure functions on plain numbers, with the standard library alone."""
