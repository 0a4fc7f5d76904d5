"""The report as one file that opens from disk and asks nobody for anything.

Two layers. All that is to be known stands in it as text, tables and SVG, drawn here, so that it is complete
on paper, without scripts, and under the strict policies that build servers put on their artefacts. Where
scripts may run, uPlot takes the charts over. A policy in the page allows its own scripts and style by their
hashes (CSP 3, sections 2.3.1 and 6.7.3.3), and nothing else. The same result gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from sim.report.four_answers import four_answers
from sim.report.headline import troubles
from sim.report.html.capacity_charts import capacity_charts
from sim.report.html.chart import Chart
from sim.report.html.level_charts import level_charts, quantile_chart
from sim.report.html.own_charts import own_charts
from sim.report.html.page_data import charts_json, result_json
from sim.report.html.page_tables import tables
from sim.report.html.part_charts import part_charts
from sim.report.html.setup_bars import setup_bars, setup_says
from sim.report.html.step_table import steps_html
from sim.report.html.stories import cards, cards_say, stories
from sim.report.html.svg import PALETTE, draw
from sim.report.html.time_charts import time_charts
from sim.report.result import Result
from sim.report.verdict_text import opening

if TYPE_CHECKING:
    import jinja2

SCRIPTS = ("uPlot.iife.min.js", "report.js")
PARTS = (
    *("verdict", "answers", "limits", "troubles", "facts", "course", "cards", "parts", "stories", "shape"),
    *("steps", "setup", "own"),
)
"""Parts of the page that a live one shows anew."""
IDS = {"course": "course-charts", "own": "own-charts"}


def html_report(result: Result) -> str:
    """The whole page, as it stands in a file."""
    return page(result)


def page(result: Result, *scripts: str, sources: str = "") -> str:
    """The same with more scripts of its own.

    Args:
        sources: what else the policy allows, as `connect-src 'self'`, for a page that is served.
    """
    style, all_scripts = asset("report.css"), (*map(asset, SCRIPTS), *scripts)
    policy = policy_for(style, all_scripts, sources)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            **values(result), style=ours(style), scripts=[ours(text) for text in all_scripts], policy=policy
        )
    )


def page_parts(result: Result) -> dict[str, str]:
    """The insides of the page's sections by their ids, to be shown instead of what is there."""
    parts = _environment().get_template("sections.html.j2").make_module(values(result))
    return {IDS.get(name, name): str(getattr(parts, f"part_{name}")()) for name in PARTS}


def charts_of(result: Result) -> list[Chart]:
    """All that the page's script takes over."""
    return [chart for charts in drawn(result).values() for chart in charts]


def drawn(result: Result) -> dict[str, list[Chart]]:
    """The charts by the part of the page that they stand in."""
    ends = quantile_chart(result)
    return {
        "course": time_charts(result),
        "parts": part_charts(result),
        "shape": [*(capacity_charts(result) or level_charts(result)), *([ends] if ends else [])],
        "own": own_charts(result),
    }


def values(result: Result) -> dict[str, Any]:
    """What the template is told."""
    charts = drawn(result)
    return {
        **charts,
        **tables(result),
        "result": result,
        "opening": opening(result),
        "answers": four_answers(result),
        "troubles": troubles(result),
        "cards": cards(result),
        "cards_say": cards_say(result),
        "stories": stories(result),
        "setup_bars": setup_bars(result),
        "setup_says": setup_says(result),
        "steps": ours(steps_html(result)),
        "data": {
            "result": ours(result_json(result)),
            "charts": ours(charts_json(result, [chart for each in charts.values() for chart in each])),
        },
    }


def ours(text: str) -> Markup:
    """What is not to be escaped again: files of ours, and what was escaped where it was made."""
    return Markup(text)  # noqa: S704


def breakable(text: str) -> Markup:
    """Long names may be broken after an underscore."""
    return ours(str(escape(text)).replace("_", "_<wbr>"))


def policy_for(style: str, scripts: tuple[str, ...], sources: str = "") -> str:
    """Nothing but these texts may run, and nothing may be asked of anybody."""
    allowed = " ".join(_hash(script) for script in scripts)
    rest = f"; {sources}" if sources else ""
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        f"base-uri 'none'; form-action 'none'{rest}"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def asset(name: str) -> str:
    """A file that lies beside this one."""
    return (files(__package__) / "assets" / name).read_text("utf-8")


@cache
def _environment() -> jinja2.Environment:
    """Imported when it is needed: most runs write no page."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["breakable"] = breakable
    environment.globals.update(svg=lambda chart: ours(draw(chart)), palette=PALETTE, ours=ours)
    return environment
