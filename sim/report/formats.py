"""In which formats a run can be told: each is a function of its document alone, one file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs

from sim.report.csv_tables import csv_steps, csv_timeline, csv_users, csv_violations
from sim.report.html.html_report import html_report
from sim.report.junit import junit_report
from sim.report.markdown import markdown_report
from sim.report.prometheus import prometheus_report
from sim.report.result import Result
from sim.report.result_json import to_json
from sim.report.terminal import text_report


@attrs.frozen
class Format:
    """One format.

    Attributes:
        render: the same document gives the same text, wherever and whenever.
        suffix: of files in it.
        summary: what it is for, in a few words.
    """

    render: Callable[[Result], str]
    suffix: str
    summary: str


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "html": Format(html_report, ".html", "a page with charts, to be opened or handed on"),
        "json": Format(to_json, ".json", "everything, to be read again"),
        "text": Format(text_report, ".txt", "as it is shown at the end of a run"),
        "markdown": Format(markdown_report, ".md", "for a comment below a pull request"),
        "junit": Format(junit_report, ".xml", "test cases, for CI servers"),
        "prometheus": Format(prometheus_report, ".prom", "a textfile for node exporter's collector"),
        "csv-timeline": Format(csv_timeline, ".csv", "the course of the run as a table"),
        "csv-steps": Format(csv_steps, ".csv", "the steps of workflows as a table"),
        "csv-users": Format(csv_users, ".csv", "the users as a table"),
        "csv-violations": Format(csv_violations, ".csv", "examples of violations as a table"),
    }
)
