"""What all tests share: which folders need a group of their own."""

from importlib.util import find_spec

# tests/rivals and tests/browser import what `uv run --group rivals` and `--group browser` bring;
# without it they are left out, which the header of the run says. `.ci/run` runs them all.
NEEDS = {"rivals": "PySAM", "browser": "playwright"}
ABSENT = [group for group, module in NEEDS.items() if find_spec(module) is None]
collect_ignore = ABSENT


def pytest_report_header() -> list[str]:
    return [f"tests/{group} left out: needs uv run --group {group}" for group in ABSENT]
