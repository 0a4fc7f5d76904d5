"""Whether runs are better or worse than other runs. The unit of replication is the run, never the call."""
