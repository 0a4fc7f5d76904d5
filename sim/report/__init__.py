"""Reports: pure functions from a summary to a terminal or a file."""
