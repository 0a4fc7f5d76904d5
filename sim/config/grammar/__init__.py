"""Small parsers: the words in which load, places and limits are written. Text in, value out, nothing else."""
