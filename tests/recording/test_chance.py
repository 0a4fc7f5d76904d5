"""Sessions drawn by chance, in which things of different sorts bear the same small numbers."""

from __future__ import annotations

from pathlib import Path
from random import Random

import attrs
import pytest

from actors.events import Ending
from tests.recording.replaying import replay
from tests.recording.tape import Tape, Tok

SORTS = {
    "board": "",
    "stack": "board",
    "card": "stack",
    "label": "board",
    "comment": "card",
    "room": "",
    "row": "room",
}
"""Each sort of thing, and in which it lies."""
TOOLS = [
    line
    for sort, parent in SORTS.items()
    for line in (
        f"app_create_{sort}({f'{parent}_id:int, ' if parent else ''}title, order:int, limit:int)",
        f"app_get_{sort}({sort}_id:int)!",
        f"app_list_{sort}s({f'{parent}_id:int' if parent else ''})!",
        f"app_rename_{sort}({sort}_id:int, title)",
        f"app_delete_{sort}({sort}_id:int)",
    )
]


@attrs.define(eq=False)
class Thing:
    sort: str
    number: Tok
    title: Tok
    parent: Thing | None


class Office:
    """Draws what people do. The numbers of each sort begin with 1, as a database's do."""

    def __init__(self, seed: int) -> None:
        self.tape = Tape(*TOOLS)
        self._random = Random(f"office/{seed}")
        self._people = [self.tape.person("anna"), self.tape.person("berta")]
        self._things: list[Thing] = []
        self._next = dict.fromkeys(SORTS, 0)

    def work(self, calls: int) -> Tape:
        for _ in range(calls):
            act = self._random.choice((self._create, self._create, self._get, self._list, self._rename))
            act(self._random.choice(self._people))
        return self.tape

    def _create(self, who: str) -> None:
        homes = [sort for sort, parent in SORTS.items() if not parent or self._of(parent)]
        sort = self._random.choice(homes)
        parent = self._random.choice(self._of(SORTS[sort])) if SORTS[sort] else None
        self._next[sort] += 1
        title = self.tape.made(f"{sort.title()} no {self._next[sort]}")
        thing = Thing(sort, self.tape.of_server(self._next[sort]), title, parent)
        given = {f"{SORTS[sort]}_id": parent.number} if parent else {}
        chance = {"order": self._random.randint(1, 4), "limit": self._random.randint(1, 4)}
        self.tape.call(who, f"app_create_{sort}", {**given, "title": title, **chance}, self._shown(thing))
        self._things.append(thing)

    def _get(self, who: str) -> None:
        if thing := self._any():
            shown = {thing.sort: self._shown(thing)} if self._random.random() < 0.5 else self._shown(thing)
            self.tape.call(who, f"app_get_{thing.sort}", {f"{thing.sort}_id": thing.number}, shown)

    def _list(self, who: str) -> None:
        if thing := self._any():
            rows = [self._shown(each) for each in self._of(thing.sort) if each.parent is thing.parent]
            given = {f"{thing.parent.sort}_id": thing.parent.number} if thing.parent else {}
            answer = {f"{thing.sort}s": rows, "total": len(rows), "page": 1}
            self.tape.call(who, f"app_list_{thing.sort}s", given, answer)

    def _rename(self, who: str) -> None:
        if thing := self._any():
            thing.title = self.tape.made(f"{thing.title.value} anew {len(self.tape.said)}")
            arguments = {f"{thing.sort}_id": thing.number, "title": thing.title}
            self.tape.call(who, f"app_rename_{thing.sort}", arguments, self._shown(thing))

    def _shown(self, thing: Thing) -> dict[str, object]:
        parent = {f"{thing.parent.sort}Id": thing.parent.number} if thing.parent else {}
        chance = {"order": self._random.randint(1, 4), "unread": self._random.randint(1, 4), "done": True}
        return {"id": thing.number, "title": thing.title, **parent, **chance}

    def _of(self, sort: str) -> list[Thing]:
        return [thing for thing in self._things if thing.sort == sort]

    def _any(self) -> Thing | None:
        return self._random.choice(self._things) if self._things else None


@pytest.mark.parametrize(
    "seed", [*range(20), *(pytest.param(n, marks=pytest.mark.soak) for n in range(20, 300))]
)
async def test_equal_numbers_of_other_things_are_never_taken_for_each_other(
    autojump_clock: object, seed: int, tmp_path: Path
) -> None:
    played = await replay(Office(seed).work(18), f"office_{seed}", tmp_path)
    assert played.problems == []
    assert (played.execution.ending, played.execution.failure) == (Ending.SUCCEEDED, "")
    assert played.left == []
    assert "Ambiguous" not in played.text
