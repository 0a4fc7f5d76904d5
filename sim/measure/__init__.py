"""Measuring: what users yield goes in as facts, and comes out as one summary."""
