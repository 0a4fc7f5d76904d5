"""What can be said about a run: one table, read from flags, environment and scenario files alike."""
