"""The page of coverage: each item once, and each command works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gigaplan.cli import main

HOME = Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (HOME / "docs" / "coverage.md").read_text("utf-8").splitlines()
    if re.match(r"\| \d", line)
]
COMMANDS = sorted({row[2].strip("`") for row in ROWS if row[2].startswith("`")})
ASKED = 145


def test_each_item_stands_once() -> None:
    items = sorted(int(item) for row in ROWS for item in row[0].split(","))
    assert items == list(range(1, ASKED + 1))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_answers(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(HOME)
    program, *words = shlex.split(command)
    assert program == "gigaplan"
    try:
        code = main(words)
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 0, capsys.readouterr().err
    assert capsys.readouterr().out
