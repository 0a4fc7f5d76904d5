"""What is said of a misbehaviour in the tables beside this file."""

from __future__ import annotations

import attrs

from tests.support.spoiling import Rule


@attrs.frozen
class Misbehaviour:
    """One way in which a server, or what stands before it, goes wrong, and how a run ends then.

    Attributes:
        codes: exit codes, one of which it is; where 3 may be, so may 6 (cut off).
        says: words of the report or of what was told on the way.
        outcomes: kinds of outcome that the JSON counts.
        accounts: the run uses accounts that exist, instead of new users.
        weighs: it is run by the default suite.
    """

    name: str
    rule: Rule
    codes: frozenset[int]
    says: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    accounts: bool = False
    weighs: bool = False


def row(
    name: str,
    rule: Rule,
    *codes: int,
    says: tuple[str, ...] = (),
    outcomes: tuple[str, ...] = (),
    arguments: tuple[str, ...] = (),
    accounts: bool = False,
    weighs: bool = False,
) -> Misbehaviour:
    """A row of a table; all is well at the end where no exit code is given."""
    return Misbehaviour(
        name, rule, frozenset(codes or (0,)), says, outcomes, arguments, accounts=accounts, weighs=weighs
    )
