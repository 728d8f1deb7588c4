"""What every test shares: the counts of the sweeps, printed where everybody sees them."""

from __future__ import annotations

import pytest


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
