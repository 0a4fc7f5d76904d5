"""Python as the formatter of this project writes it: 110 columns, double quotes, trailing commas."""

from __future__ import annotations

import ast
import textwrap
import unicodedata
from collections.abc import Sequence

import attrs

MAX_COLUMNS = 110
MAX_PLAIN_TEXT = 60
"""Characters of a literal that stands where it is used; a longer one gets a name."""
CHUNK = 80
STEP = " " * 4
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@attrs.frozen
class Atom:
    """What is not broken."""

    text: str


@attrs.frozen
class Invocation:
    """`head(args…)tail`, or with `brackets` of a dict or list."""

    head: str
    args: tuple[Node, ...]
    brackets: str = "()"


@attrs.frozen
class Prefixed:
    """`key=node`, `"key": node`."""

    prefix: str
    node: Node


Node = Atom | Invocation | Prefixed


def flat(node: Node) -> str:
    """In one line."""
    match node:
        case Atom(text=text):
            return text
        case Prefixed(prefix=prefix, node=inner):
            return prefix + flat(inner)
        case Invocation(head=head, args=args, brackets=brackets):
            return f"{head}{brackets[0]}{', '.join(map(flat, args))}{brackets[1]}"


def laid_out(node: Node, indent: str, before: str = "", after: str = "") -> list[str]:
    """The lines of a statement; `before` and `after` stand around it in its first and last line."""
    line = f"{indent}{before}{flat(node)}{after}"
    if columns(line) <= MAX_COLUMNS:
        return [line]
    match node:
        case Atom():
            return [line]
        case Prefixed(prefix=prefix, node=inner):
            return laid_out(inner, indent, before + prefix, after)
        case Invocation(head=head, args=args, brackets=brackets):
            opened, closed = f"{indent}{before}{head}{brackets[0]}", f"{indent}{brackets[1]}{after}"
            body = ", ".join(map(flat, args))
            deeper = indent + STEP
            if brackets == "()" and args and columns(deeper + body) <= MAX_COLUMNS:
                return [opened, deeper + body, closed]
            inner_lines = [part for each in args for part in laid_out(each, deeper, "", ",")]
            return [opened, *inner_lines, closed] if args else [line]


def columns(line: str) -> int:
    """How wide the linter takes `line` for: signs of two columns, and of none (Unicode, UAX 11)."""
    return sum(1 if sign.isascii() else _columns(sign) for sign in line)


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def cut_to(text: str, most: int) -> str:
    """As much of `text` as takes `most` columns."""
    while columns(text) > most:
        text = text[:-1]
    return text


def literal(text: str) -> str:
    """`text` as a literal, quoted as the formatter would."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{escaped(text, quote)}{quote}"


def escaped(text: str, quote: str) -> str:
    return "".join(_sign(sign, quote) for sign in text)


def _sign(sign: str, quote: str) -> str:
    if sign in ESCAPES:
        return ESCAPES[sign]
    if sign == quote:
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def long_literal(text: str, indent: str) -> list[str]:
    """A literal over several lines, to be put into brackets."""
    return [f"{indent}{literal(chunk)}" for chunk in chunks(text)]


def chunks(text: str) -> list[str]:
    """Pieces that stand in a line each, cut after line ends where there are any."""
    pieces: list[str] = []
    for line in text.splitlines(keepends=True):
        start = 0
        while start < len(line):
            size = CHUNK
            while size > 1 and columns(literal(line[start : start + size])) > CHUNK + 12:
                size //= 2
            pieces.append(line[start : start + size])
            start += size
    return merged_short(pieces)


def merged_short(pieces: Sequence[str]) -> list[str]:
    """Short neighbours put together: the formatter would not, but a reader likes it."""
    found: list[str] = []
    for piece in pieces:
        if found and not found[-1].endswith("\n") and columns(literal(found[-1] + piece)) <= CHUNK + 12:
            found[-1] += piece
        else:
            found.append(piece)
    return found or [""]


def comment(text: str, indent: str) -> list[str]:
    """Lines of a comment; whatever is in `text`, it stays one, and tells no tool anything."""
    plain = " ".join("".join(sign if sign.isprintable() and sign != "#" else " " for sign in text).split())
    room = (MAX_COLUMNS - len(indent) - 2) // (2 if columns(plain) > len(plain) else 1)
    lines = textwrap.wrap(plain, room, break_long_words=True, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def loaded_in(body: Sequence[str]) -> set[str]:
    """The names that the lines of a function refer to."""
    tree = ast.parse("\n".join(["async def story():", *body, f"{STEP}pass"]))
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}
