"""The metrics under which a run is told to monitoring systems, while it goes on and afterwards."""

from __future__ import annotations

from sim.measure.metric_family import MetricFamily, MetricKind

COUNTER, GAUGE, HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM
BY_STEP = ("phase", "workflow", "step")
BY_WORKFLOW = ("phase", "workflow")

RUN = MetricFamily(
    "simulate.run.info",
    GAUGE,
    "",
    "One; the labels say which run it is.",
    ("version", "target", "clock", "seed", "run_id"),
)
CALLS = MetricFamily(
    "simulate.calls", COUNTER, "", "Calls that have ended, by how they did.", (*BY_STEP, "outcome")
)
CALL_TIMES = MetricFamily(
    "simulate.call.duration", HISTOGRAM, "s", "From sent to answered, of successful calls.", BY_STEP
)
RESPONSE_TIMES = MetricFamily(
    "simulate.call.response",
    HISTOGRAM,
    "s",
    "From due to answered, of successful calls with a due instant.",
    BY_STEP,
)
EXECUTIONS = MetricFamily(
    "simulate.executions", COUNTER, "", "Executions of workflows that have ended.", (*BY_WORKFLOW, "ending")
)
EXECUTION_TIMES = MetricFamily(
    "simulate.execution.duration", HISTOGRAM, "s", "Of executions that succeeded.", BY_WORKFLOW
)
VIOLATIONS = MetricFamily(
    "simulate.violations",
    COUNTER,
    "",
    "What users saw that they must not have seen, in all phases.",
    ("workflow", "kind"),
)
CONFLICTS = MetricFamily(
    "simulate.conflicts.retried",
    COUNTER,
    "",
    "Conflicts that were retried, as they are meant to be, in all phases.",
    ("workflow",),
)
NOT_STARTED = MetricFamily(
    "simulate.not.started",
    COUNTER,
    "",
    "Workflows that were due in the measured phase and did not begin.",
    ("workflow", "reason"),
)
USERS = MetricFamily("simulate.users.on_stage", GAUGE, "", "Users on stage.", ("group",))
WANTED = MetricFamily(
    "simulate.load.wanted", GAUGE, "", "What the shape of the load asks for.", ("group", "unit")
)
LATENESS = MetricFamily(
    "simulate.lateness",
    GAUGE,
    "s",
    "How late the simulator itself let workflows arrive; a quantile over the run so far.",
    ("quantile",),
)
STALLED = MetricFamily("simulate.stalled", COUNTER, "s", "For how long the simulator itself stood still.")
CPU = MetricFamily("simulate.cpu.utilization", GAUGE, "1", "Share of a core that the simulator uses.")
MEMORY = MetricFamily("simulate.memory.usage", GAUGE, "By", "Resident memory of the simulator.")
LIMIT_BOUND = MetricFamily(
    "simulate.threshold.bound", GAUGE, "", "What a threshold allows, in its unit.", ("threshold", "unit")
)
LIMIT_MEASURED = MetricFamily(
    "simulate.threshold.measured",
    GAUGE,
    "",
    "What was measured against it; nothing where nothing was.",
    ("threshold", "unit"),
)
LIMIT_OK = MetricFamily("simulate.threshold.ok", GAUGE, "", "Whether it holds: 1 or 0.", ("threshold",))
MEASURED_TIME = MetricFamily("simulate.measured", GAUGE, "s", "How long the measured phase has lasted.")
EXPORT_FAILURES = MetricFamily(
    "simulate.export.failures", COUNTER, "", "Messages that the collector did not take."
)
SPANS_DROPPED = MetricFamily(
    "simulate.export.spans.dropped", COUNTER, "", "Spans that found no room while they waited for it."
)
EXIT_CODE = MetricFamily("simulate.exit_code", GAUGE, "", "Of the run: 0 where all is well.")
BEGUN = MetricFamily(
    "simulate.begun.timestamp", GAUGE, "s", "When the run began (Unix time); not told of virtual runs."
)
