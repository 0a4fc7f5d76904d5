"""Secrets, left out before anything of them is written.

Three ways lead to one: the name of a key says so, the look of a text does, or the person's own credentials
stand in it. What is found by its key is left out wherever else it stands in the same line, too.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from actors.json_text import read_json
from sim.recording.recorded_lines import HIDDEN, hidden_as
from sim.recording.secret_looks import SHARE_LINK, may_hold_secrets, without_looks
from sim.recording.spellings import plain_stretch, spellings

Json = Any

MIN_SECRET_LENGTH = 6
"""Shorter ones stand in texts by chance, and are left out by their key alone."""
MAX_TEXTS_WITHIN_TEXTS = 4
"""JSON in a text of JSON in a text: as deep as somebody looks."""
MAX_KEY_LENGTH = 100

_WORDS = (
    "passw|passphrase|passcode|kennwort|mot.?de.?passe|contrase|wachtwoord|senha|token|secret|authoriz|cookie"
    "|credential|api.?key|private.?key|access.?key|pin.?code|bearer|totp|mfa"
)
SECRET_KEY = re.compile(f"{_WORDS}|^pin$|^otp$|^pwd$|^pw$|^pass$|^auth$|^apikey$|^jwt$")
_NO_SECRET = re.compile(
    "(page|sync|next|previous|continuation|progress|cursor|change)_?-?tokens?$|^(max|min|total|num|n)_?tokens$"
    "|token_?(type|count|usage)|tokens_?used|(password|token|secret|cookie)_?(policy|hint|required|protected|length"
    "|expir|set$|enabled|name$)|^(has|is|needs|supports|requires)_|expires"
)
_OF_LOGINS = re.compile("access|refresh|bearer|auth|csrf|request|session|api|id_token|login|device|jwt")
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]{3,64}")
NUMBERS_TOO = re.compile("pass|secret|pin|otp|credential|mfa")
_NAMES, _VALUES = ("name", "key", "field", "header", "parameter", "variable"), ("value", "content", "val")
"""Keys of those who write `{"name": "password", "value": …}`."""

# None of these looks at a place of a text more than a bounded number of times, whatever the text.
_SAID = re.compile(
    rf"(?i)(?<![\w-])([\w-]{{0,40}}?(?:{_WORDS}|\bpwd|\bcode(?==))[\w-]{{0,40}})([\"'`*]{{0,3}}\s{{0,2}}(?:=|:|\bis\b:?)\s{{0,3}}[\"'`*]{{0,3}})"
    r"([^\s\"'`&,;<>{}\[\]()*]+)"
)
"""`App password: abc`, `?access_token=abc`, `secret is "abc"`."""
_NEARBY = re.compile(
    rf"(?i)((?:{_WORDS})[\w-]{{0,20}})([\"'`*_]{{0,3}}(?:\s{{0,2}}\b(?:is|ist|lautet|est|es)\b)?[^\w<&]{{0,8}}[\s>|→`])"
    r"((?=[^\s]{0,40}?\d)(?=[^\s]{0,40}?[A-Za-z])[A-Za-z0-9._~+/=-]{8,})"
)
"""`| password | abc12345 |`, `--password abc12345`: what is near the word and looks like none."""
_SCHEMA_WORDS = ("type", "$ref", "anyOf", "oneOf", "allOf")
_OF_A_SCHEMA = ("default", "const", "enum", "example", "examples")


def is_secret_key(key: str) -> bool:
    """Whether what stands under a key of this name is nobody's business."""
    plain = _plain_key(key)
    return bool(SECRET_KEY.search(plain)) and not _NO_SECRET.search(plain)


class Pseudonyms:
    """Of tokens that are addresses as well: of a conversation, a shared link, a form. One recording's.

    Who reads the recording sees where the same one stands again, and not what it is. Hashes alone are kept.
    """

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._numbers: dict[bytes, int] = {}

    def of(self, secret: str) -> str:
        """What stands in its place, `<hidden 3>`, wherever it comes."""
        key = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=self._salt).digest()
        return hidden_as(self._numbers.setdefault(key, len(self._numbers) + 1))


class Hider:
    """Leaves secrets out of the values of one line.

    Args:
        known: credentials of the person whose line it is.
        pseudonyms: of the recording that the line is in; without them all that is hidden looks alike.
    """

    def __init__(self, known: Iterable[str] = (), pseudonyms: Pseudonyms | None = None) -> None:
        self._pseudonyms = pseudonyms
        self._known: dict[str, str] = {}
        for secret in known:
            self._learn(secret)

    def hide(self, raw: bytes, value: Json) -> Json:
        """`value`, which was read from `raw`, without its secrets; itself where it has none."""
        if not may_hold_secrets(raw) and not any(plain_stretch(each).encode() in raw for each in self._known):
            return value
        found = self._hide(value, 0)
        # Those that were learned on the way may stand before the place where they were found.
        return self._veil(found)

    def hide_text(self, text: str) -> str:
        """A single text without its secrets."""
        return self._veil_text(self._text(text, 0))

    def _learn(self, secret: str, instead: str = HIDDEN) -> None:
        if len(secret) >= MIN_SECRET_LENGTH and secret != HIDDEN:
            self._known.setdefault(secret, instead)

    def _hide(self, value: Json, depth: int) -> Json:
        match value:
            case dict():
                named = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "")
                is_named = is_secret_key(named) and len(named) < MAX_KEY_LENGTH
                return {
                    key: self._member(named if is_named and key in _VALUES else key, each, depth)
                    for key, each in value.items()
                }
            case [str() as name, str() as secret] if len(name) < MAX_KEY_LENGTH and is_secret_key(name):
                return [name, self._member(name, secret, depth)]
            case list():
                return [self._hide(each, depth) for each in value]
            case str():
                return self._text(value, depth)
            case _:
                return value

    def _member(self, key: str, value: Json, depth: int) -> Json:
        if not is_secret_key(key):
            return self._hide(value, depth)
        if isinstance(value, dict) and any(word in value for word in _SCHEMA_WORDS):
            return {name: HIDDEN if name in _OF_A_SCHEMA else each for name, each in value.items()}
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value in (None, "", True, False) or (is_number and not NUMBERS_TOO.search(key.lower())):
            return value
        instead = self._pseudonym(key, value)
        if isinstance(value, str) and instead != HIDDEN:
            self._learn(value, instead)
        else:
            self._learn_all(value)
        return self._known.get(value, instead) if isinstance(value, str) else HIDDEN

    def _pseudonym(self, key: str, value: Json) -> str:
        """Of a token by which something is named; `HIDDEN` for what only proves who somebody is."""
        plain = _plain_key(key)
        is_address = re.search("(^|_)token$", plain) and not _OF_LOGINS.search(plain)
        if self._pseudonyms is None or not is_address:
            return HIDDEN
        fits = isinstance(value, str) and _PLAIN_TOKEN.fullmatch(value) and value not in self._known
        return self._pseudonyms.of(value) if fits else HIDDEN

    def _learn_all(self, value: Json) -> None:
        match value:
            case str():
                self._learn(value)
            case dict():
                for each in value.values():
                    self._learn_all(each)
            case list():
                for each in value:
                    self._learn_all(each)
            case _:
                """Numbers and the like stand everywhere."""

    def _text(self, text: str, depth: int) -> str:
        if text.lstrip()[:1] in ("{", "[") and (inner := self._inner(text, depth)) is not None:
            return inner
        if not may_hold_secrets(text.encode("utf-8", "replace")):
            return text
        text = SHARE_LINK.sub(self._shared, without_looks(text))
        return _NEARBY.sub(self._said, _SAID.sub(self._said, text))

    def _shared(self, found: re.Match[str]) -> str:
        """Who knows a public link sees what it shows."""
        if found[0] not in self._known:
            self._learn(found[0], self._pseudonyms.of(found[0]) if self._pseudonyms else HIDDEN)
        return self._known[found[0]]

    def _inner(self, text: str, depth: int) -> str | None:
        """JSON in a text, written anew where something was left out; None for what is none."""
        if depth >= MAX_TEXTS_WITHIN_TEXTS:
            return None
        try:
            value = read_json(text)
        except ValueError:
            return None
        hidden = self._veil(self._hide(value, depth + 1))
        return text if hidden == value else json.dumps(hidden, ensure_ascii=False)

    def _said(self, found: re.Match[str]) -> str:
        name, between, value = found.groups()
        if not (is_secret_key(name) or name.lower() == "code") or value.startswith(HIDDEN[:4]):
            return found[0]
        self._learn(value)
        self._learn(unquote(value))
        return f"{name}{between}{HIDDEN}"

    def _veil(self, value: Json) -> Json:
        match value:
            case dict():
                return {self._veil_text(key): self._veil(each) for key, each in value.items()}
            case list():
                return [self._veil(each) for each in value]
            case str():
                return self._veil_text(value)
            case _:
                return value

    def _veil_text(self, text: str) -> str:
        for secret in sorted(self._known, key=len, reverse=True):
            if plain_stretch(secret) in text:
                instead = self._known[secret]
                text = spellings(secret).sub(lambda _, instead=instead: instead, text)  # type: ignore[misc]
        return text


def _plain_key(key: str) -> str:
    """In snake case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower().replace("-", "_").replace(" ", "_")
