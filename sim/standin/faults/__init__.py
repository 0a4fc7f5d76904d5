"""Faults that the stand-in commits on purpose, so that checks can be proved: seeded, and all written down."""

from sim.standin.faults.book import FaultBook, Injected
from sim.standin.faults.faulty_tools import FaultyTools
from sim.standin.faults.spec import FaultKind, FaultSpec

__all__ = ["FaultBook", "FaultKind", "FaultSpec", "FaultyTools", "Injected"]
