"""The simulation around the users: command line, load, measuring, reports, cleaning up, and the stand-in."""

__version__ = "0.1.0"
