"""Types of options: how a value is read from a text, and how it is written into a file again."""

from __future__ import annotations

import enum
import re
import stat
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import attrs

from actors.secret import Secret
from sim.config.grammar.distribution import parse_distribution
from sim.config.grammar.duration import format_duration, parse_duration
from sim.config.grammar.mix import format_mix, parse_mix, parse_tools
from sim.config.grammar.number import format_percentage, parse_count, parse_percentage
from sim.config.grammar.piece import GrammarError, Piece, one_of
from sim.config.grammar.profile import parse_arrivals, parse_profile, parse_stages
from sim.config.grammar.region import parse_region
from sim.config.grammar.report_file import ReportFile
from sim.config.grammar.server_model import parse_server_model
from sim.config.grammar.size import format_size, parse_size
from sim.config.grammar.threshold import parse_threshold

TomlValue = str | int | float | bool
_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
# Nextcloud allows a-z A-Z 0-9 and "_.@-' " in a user's name, 64 characters in all; blanks, quotes and
# what has a meaning in addresses and paths are left out here, and room is left for "_user_" and a number.
_PREFIX = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,47}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?")
_DOMAIN = re.compile(
    r"(?=.{1,190}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


MAX_SHARDS = 1024
AUTO_SHARDS = 0
"""As many as there are cores for."""

T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)


@attrs.frozen
class OptionType(Generic[T]):
    """A type of values, as people say them.

    Attributes:
        metavar: as help shows it.
        parse: text → value; raises GrammarError.
        show: value → what stands in a TOML file; what that reads back as is the same value.
        json_type: its type in the JSON Schema of scenario files.
        choices: all that there is, where that is so.
    """

    metavar: str
    parse: Callable[[str], T]
    show: Callable[[T], TomlValue] = str
    json_type: str = "string"
    choices: tuple[str, ...] = ()

    @property
    def takes_numbers(self) -> bool:
        """Whether a bare number may stand in a file: counts, seconds, bytes."""
        return self.metavar in ("N", "N|auto", "DURATION", "SIZE", "DISTRIBUTION")

    @property
    def is_flag(self) -> bool:
        return self.json_type == "boolean"


def count(least: int = 0, most: int = 1_000_000) -> OptionType[int]:
    """A whole number from `least` to `most`."""
    return OptionType("N", lambda text: parse_count(text, "a number", least, most), int, "integer")


def duration(*, zero: bool = True) -> OptionType[float]:
    """Seconds; more than 0 unless `zero`."""
    return OptionType("DURATION", lambda text: parse_duration(text, zero=zero), format_duration)


def choice(names: Iterable[str], what: str) -> OptionType[str]:
    """One of these words. `what` it is, stands in the error."""
    known = tuple(names)
    return OptionType("|".join(known), lambda text: one_of(Piece.of(text), known, what), choices=known)


def member(kind: type[E], what: str) -> OptionType[E]:
    """A member of an enum, said by its value."""
    known = tuple(str(one.value) for one in kind)
    return OptionType(
        "|".join(known),
        lambda text: kind(one_of(Piece.of(text), known, what)),
        lambda value: str(value.value),
        choices=known,
    )


def parse_flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in _WORDS:
        raise GrammarError("neither true nor false", text, 0)
    return _WORDS[word]


def parse_text(text: str) -> str:
    """Any text of one line."""
    if not text.strip():
        raise GrammarError("nothing given", text, 0)
    if not text.isprintable():
        raise GrammarError(
            "a character that cannot be printed", text, _first(text, lambda c: not c.isprintable())
        )
    return text.strip()


def parse_url(text: str) -> str:
    """An http(s) address, without the `/` at its end. Credentials, query and fragment are refused.

    What may be a password never stands in an error.
    """
    if "@" in text:
        raise GrammarError("credentials do not belong into a URL", f"…@{text.rpartition('@')[2]}", 0)
    try:
        url = urlsplit(text.strip())
        port, host = url.port, url.hostname
    except ValueError as error:
        raise GrammarError("no valid URL", text, 0) from error
    if url.scheme not in ("http", "https"):
        raise GrammarError("no URL (it starts with http:// or https://)", text, 0)
    if (
        not host
        or port == 0
        or not text.isascii()
        or not parse_text(text).isprintable()
        or " " in text.strip()
    ):
        raise GrammarError("no valid URL", text, 0)
    if url.query or url.fragment:
        raise GrammarError("a URL of a server has no '?' or '#'", text, _first(text, lambda c: c in "?#"))
    return text.strip().rstrip("/")


def parse_origin(text: str) -> str:
    """Scheme, host and port of an http(s) address, and nothing else."""
    url = parse_url(text)
    if urlsplit(url).path:
        raise GrammarError("an origin ends with its host or port", text, text.find(urlsplit(url).path, 8))
    return url


def parse_prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text.strip()):
        bad = _first(text, lambda c: not (c.isascii() and (c.isalnum() or c in "_.-")))
        raise GrammarError(
            "not usable in a Nextcloud user name (letters, digits, '_.-', no '..', at most 48)", text, bad
        )
    return text.strip()


def parse_label(text: str) -> str:
    """What runs are called together: a branch, a release."""
    if not _LABEL.fullmatch(text.strip()):
        bad = _first(text, lambda c: not (c.isascii() and (c.isalnum() or c in "._/-")))
        raise GrammarError("no label (letters, digits and ._/- between them, at most 64)", text, bad)
    return text.strip()


def parse_mail_domain(text: str) -> str:
    """A domain (RFC 5321 4.1.2), in lower case as Nextcloud keeps addresses."""
    if not _DOMAIN.fullmatch(text.strip()):
        bad = _first(text, lambda c: not (c.isascii() and (c.isalnum() or c in ".-")))
        raise GrammarError("no domain of mail addresses", text, bad)
    return text.strip().lower()


def parse_shards(text: str) -> int:
    """A number of processes; `AUTO_SHARDS` for as many as there are cores."""
    return AUTO_SHARDS if text.strip() == "auto" else parse_count(text, "a number", 1, MAX_SHARDS)


def parse_cluster(text: str) -> str:
    """The address of a Dask scheduler that speaks TLS: passwords travel there."""
    address = text.strip()
    try:
        url = urlsplit(address)
        named = url.hostname and url.port and not (url.path or url.query or url.username)
    except ValueError:
        named = None
    if url_scheme(address) == "tcp":
        raise GrammarError("passwords would travel there in the clear; start it for tls://", text, 0)
    if url_scheme(address) != "tls" or not named:
        raise GrammarError("no address of a Dask scheduler (tls://HOST:PORT)", text, 0)
    return address


def url_scheme(text: str) -> str:
    return text.partition("://")[0]


def show_shards(shards: int) -> TomlValue:
    return "auto" if shards == AUTO_SHARDS else shards


def parse_path(text: str) -> Path:
    if not text:
        raise GrammarError("no file name given", text, 0)
    if "\0" in text:
        raise GrammarError("no file name", text, text.index("\0"))
    try:
        return Path(text).expanduser() if text.startswith("~/") else Path(text)
    except RuntimeError as error:
        raise GrammarError("there is no home directory; set HOME", text, 0) from error


def parse_address(text: str) -> str:
    """An IP address of this machine, without brackets or port."""
    try:
        return str(ip_address(text.strip().strip("[]")))
    except ValueError as error:
        raise GrammarError("no IP address, as 127.0.0.1 or ::1", text, 0) from error


def parse_report(text: str) -> ReportFile:
    """`FORMAT:FILE`. Which formats there are is known to those who write them."""
    name, colon, path = text.partition(":")
    if not colon or not name.strip():
        raise GrammarError("this reads FORMAT:FILE, as in text:run.txt", text, 0)
    return ReportFile(name.strip(), parse_path(path))


def parse_readable(text: str) -> Path:
    """A file that is there."""
    path = parse_path(text)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise GrammarError("is a directory, not a file", text, 0)
        path.open("rb").close()
    except OSError as error:
        raise GrammarError((error.strerror or "cannot be read").lower(), text, 0) from error
    return path


def _first(text: str, is_bad: Callable[[str], bool]) -> int:
    return next((at for at, character in enumerate(text) if is_bad(character)), 0)


FLAG = OptionType("", parse_flag, bool, "boolean")
TEXT = OptionType("TEXT", parse_text)
URL = OptionType("URL", parse_url)
ORIGIN = OptionType("ORIGIN", parse_origin)
PREFIX = OptionType("NAME", parse_prefix)
LABEL = OptionType("NAME", parse_label)
MAIL_DOMAIN = OptionType("DOMAIN", parse_mail_domain)
FILE = OptionType("FILE", parse_path)
ADDRESS = OptionType("ADDRESS", parse_address)
REPORT = OptionType("FORMAT:FILE", parse_report)
READABLE = OptionType("FILE", parse_readable)
SECRET = OptionType("SECRET", Secret, lambda _: "")
PERCENTAGE = OptionType("SHARE", parse_percentage, format_percentage)
SHARDS = OptionType("N|auto", parse_shards, show_shards)
CLUSTER = OptionType("ADDRESS", parse_cluster)
SIZE = OptionType("SIZE", parse_size, format_size)
DISTRIBUTION = OptionType("DISTRIBUTION", parse_distribution)
STAGES = OptionType("STAGES", parse_stages)
ARRIVALS = OptionType("STAGES", parse_arrivals)
PROFILE = OptionType("SHAPE", parse_profile)
MIX = OptionType("MIX", parse_mix, format_mix)
TOOLS = OptionType("TOOLS", parse_tools, format_mix)
REGION = OptionType("REGION", parse_region)
THRESHOLD = OptionType("LIMIT", parse_threshold)
SERVER_MODEL = OptionType("MODEL", parse_server_model)
