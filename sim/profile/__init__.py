"""Load over time, as pure values."""
