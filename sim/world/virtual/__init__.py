"""Runs on the virtual clock: the stand-in's store in this process, and a model of a server before it."""
