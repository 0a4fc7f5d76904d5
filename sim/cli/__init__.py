"""The command line: argv → Config → what it asks for. Commands import late what they need."""

from sim.cli.main import main

__all__ = ["main"]
