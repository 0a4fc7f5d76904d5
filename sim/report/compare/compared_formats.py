"""In which formats a comparison can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sim.report.compare.compared_files import compared_json, compared_junit, compared_markdown
from sim.report.compare.compared_page import compared_page
from sim.report.compare.compared_text import compared_text
from sim.report.compare.run_comparison import RunComparison

COMPARISON_FORMATS: Mapping[str, Callable[[RunComparison], str]] = MappingProxyType(
    {
        "text": compared_text,
        "json": compared_json,
        "markdown": compared_markdown,
        "junit": compared_junit,
        "html": compared_page,
    }
)
