"""What one client and the server say to each other: questions find their answers by their ids.

One talk is one session, or one request where there are no sessions.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

import attrs
import msgspec

from actors.text import harmless
from sim.recording.company import Acquaintances, Member, ShownCredentials
from sim.recording.drafts import CallUnderWay, Ended, Write, question_draft, tools_draft
from sim.recording.hiding import Pseudonyms
from sim.recording.recorded_lines import Outcome
from sim.recording.spoken import (
    CALLS,
    CallParams,
    CallResult,
    Cancelled,
    Cursor,
    Id,
    Introduction,
    Spoken,
    ToolPage,
    understood,
)

K = TypeVar("K")
V = TypeVar("V")

MAX_OPEN = 10_000
"""Calls and questions of one talk that wait for their answers; the oldest are given up."""
MAX_NAME_LENGTH = 2000


@attrs.frozen
class QuestionUnderWay:
    """The server wants to know something, and waits."""

    at: float
    during: int
    method: str
    params: bytes


@attrs.define(eq=False)
class TalksShared:
    """What all talks of a recording share.

    Attributes:
        calls: how many have been sent.
        unmade: how many of them the server had nothing to do with.
        callers: who has sent any.
        halted: calls that wanted an answer first, until they are sent again with it.
        listed: hashes of the lists of tools that are written already.
    """

    write: Write
    company: Acquaintances
    calls: int = 0
    unmade: int = 0
    callers: set[str] = attrs.Factory(set)
    halted: OrderedDict[tuple[str, str, str, bytes], CallUnderWay] = attrs.Factory(OrderedDict)
    listed: set[int] = attrs.Factory(set)
    pseudonyms: Pseudonyms = attrs.Factory(Pseudonyms)

    @property
    def made(self) -> int:
        """How many calls there are."""
        return self.calls - self.unmade


class Talk:
    """Follows one.

    Attributes:
        calls: those under way, by id.
    """

    def __init__(self, shared: TalksShared, session: str = "") -> None:
        self.session = session
        self.calls: OrderedDict[Id, CallUnderWay] = OrderedDict()
        self._shared = shared
        self._shown = ShownCredentials()
        self._introduced = Introduction()
        self._questions: OrderedDict[Id, QuestionUnderWay] = OrderedDict()
        self._others: OrderedDict[Id, tuple[str, bool]] = OrderedDict()
        self._pages: list[bytes] = []
        self._agent = ""
        self._member: Member | None = None

    @property
    def member(self) -> Member:
        """Whose talk it is."""
        if self._member is None:
            client = str(self._introduced.client or "")
            self._member = self._shared.company.member(self.session, self._shown, client, self._agent)
            self._introduce()
        return self._member

    def settle(self) -> None:
        """Its person has said hello, and is somebody from now on, if they call anything or not."""
        if self._member is None and (self.session or self._introduced.server):
            assert self.member

    def show(self, shown: ShownCredentials, agent: str) -> None:
        """What came with a request of it: credentials, and the name of the program."""
        self._shown, self._agent = shown, agent
        if self.session or shown.key:
            self._member = self._shared.company.member(self.session, shown)

    def from_client(self, spoken: Spoken, at: float) -> Id | None:
        """The client said this; the id of a call that it began."""
        match spoken.method:
            case None:
                if spoken.is_answer and spoken.id is not None and spoken.id in self._questions:
                    self._answered(self._questions.pop(spoken.id), spoken.result, at)
            case "notifications/cancelled":
                cancelled = understood(spoken.params, Cancelled).request_id
                self.give_up(cancelled, at, "unanswered")
            case method if spoken.id is not None and method in CALLS:
                self._learn(spoken.params)
                self._begin(spoken.id, method, understood(spoken.params, CallParams), at)
                return spoken.id
            case method if spoken.id is not None:
                self._learn(spoken.params, is_proposal=method == "initialize")
                is_first = understood(spoken.params, Cursor).cursor is None
                remember(self._others, spoken.id, (method, is_first))
            case _:
                """Other notifications are no calls."""
        return None

    def from_server(self, spoken: Spoken, at: float, status: int | None, during: int) -> None:
        """The server said this.

        Args:
            during: the number of the call that it belongs to, 0 where that is not known.
        """
        if spoken.id is None:
            return
        if spoken.method is not None:
            during = during or self._only_call()
            asked = QuestionUnderWay(at, during, harmless(spoken.method), bytes(spoken.params))
            remember(self._questions, spoken.id, asked)
        elif spoken.id in self.calls:
            self._end(self.calls.pop(spoken.id), spoken, at, status)
        elif spoken.id in self._others:
            method, is_first = self._others.pop(spoken.id)
            self._learn_from_answer(method, is_first, spoken, at)

    def give_up(
        self, number: Id | None, at: float, outcome: Outcome, status: int | None = None, error: bytes = b""
    ) -> CallUnderWay | None:
        """This call has ended without an answer."""
        call = self.calls.pop(number, None) if number is not None else None
        if call is not None:
            self._shared.write(call.draft(Ended(at, outcome, status or call.status, error=error)))
        return call

    def forget(self, number: Id) -> None:
        """This call was not made after all."""
        del self.calls[number]
        self._shared.unmade += 1

    def close(self, at: float) -> None:
        """Nothing more will be said."""
        for number, call in list(self.calls.items()):
            self.give_up(number, at, "cut" if call.may_resume else "unanswered")
        for question in self._questions.values():
            self._answered(question, b"", at)
        self._questions.clear()

    def _only_call(self) -> int:
        return next(iter(self.calls.values())).n if len(self.calls) == 1 else 0

    def _begin(self, number: Id, method: str, params: CallParams, at: float) -> None:
        name = (params.uri if method == "resources/read" else params.name)[:MAX_NAME_LENGTH]
        arguments, member = bytes(params.arguments), self.member
        key = (member.who, method, name, arguments)
        call = None
        if params.input_responses or params.request_state is not None:
            call = self._shared.halted.pop(key, None)
        if call is None:
            self._shared.calls += 1
            self._shared.callers.add(member.who)
            call = CallUnderWay(
                self._shared.calls,
                at,
                member.who,
                method,
                name,
                arguments,
                member.secrets,
                self._shared.pseudonyms,
            )
        elif params.input_responses:
            self._answer_halted(call, params, at)
        given_up = remember(self.calls, number, call)
        if given_up is not None:
            self._shared.write(given_up.draft(Ended(at, "unanswered")))

    def _answer_halted(self, call: CallUnderWay, params: CallParams, at: float) -> None:
        answers = understood(params.input_responses, dict[str, msgspec.Raw])
        for key, question in call.questions.items():
            self._answered(question, bytes(answers.get(key, b"")), at)
        call.questions.clear()

    def _end(self, call: CallUnderWay, spoken: Spoken, at: float, status: int | None) -> None:
        if spoken.error and not spoken.result:
            ended = Ended(at, "protocol_error", status, error=bytes(spoken.error))
            self._shared.write(call.draft(ended))
            return
        result = understood(spoken.result, CallResult)
        self._learn(spoken.result)
        if result.result_type == "input_required":
            self._halt(call, result, at)
            return
        outcome: Outcome = "tool_error" if result.is_error else "ok"
        self._shared.write(call.draft(Ended(at, outcome, status, bytes(spoken.result))))

    def _halt(self, call: CallUnderWay, result: CallResult, at: float) -> None:
        for key, asked in (result.input_requests or {}).items():
            method = harmless(asked.method or "")
            call.questions[key] = QuestionUnderWay(at, call.n, method, bytes(asked.params))
        place = (call.who, call.method, call.name, call.arguments)
        given_up = remember(self._shared.halted, place, call)
        if given_up is not None:
            self._shared.write(given_up.draft(Ended(at, "unanswered")))

    def _answered(self, question: QuestionUnderWay, answer: bytes, at: float) -> None:
        member = self.member
        draft = question_draft(
            question.at,
            member.who,
            question.during,
            question.method,
            question.params,
            bytes(answer),
            member.secrets,
        )
        self._shared.write(draft)

    def _learn_from_answer(self, method: str, is_first: bool, spoken: Spoken, at: float) -> None:
        if not spoken.result:
            return
        if method in ("initialize", "server/discover"):
            self._learn(spoken.result)
        if method == "tools/list":
            page = understood(spoken.result, ToolPage)
            self._pages = [bytes(page.tools)] if is_first else [*self._pages, bytes(page.tools)]
            if page.next_cursor is None:
                self._list(at)

    def _list(self, at: float) -> None:
        pages, self._pages = self._pages, []
        fingerprint = hash(tuple(pages))
        if fingerprint in self._shared.listed or not all(pages):
            return
        self._shared.listed.add(fingerprint)
        self._shared.write(tools_draft(at, self.member.who, pages, self.member.secrets))

    def _learn(self, raw: msgspec.Raw, *, is_proposal: bool = False) -> None:
        """Parties may say who they are. What revision a client proposes is not agreed on yet."""
        if b"Info" not in bytes(raw):
            return
        found = understood(raw, Introduction)
        meta, before = found.meta, self._introduced
        self._introduced = Introduction(
            client=found.client or (meta and meta.client) or before.client,
            server=found.server or (meta and meta.server) or before.server,
            protocol=(None if is_proposal else found.protocol) or (meta and meta.protocol) or before.protocol,
        )
        if self._member is not None:
            self._introduce()

    def _introduce(self) -> None:
        told = self._introduced
        assert self._member is not None
        self._shared.company.learn(
            self._member,
            client=str(told.client or ""),
            server=str(told.server or ""),
            protocol=told.protocol,
        )


def remember(kept: OrderedDict[K, V], key: K, value: V) -> V | None:
    """Keep it, within bounds; whatever had to go for it."""
    before = kept.pop(key, None)
    kept[key] = value
    if before is None and len(kept) > MAX_OPEN:
        before = kept.popitem(last=False)[1]
    return before
