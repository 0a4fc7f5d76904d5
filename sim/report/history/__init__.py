"""Runs of before: files that are the truth, and an index that is made of them."""
