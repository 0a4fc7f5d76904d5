"""Users far away are far away on real sockets too."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.processes import running_standin, simulate


def test_who_is_far_away_waits_for_the_way_and_who_is_near_does_not(tmp_path: Path) -> None:
    with running_standin() as standin:
        finished = simulate(
            ("--url", f"{standin.url}/mcp", "--users", "6", "--login", "http", "--warmup", "0",
             "--duration", "3", "--mix", "baseline=1", "--seed", "2", "--output", "run.json",
             "--region", "near=50%:rtt=1ms", "--region", "far=50%:rtt=200ms,jitter=20ms"),
            standin.environment,
            tmp_path,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        assert standin.leftovers() == {}
    regions = json.loads((tmp_path / "run.json").read_text())["regions"]
    assert regions["far"]["latency"]["min"] > 0.18
    assert regions["near"]["latency"]["median"] < regions["far"]["latency"]["median"] - 0.1
    assert "REGIONS" in finished.stdout


def test_the_sdks_own_client_knows_no_distance(tmp_path: Path) -> None:
    finished = simulate(("--client", "sdk", "--region", "eu=100%:rtt=20ms"), {"NEXTCLOUD_HOST": ""}, tmp_path)
    assert finished.returncode == 2
    assert "the SDK's own client knows no distance" in finished.stderr
