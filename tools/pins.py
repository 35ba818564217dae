"""Write exact pins of every dependency into pyproject.toml.

The repository holds no lock file, since a lock names the package index it was made with. Instead
the versions of everything, transitive and for all groups and extras, stand in pyproject.toml
between two marks, as `constraint-dependencies` of uv: `uv run` then resolves to the same versions
anywhere.

Run by `just pins`. Pins that still fit are kept, so that a new dependency moves nothing else;
`--upgrade` forgets them all first.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

BEGIN = "# pins: begin (written by `just pins`; do not edit)\n"
END = "# pins: end\n"
PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
# What source distributions among the pins build with when they do not say so themselves.
UNSAID = ["setuptools"]
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+( ; [^\"]+)?")


def main() -> None:
    """Rewrite the block of pins."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="forget the pins first")
    upgrade = parser.parse_args().upgrade
    text = PYPROJECT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    block, tail = rest.split(END)
    project = tomllib.loads(text)
    kept = head + ("" if upgrade else BEGIN + block + END) + tail
    groups = [flag for name in project["dependency-groups"] for flag in ("--group", name)]
    lower = project["project"]["requires-python"].removeprefix(">=")
    runtime = resolve(kept, ["pyproject.toml", "--all-extras", *groups], lower)
    build = resolve(
        kept, ["build.in"], lower, "\n".join([*project["build-system"]["requires"], *UNSAID])
    )
    pins = listing("constraint-dependencies", runtime) + listing(
        "build-constraint-dependencies", build
    )
    PYPROJECT.write_text(head + BEGIN + pins + END + tail, encoding="utf-8")
    sys.stdout.write(f"{len(runtime)} pins, and {len(build)} to build with\n")


def resolve(pyproject: str, arguments: list[str], lower: str, build: str = "") -> list[str]:
    """Resolve for every platform and Python from `lower` up; one pin a line."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(pyproject, encoding="utf-8")
        Path(folder, "build.in").write_text(build, encoding="utf-8")
        command = ["uv", "pip", "compile", *arguments, "--universal", "--python-version", lower]
        quiet = ["--quiet", "--no-header", "--no-annotate"]
        done = subprocess.run(
            [*command, *quiet], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        )
    pins = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    odd = [pin for pin in pins if not PIN.fullmatch(pin)]
    if odd:
        sys.exit(f"not exact pins, so not written: {odd}")
    return pins


def listing(key: str, pins: list[str]) -> str:
    """Show pins as a TOML array, one a line."""
    return f"{key} = [\n" + "".join(f'    "{pin}",\n' for pin in pins) + "]\n"


if __name__ == "__main__":
    main()
