"""The report as one page: complete as it stands, and livelier where scripts may run."""
