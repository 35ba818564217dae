"""Run SAM's Single Owner on cases from stdin, as JSON; answer on stdout.

A process of its own: SAM can bring down the one it lives in ("corrupted size vs. prev_size") when
the generator is collected before the financial model has run, so both are also kept in a list.
"""

import json
import sys

from PySAM import CustomGeneration, Singleowner

CONFIGURATION = "CustomGenerationProfileSingleOwner"
WANTED = (
    "cf_project_return_aftertax",
    "cf_debt_balance",
    "cf_debt_payment_total",
    "project_return_aftertax_npv",
    "project_return_aftertax_irr",
    "size_of_debt",
    "min_dscr",
    "lcoe_nom",
)


def main() -> None:
    kept, answers = [], {}
    for name, inputs in json.load(sys.stdin).items():
        plant = CustomGeneration.default(CONFIGURATION)
        owner = Singleowner.from_existing(plant, CONFIGURATION)
        kept += [plant, owner]
        plant.execute(0)
        for key, value in inputs.items():
            owner.value(key, value)
        owner.execute(0)
        answers[name] = {key: owner.value(key) for key in WANTED}
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
