"""The Universal Scalability Law, fitted to the throughput at each level.

X(N) = λ·N / (1 + σ·(N − 1) + κ·N·(N − 1)): contention σ for what can only be done one after the other,
coherency κ for what everybody has to agree on with everybody (Gunther, Guerrilla Capacity Planning, 2007).
Weighted least squares by Gauss and Newton; intervals by the delta method, from the errors of the throughputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import fsum

import attrs

from sim.measure.batch_means import Estimate

MIN_POINTS = 5
MAX_ROUNDS = 100
Z95 = 1.959964
MAX_MISFIT = 4.0
"""Mean squared distance, in standard errors, from which on the law is not the server's."""

Vector = tuple[float, float, float]


@attrs.frozen
class ThroughputPoint:
    """Calls a second at a level, and the standard error."""

    level: float
    value: float
    error: float


@attrs.frozen
class ScalabilityFit:
    """The law's parameters with their intervals (95 %).

    Attributes:
        rate: calls a second of one user alone.
        peak: the level with the highest throughput; None: the data show none.
        problem: why the fit is not to be believed, in words; "" where it is.
    """

    rate: Estimate
    contention: Estimate
    coherency: Estimate
    peak: Estimate | None
    problem: str = ""


def fit(points: Sequence[ThroughputPoint]) -> ScalabilityFit | None:
    """None where there are too few points, or they do not determine the law."""
    known = [point for point in points if point.value > 0 and 0 < point.error < math.inf]
    if len({point.level for point in known}) < MIN_POINTS:
        return None
    found = _start(known)
    if found is None:
        return None
    for _ in range(MAX_ROUNDS):
        step = _step(found, known)
        if step is None:
            return None
        found = _moved(found, step, known)
        if found is None:
            return None
        if all(abs(each) <= 1e-10 * (abs(at) + 1e-9) for each, at in zip(step, found, strict=True)):
            break
    return _described(found, known)


def throughput(parameters: Vector, level: float) -> float:
    """As the law has it."""
    rate, contention, coherency = parameters
    return rate * level / (1 + contention * (level - 1) + coherency * level * (level - 1))


def _slopes(parameters: Vector, level: float) -> Vector:
    rate, contention, coherency = parameters
    below = 1 + contention * (level - 1) + coherency * level * (level - 1)
    value = rate * level / below
    return level / below, -value * (level - 1) / below, -value * level * (level - 1) / below


def _start(points: Sequence[ThroughputPoint]) -> Vector | None:
    """N/X is linear in 1/λ, σ/λ and κ/λ."""
    rows = [
        ((1.0, p.level - 1, p.level * (p.level - 1)), p.level / p.value, p.value**2 / (p.level * p.error))
        for p in points
    ]
    solved = _solve(*_normal([(row, y, weight) for row, y, weight in rows]))
    if solved is None or solved[0] <= 0:
        return None
    return 1 / solved[0], solved[1] / solved[0], solved[2] / solved[0]


def _step(at: Vector, points: Sequence[ThroughputPoint]) -> Vector | None:
    rows = [(_slopes(at, p.level), p.value - throughput(at, p.level), 1 / p.error) for p in points]
    return _solve(*_normal(rows))


def _moved(at: Vector, step: Vector, points: Sequence[ThroughputPoint]) -> Vector | None:
    """As far along `step` as it makes the fit no worse; None where the law breaks down."""
    before = _misfit(at, points)
    for halvings in range(30):
        moved = tuple(a + s / 2**halvings for a, s in zip(at, step, strict=True))
        found = (moved[0], moved[1], moved[2])
        if _is_law(found, points) and _misfit(found, points) <= before * (1 + 1e-12):
            return found
    return at if _is_law(at, points) else None


def _is_law(at: Vector, points: Sequence[ThroughputPoint]) -> bool:
    below = (1 + at[1] * (p.level - 1) + at[2] * p.level * (p.level - 1) for p in points)
    return at[0] > 0 and all(each > 0 for each in below)


def _misfit(at: Vector, points: Sequence[ThroughputPoint]) -> float:
    return fsum(((p.value - throughput(at, p.level)) / p.error) ** 2 for p in points)


def _described(at: Vector, points: Sequence[ThroughputPoint]) -> ScalabilityFit | None:
    matrix, _ = _normal([(_slopes(at, p.level), 0.0, 1 / p.error) for p in points])
    columns = [_solve(matrix, unit) for unit in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
    if any(column is None for column in columns):
        return None
    cov = [column for column in columns if column is not None]
    rate, contention, coherency = (
        Estimate(value, value - half, value + half)
        for place, value in enumerate(at)
        for half in [Z95 * math.sqrt(max(0.0, cov[place][place]))]
    )
    off = _misfit(at, points) / max(1, len(points) - 3)
    problem = "the server does not follow this law" if off > MAX_MISFIT else ""
    return ScalabilityFit(rate, contention, coherency, _peak(at, cov, coherency), problem)


def _peak(at: Vector, cov: Sequence[Vector], coherency: Estimate) -> Estimate | None:
    """√((1 − σ)/κ), where the data show that there is coherency at all."""
    _, contention, kappa = at
    if coherency.low <= 0 or contention >= 1:
        return None
    value = math.sqrt((1 - contention) / kappa)
    by_contention, by_coherency = -value / (2 * (1 - contention)), -value / (2 * kappa)
    variance = (
        by_contention**2 * cov[1][1]
        + by_coherency**2 * cov[2][2]
        + 2 * by_contention * by_coherency * cov[1][2]
    )
    half = Z95 * math.sqrt(max(0.0, variance))
    return Estimate(value, value - half, value + half)


def _normal(rows: Sequence[tuple[Vector, float, float]]) -> tuple[list[list[float]], Vector]:
    """The normal equations of rows of (slopes, what is left, weight)."""
    matrix = [[fsum(r[i] * r[j] * w * w for r, _, w in rows) for j in range(3)] for i in range(3)]
    right = [fsum(r[i] * y * w * w for r, y, w in rows) for i in range(3)]
    return matrix, (right[0], right[1], right[2])


def _solve(matrix: list[list[float]], right: Vector) -> Vector | None:
    """By elimination, scaled to a unit diagonal; None where it is singular."""
    scale = [math.sqrt(matrix[i][i]) for i in range(3)]
    if not all(scale):
        return None
    rows = [[matrix[i][j] / scale[i] / scale[j] for j in range(3)] + [right[i] / scale[i]] for i in range(3)]
    for column in range(3):
        pivot = max(range(column, 3), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        if abs(rows[column][column]) < 1e-14:
            return None
        for row in range(3):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    solved = [rows[i][3] / rows[i][i] / scale[i] for i in range(3)]
    return solved[0], solved[1], solved[2]
