"""Follows the traffic of one MCP endpoint, request by request, and writes down what was done.

It is told copies of what passes, after it has passed, and has no say in it. Sizes are bounded: what is
larger is left out, and said to be.
"""

from __future__ import annotations

import enum
import zlib
from collections import OrderedDict
from collections.abc import Callable

from actors.text import harmless
from actors.wire.event_stream import EventParser
from sim.recording.company import Acquaintances, Headers, Member, ShownCredentials, credentials_in
from sim.recording.drafts import Draft, Write, rounded
from sim.recording.recorded_lines import Gap, Outcome, RecordedPerson
from sim.recording.spoken import Id, Messages
from sim.recording.talk import Talk, TalksShared, remember

SESSION_ID, EVENTS, JSON = b"mcp-session-id", "text/event-stream", "application/json"
MAX_MESSAGE_BYTES = 16 * 2**20
REDIRECTS = (301, 302, 303, 307, 308)
MAX_SESSIONS = 10_000
MAX_CREDENTIALS = 2000
READABLE_CODINGS = frozenset({b"gzip", b"x-gzip", b"deflate", b"identity"})
"""Content codings that can be undone here (RFC 9110, 8.4.1)."""


class ExchangeEnd(enum.Enum):
    """How an exchange ended. The value is what a gap says of it."""

    WHOLE = ""
    SERVER_CUT = "the server cut its answer off"
    CLIENT_GONE = "the client broke off"
    NO_ANSWER = "the server could not be reached"
    STOPPED = "the recording was ended meanwhile"


class Listener:
    """Everything that is said.

    Args:
        write: takes lines to be.
        tell: told what a person at the terminal is to know.
    """

    def __init__(self, write: Write, tell: Callable[[str], None]) -> None:
        self.company = Acquaintances(self._meet)
        self.shared = TalksShared(write, self.company)
        self.messages = Messages()
        self._tell = tell
        self._sessions: OrderedDict[str, Talk] = OrderedDict()
        self._credentials: OrderedDict[tuple[tuple[bytes, bytes], ...], ShownCredentials] = OrderedDict()
        self._told: set[str] = set()
        self._now = 0.0

    def request(self, at: float, method: str, headers: Headers) -> Hearing:
        """A request has begun."""
        self._now = at
        session = value_of(headers, SESSION_ID).decode("latin-1")
        talk = self._sessions.get(session) if session else None
        if talk is None:
            talk = Talk(self.shared, session)
            self._keep(talk, at)
        talk.show(self._shown(headers), value_of(headers, b"user-agent").decode("latin-1"))
        return Hearing(self, talk, method)

    def begin_session(self, talk: Talk, session: str, at: float) -> None:
        """The server has given this talk an id."""
        talk.session = session
        self._keep(talk, at)

    def end_session(self, talk: Talk, at: float) -> None:
        """The client has ended it."""
        self._sessions.pop(talk.session, None)
        talk.close(at)

    def gap(self, at: float, reason: str, who: str | None = None, *, is_news: bool = True) -> None:
        """Something is missing from the recording."""
        self.shared.write(Draft(lambda: Gap(rounded(at), reason, who)))
        if is_news:
            self._tell(f"{who}: {reason}" if who else reason)

    def close(self, at: float) -> None:
        """Nothing more will be said: what waits for an answer gets none."""
        for talk in self._sessions.values():
            talk.close(at)
        self._sessions.clear()

    def _keep(self, talk: Talk, at: float) -> None:
        if not talk.session:
            return
        self._sessions[talk.session] = talk
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)[1].close(at)

    def _shown(self, headers: Headers) -> ShownCredentials:
        """Read once for all requests that show the same."""
        key = tuple((n, v) for n, v in headers if b"auth" in n.lower() or b"cookie" in n.lower())
        key += tuple((n, v) for n, v in headers if b"key" in n.lower() or b"token" in n.lower())
        known = self._credentials.get(key)
        if known is None:
            known = credentials_in(key)
            remember(self._credentials, key, known)
            while len(self._credentials) > MAX_CREDENTIALS:
                self._credentials.popitem(last=False)
        return known

    def _meet(self, member: Member) -> None:
        at = rounded(self._now)
        line = RecordedPerson(
            at, member.who, member.name, member.client, member.protocol, member.server, member.also
        )
        self.shared.write(Draft(lambda: line))
        programs = " and ".join(filter(None, (member.client, *member.also)))
        text = f"{member.who} is {member.name or 'somebody'}, with {programs}"
        if member.client and text not in self._told:
            self._told.add(text)
            self._tell(text)


class Hearing:
    """One request and its answer, while they pass."""

    def __init__(self, listener: Listener, talk: Talk, method: str) -> None:
        self._listener = listener
        self._talk = talk
        self._method = method
        self._own: list[Id] = []
        self._first = 0
        self._status: int | None = None
        self._kind = ""
        self._body: list[bytes] = []
        self._size = 0
        self._events = EventParser()
        self._unpacking: zlib._Decompress | None = None
        self._is_deaf = False
        self._refusal = b""

    def asked(self, body: bytes, at: float) -> None:
        """The whole body of the request has passed."""
        if self._method != "POST" or not body:
            return
        if len(body) > MAX_MESSAGE_BYTES:
            self._left_out(at, f"a request of more than {MAX_MESSAGE_BYTES >> 20} MiB was left out")
            return
        try:
            messages = self._listener.messages.read(body)
        except ValueError as error:
            self._left_out(at, f"a request that is no JSON-RPC was left out ({harmless(str(error), 80)})")
            return
        for spoken in messages:
            number = self._talk.from_client(spoken, at)
            if number is not None:
                self._own.append(number)
                self._first = self._first or self._talk.calls[number].n

    def answered(self, at: float, status: int, headers: Headers) -> None:
        """The head of the answer has passed."""
        self._status = status
        self._kind = value_of(headers, b"content-type").decode("latin-1").partition(";")[0].strip().lower()
        given = value_of(headers, SESSION_ID).decode("latin-1")
        if given and status < 300 and not self._talk.session:
            self._listener.begin_session(self._talk, given, at)
        coding = value_of(headers, b"content-encoding").strip().lower()
        if coding not in (b"", b"identity"):
            self._unpacking = zlib.decompressobj(32 + zlib.MAX_WBITS)
        if coding and coding not in READABLE_CODINGS:
            self._deafen(at, "an answer in an unknown coding was left out")

    def piece(self, piece: bytes, at: float) -> None:
        """So much of the content of the answer has passed."""
        if self._is_deaf or self._kind not in (JSON, EVENTS):
            return
        if self._unpacking is not None:
            piece = self._unpacked(piece, at)
        if self._kind == JSON:
            self._size += len(piece)
            self._body.append(piece)
        else:
            for data in self._events.feed(piece):
                self._hear(data, at)
            self._size = self._events.size
        if self._size > MAX_MESSAGE_BYTES:
            self._deafen(at, f"an answer of more than {MAX_MESSAGE_BYTES >> 20} MiB was left out")

    def end(self, at: float, ending: ExchangeEnd) -> None:
        """It is over. Called once."""
        if self._kind == JSON and not self._is_deaf and ending is ExchangeEnd.WHOLE and self._body:
            self._hear(b"".join(self._body), at)
        self._body.clear()
        if self._method == "DELETE" and self._status is not None and self._status < 300:
            self._listener.end_session(self._talk, at)
        left = [number for number in self._own if number in self._talk.calls]
        if ending is ExchangeEnd.NO_ANSWER or (left and ending is not ExchangeEnd.WHOLE):
            self._listener.gap(at, ending.value, self._talk.member.who if self._own else None)
        for number in left:
            self._leave(number, at, ending)

    def _leave(self, number: Id, at: float, ending: ExchangeEnd) -> None:
        """A call whose answer did not come."""
        if self._is_deaf:
            # Its gap says so: how it ended is not known.
            self._talk.calls.pop(number)
        elif self._status in REDIRECTS:
            # The client says it once more, at the other address.
            self._talk.forget(number)
        elif self._status is None:
            self._talk.give_up(number, at, "unanswered")
        elif self._status >= 400:
            self._talk.give_up(number, at, "refused", self._status, self._refusal)
        elif self._events.last_id and self._talk.session:
            call = self._talk.calls[number]
            call.may_resume, call.status = True, self._status
        else:
            outcome: Outcome = "unanswered" if ending is ExchangeEnd.WHOLE else "cut"
            self._talk.give_up(number, at, outcome, self._status)

    def _hear(self, data: bytes, at: float) -> None:
        """A message of the server's."""
        try:
            messages = self._listener.messages.read(data)
        except ValueError as error:
            if self._own:
                reason = f"an answer that is no JSON-RPC was left out ({harmless(str(error), 80)})"
                self._listener.gap(at, reason, self._talk.member.who)
            return
        for spoken in messages:
            if spoken.error and spoken.id not in self._own:
                self._refusal = bytes(spoken.error)
            self._talk.from_server(spoken, at, self._status, self._first if len(self._own) == 1 else 0)
        self._talk.settle()

    def _unpacked(self, piece: bytes, at: float) -> bytes:
        assert self._unpacking is not None
        try:
            return self._unpacking.decompress(piece, MAX_MESSAGE_BYTES + 1)
        except zlib.error:
            self._deafen(at, "an answer that is not packed as it says was left out")
            return b""

    def _deafen(self, at: float, reason: str) -> None:
        self._is_deaf = True
        self._body.clear()
        self._events = EventParser()
        self._left_out(at, reason)

    def _left_out(self, at: float, reason: str) -> None:
        calls = [call for number in self._own if (call := self._talk.calls.get(number)) is not None]
        which = "".join(f", call {call.n} ({call.shown_name})" for call in calls[:1])
        self._listener.gap(at, reason + which, calls[0].who if calls else None)


def value_of(headers: Headers, name: bytes) -> bytes:
    """The value of the header `name` (in lower case), b"" for none."""
    return next((value for header, value in headers if header.lower() == name), b"")
