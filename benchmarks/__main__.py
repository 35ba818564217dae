"""Run the benchmarks and print a table or JSON."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

import benchmarks.futures  # noqa: F401  (registers its cases)
from benchmarks import CASES, run


def main() -> None:
    """Time the named cases, all sizes up to the one asked for."""
    words = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    words.add_argument("name", nargs="?", help="a case; left out, all")
    words.add_argument("--json", action="store_true")
    words.add_argument("--largest", action="store_true", help="the largest size too")
    words.add_argument("--replay", action="store_true", help="replay 1,000 of the futures alone")
    said = words.parse_args()
    timings = [
        run(case, size)
        for name, case in CASES.items()
        if said.name in {None, name}
        for size in (case.sizes if said.largest else case.sizes[:-1])
    ]
    if said.json:
        print(json.dumps([asdict(timing) for timing in timings], indent=1))
    else:
        for one in timings:
            print(
                f"{one.name:<18} {one.size:>10,} {one.seconds:8.2f} s {one.rate:10,.0f}/s "
                f"{one.peak_mib:7,.0f} MiB  {one.ratio:6.1f} x {one.reference}"
            )
    if said.replay:
        from benchmarks.futures import abilene, many, replay  # noqa: PLC0415

        found = many(abilene(), 1_000_000 if said.largest else 65_536)
        print(f"replayed 1,000 of {found.count:,}: {replay(found)} differ")


if __name__ == "__main__":
    main()
