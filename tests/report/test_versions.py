"""What a result is reproducible for."""

from __future__ import annotations

from gigaplan.report.versions import feature_level, versions


def test_the_version_names_pins_and_processor() -> None:
    lines = versions()
    assert lines[0].startswith("gigaplan ")
    assert any(line.startswith("numpy ") for line in lines)
    assert feature_level() in lines[-1]
    assert feature_level() in {"X86_V4", "X86_V3", "X86_V2", "baseline"}
