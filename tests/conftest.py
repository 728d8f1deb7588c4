"""What every test shares: calm settings for laws, and the counts of the sweeps, printed."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Timings never gate tests: a busy machine is no finding. CI looks for the same examples each time.
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    swept = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "swept" and report.when == "call"
    ]
    if swept:
        terminalreporter.section("swept")
        for line in sorted(swept):
            terminalreporter.write_line(str(line))
