"""Command-line sessions of the documentation: run, compared with what is shown, rewritten.

A fenced block ```console whose commands begin with `$ gigaplan` is a session. The sessions of one
page share a folder that holds `examples/`, one after another, so that `init` may write what `run`
reads. Below a command stands what it prints:

- a line `...` stands for any lines, `...` inside a line for any words;
- blanks and the width of table rules do not count;
- a number may differ by half a per cent: pages are rewritten, not retyped, when a figure moves;
- a line `# exit 3` right below the command says how it ends; else it must end well.

`python tools/sessions.py` compares all pages, `python tools/sessions.py --update` rewrites them.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ gigaplan"
EXIT = re.compile(r"# exit (\d+)")
REST = "..."
NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)")
DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
RULE = re.compile(r"-{2,}")
TOLERANCE_FRAC = 0.005
LIKE = 0.5
"""How alike two lines must be, numbers left out, for one to take the place of the other."""


@dataclass
class Session:
    """One command of a page, what is shown below it and what it printed.

    Parameters
    ----------
    words : list of str
        The command, `gigaplan` left out.
    prompt : list of str
        Its lines as written.
    shown : list of str
        The lines below it.
    code : int
        The exit code that the page states.
    printed : list of str
        What the command printed, standard error included.
    ended : int
        The exit code that it returned.
    """

    words: list[str]
    prompt: list[str]
    shown: list[str]
    code: int = 0
    printed: list[str] = field(default_factory=list)
    ended: int = 0

    def text(self, shown: list[str]) -> list[str]:
        """Return the lines of the block: command, exit code, output."""
        told = [f"# exit {self.code}"] if self.code else []
        return [*self.prompt, *told, *shown]


def pages() -> list[Path]:
    """Return the pages that hold sessions."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        page
        for page in found
        if page.is_file() and "_build" not in page.parts and sessions(page.read_text("utf-8"))
    ]


def sessions(text: str) -> list[list[Session]]:
    """Return the sessions of a page, block by block; other console blocks count as empty ones."""
    blocks = [block_sessions(match.group(1)) for match in FENCE.finditer(text)]
    return blocks if any(blocks) else []


def block_sessions(body: str) -> list[Session]:
    """Return the sessions of one block; none when it shows another program."""
    lines = body.splitlines()
    if not lines or not lines[0].startswith(PROMPT):
        return []
    found: list[Session] = []
    for line in lines:
        if line.startswith("$ "):
            found.append(Session(words=[], prompt=[line], shown=[]))
        elif found[-1].prompt[-1].endswith("\\") and not found[-1].shown:
            found[-1].prompt.append(line)
        elif EXIT.fullmatch(line) and not found[-1].shown:
            found[-1].code = int(line.split()[-1])
        else:
            found[-1].shown.append(line)
    for one in found:
        whole = " ".join(line.removesuffix("\\") for line in one.prompt)
        one.words = shlex.split(whole.removeprefix("$ "))[1:]
    return found


def play(blocks: list[list[Session]]) -> None:
    """Run the sessions of a page in a folder of its own."""
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder) / "examples")
        os.chdir(folder)
        try:
            for one in (session for block in blocks for session in block):
                one.printed, one.ended = printed(one.words)
        finally:
            os.chdir(home)


def printed(words: list[str]) -> tuple[list[str], int]:
    """Run a command line in this process; return what it printed and its exit code."""
    from gigaplan.cli import main  # noqa: PLC0415  (numba and NumPy only when a page is played)

    out = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = main(words)
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return [line.rstrip() for line in out.getvalue().splitlines()], code


def close(shown: str, got: str) -> bool:
    """Return whether two words are alike: their letters the same, their numbers near."""
    if shown == got or (RULE.fullmatch(shown) and RULE.fullmatch(got)):
        return True
    if DATE.search(shown) or DATE.search(got):
        return False
    pairs = list(zip(NUMBER.split(shown), NUMBER.split(got), strict=False))
    if len(NUMBER.split(shown)) != len(NUMBER.split(got)):
        return False
    return all(
        first == second if index % 2 == 0 else near(first, second)
        for index, (first, second) in enumerate(pairs)
    )


def near(shown: str, got: str) -> bool:
    """Return whether two numbers are within the tolerance, or one unit of the last digit shown."""
    first, second = (float(text.replace(",", "")) for text in (shown, got))
    decimals = len(shown.partition(".")[2])
    unit = 10.0**-decimals if decimals else 0.0
    return abs(first - second) <= max(TOLERANCE_FRAC * abs(first), 1.001 * unit)


def same_line(shown: str, got: str) -> bool:
    """Return whether a line is as shown, `...` standing for any words."""
    return matched(shown.split(), got.split())


def matched(shown: list[str], got: list[str]) -> bool:
    """Return whether words are as shown, `...` standing for any of them."""
    if not shown:
        return not got
    if shown[0] == REST:
        return any(matched(shown[1:], got[skip:]) for skip in range(len(got) + 1))
    return bool(got) and close(shown[0], got[0]) and matched(shown[1:], got[1:])


def difference(one: Session) -> str:
    """Return what differs between a session and its page; "" when nothing does."""
    command = " ".join(one.prompt)
    if one.ended != one.code:
        told = "\n".join(one.printed[-5:])
        return f"{command}\nended with {one.ended}, not {one.code}:\n{told}"
    if told := first_missing(trimmed(one.shown), trimmed(one.printed)):
        return f"{command}\n{told}"
    return ""


def trimmed(lines: list[str]) -> list[str]:
    """Return lines without the blank ones."""
    return [line for line in lines if line.strip()]


def first_missing(shown: list[str], got: list[str]) -> str:
    """Return a word on the first shown line that is not there; "" when all are in place."""
    at, skipping = 0, False
    for index, line in enumerate(shown):
        if line.strip() == REST:
            skipping = True
            continue
        last = index == len(shown) - 1
        places = range(at, len(got)) if skipping else range(at, min(at + 1, len(got)))
        fitting = [place for place in places if same_line(line, got[place])]
        if not fitting:
            rest = "\n".join(got[at : at + 3])
            return f"shown:   {line}\nprinted: {rest}"
        at = (fitting[-1] if last and skipping else fitting[0]) + 1
        skipping = False
    if at < len(got) and not skipping:
        return f"printed beyond what is shown: {got[at]}"
    return ""


def renewed(one: Session) -> tuple[list[str], list[str]]:
    """Return the lines to show now, elided where they were, and those that found no successor."""
    got, lost = one.printed, []
    kept: list[str] = []
    at = 0
    for line in one.shown:
        if line.strip() == REST or not line.strip():
            kept.append(line)
            continue
        place = successor(line, got, at)
        if place is None:
            lost.append(line)
            continue
        kept.append(shortened(line, got[place]))
        at = place + 1
    return (kept if one.shown else got), lost


def successor(line: str, got: list[str], start: int) -> int | None:
    """Return the first later line that says the same with other numbers; else the most alike."""
    alike = [
        difflib.SequenceMatcher(None, bare(line), bare(shortened(line, other))).ratio()
        for other in got[start:]
    ]
    if not alike or max(alike) < LIKE:
        return None
    return start + alike.index(max(alike))


def bare(line: str) -> str:
    """Return the words of a line, its numbers left out."""
    return " ".join(NUMBER.sub("#", RULE.sub("--", line)).split())


def shortened(line: str, other: str) -> str:
    """Return a printed line cut where the shown one was."""
    if not line.rstrip().endswith(REST):
        return other
    words = len(line.split()) - 1
    cut = re.match(r"\s*" + r"\S+\s+" * words, other + " ")
    return f"{cut.group(0).rstrip()} {REST}" if cut else other


def update(page: Path) -> list[str]:
    """Rewrite the sessions of a page; return the lines that found no successor."""
    text = page.read_text("utf-8")
    blocks = sessions(text)
    play(blocks)
    lost: list[str] = []
    bodies: Iterator[list[Session]] = iter(blocks)

    def body(match: re.Match[str]) -> str:
        block = next(bodies)
        if not block:
            return match.group(0)
        told = []
        for one in block:
            one.code = one.ended
            shown, gone = renewed(one)
            lost.extend(f"{page.name}: {line}" for line in gone)
            told.append("\n".join(one.text(shown)).rstrip())
        return "```console\n" + "\n\n".join(told) + "\n```"

    page.write_text(FENCE.sub(body, text), encoding="utf-8")
    return lost


def main() -> int:
    """Compare the sessions of all pages, or rewrite them."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--update", action="store_true", help="rewrite what the pages show")
    told: list[str] = []
    if asked.parse_args().update:
        told = [f"lost: {line}" for page in pages() for line in update(page)]
    else:
        for page in pages():
            blocks = sessions(page.read_text("utf-8"))
            play(blocks)
            found = [difference(one) for block in blocks for one in block]
            told += [f"{page.name}: {words}" for words in found if words]
    sys.stdout.write("\n".join([*told, ""]) if told else "")
    return 1 if told else 0


if __name__ == "__main__":
    raise SystemExit(main())
