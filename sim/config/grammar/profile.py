"""Load shapes in words: `10s:20,30s:20,5s:0`, `2m:20/s`, `spike:base=5,peak=50`."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import attrs

from sim.config.grammar.duration import parse_duration
from sim.config.grammar.number import parse_count, parse_rate
from sim.config.grammar.piece import GrammarError, Piece, one_of, parse_fields
from sim.config.grammar.presets import PRESETS, Preset
from sim.config.grammar.shapes import ClosedProfile, OpenProfile, Profile, Stage

MAX_STAGES = 10_000
MAX_USERS = 1_000_000
MAX_TURNS = 1_000
_WORDS = {"start": "from", "duration_s": "for", "before_s": "before", "rise_s": "rise", "fall_s": "fall"}
_WORDS |= {"period_s": "period", "hold_s": "hold", "count": "times"}


def parse_stages(text: str | Piece) -> ClosedProfile:
    """`DURATION:USERS,…`: users on stage, in straight lines between targets. Raises GrammarError."""
    return ClosedProfile(_parse_line(Piece.of(text), _users, "number of users"))


def parse_arrivals(text: str | Piece) -> OpenProfile:
    """`DURATION:RATE,…`: workflows that arrive. Raises GrammarError."""
    return _open(Piece.of(text), OpenProfile(_parse_line(Piece.of(text), _rate, "rate of arrivals")))


def parse_profile(text: str | Piece) -> Profile:
    """`PRESET:NAME=VALUE,…`, or stages; levels with `/s` make it open. Raises GrammarError."""
    piece = Piece.of(text)
    word, rest = piece.partition(":")
    if word.text[:1].isdigit():
        _, level = piece.split(",")[0].partition(":")
        return parse_arrivals(piece) if level is not None and "/" in level.text else parse_stages(piece)
    name = one_of(word, PRESETS, "load shape")
    return _parse_preset(piece, name, rest)


def preset_words(preset: Preset) -> dict[str, str]:
    """The words of a preset → the parameter each one sets."""
    return {_WORDS.get(name, name): name for name in inspect.signature(preset).parameters}


def _parse_line(piece: Piece, level: Callable[[Piece], float], what: str) -> tuple[Stage, ...]:
    stages = []
    for part in piece.split(","):
        if not part:
            raise part.error("no stage given (it reads DURATION:TARGET)")
        duration, target = part.partition(":")
        if target is None:
            raise part.error(f"no ':' and {what} after {part.text[:24]!r}")
        duration_s = parse_duration(duration)
        if not target:
            raise target.error(f"no {what} after ':'")
        stages.append(Stage(duration_s, level(target)))
    return _checked(piece, stages)


def _checked(piece: Piece, stages: list[Stage]) -> tuple[Stage, ...]:
    if len(stages) > MAX_STAGES:
        raise piece.error(f"more than {MAX_STAGES} stages")
    if sum(stage.duration_s for stage in stages) <= 0:
        raise piece.error("all stages together take no time")
    if not any(stage.target for stage in stages):
        raise piece.error("nothing ever happens: every target is 0")
    return tuple(stages)


def _users(piece: Piece) -> float:
    return parse_count(piece, "a number of users", most=MAX_USERS)


def _rate(piece: Piece) -> float:
    return parse_rate(piece, "a rate of arrivals")


def _open(piece: Piece, profile: OpenProfile) -> OpenProfile:
    if profile.count < 1:
        raise piece.error("less than one arrival in all")
    return profile


def _parse_preset(piece: Piece, name: str, rest: Piece | None) -> Profile:
    preset = PRESETS[name]
    words = preset_words(preset)
    fields = parse_fields(rest, "parameter") if rest else {}
    for key, _ in fields.values():
        one_of(key, words, f"parameter of {name}")
    levels = [value for key, value in fields.values() if _is_level(words[key.text])]
    is_open = name == "breakpoint" or any("/" in level.text for level in levels)
    arguments = {
        words[key.text]: _parameter(words[key.text], value, is_open) for key, value in fields.values()
    }
    required = [p.name for p in inspect.signature(preset).parameters.values() if p.default is p.empty]
    missing = [_WORDS.get(parameter, parameter) for parameter in required if parameter not in arguments]
    if missing:
        takes = ", ".join(f"{word}=" for word in words)
        needs = " and ".join(f"'{word}='" for word in missing)
        raise GrammarError(f"{name} takes {takes}; {name} needs {needs}", piece.source, piece.end)
    stages = _checked(piece, list(preset(**arguments)))
    if not is_open:
        return ClosedProfile(stages)
    return _open(piece, attrs.evolve(OpenProfile(stages), breakpoint=name == "breakpoint"))


def _is_level(parameter: str) -> bool:
    return not parameter.endswith("_s") and parameter != "count"


def _parameter(parameter: str, value: Piece, is_open: bool) -> float:
    if parameter.endswith("_s"):
        return parse_duration(value)
    if parameter == "count":
        return parse_count(value, "a number of times", 1, MAX_TURNS)
    return _rate(value) if is_open else _users(value)
