"""The summary of a run in sentences, each made of its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gigaplan.plan.result import LIMITS
from gigaplan.plan.schema import Rent
from gigaplan.plan.work import hall_parts, halls_of
from gigaplan.report.looks import at, largest, signed_money
from gigaplan.units import column, number_text, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gigaplan.plan import Plan, Result
    from gigaplan.plan.schema import Hall, Site
    from gigaplan.report.facts import Facts

NAMED = 3
"""How many of a kind a sentence names before it counts them."""
CLOSE_FRAC = 0.15
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def paragraphs(plan: Plan, result: Result, told: Facts) -> list[str]:
    """Return the summary: what, when, what binds, who earns, how sure.

    Parameters
    ----------
    plan, result : Plan, Result
        What was simulated.
    told : Facts
        What the run says.

    Returns
    -------
    list of str
        Paragraphs of one to three sentences.
    """
    found = (
        (built(plan, result, told), when(result, told), capital(result, told)),
        (bound(result, told), worked(plan, told)),
        (earned(plan, told), unit_cost(plan, told)),
        (moved(plan, told), checked(told)),
    )
    joined = (" ".join(sentence for sentence in group if sentence) for group in found)
    return [paragraph for paragraph in joined if paragraph]


def listed(parts: Sequence[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def month(text: str) -> str:
    """Return "2026-06" as "June 2026"; other texts as they are."""
    year, _, number = text.partition("-")
    return f"{MONTHS[int(number) - 1]} {year}" if number.isdecimal() else text


def present(values: Iterator[float]) -> list[float]:
    """Return the values that exist."""
    return [value for value in values if np.isfinite(value)]


def built(plan: Plan, result: Result, told: Facts) -> str:
    """Say what is built where."""
    chips = {hall: largest(one.installed_count) for hall, one in result.cluster.items()}
    rented = [name for name, hall in plan.halls.items() if hall.tenure == "cloud"]
    places = list(dict.fromkeys(plan.entities[site.place].title for site in site_list(plan)))
    where = f" in {counted(places, 'places')}" if places else ""
    needed = sum(present(told.value(at("site", site, "needed_mw")) for site in result.site))
    ready = sum(present(told.value(at("site", site, "capacity_mw")) for site in result.site))
    parts = []
    if chips:
        said = f"{number_text(sum(chips.values()))} chips ({systems(plan, list(chips))}){where}"
        parts.append(f"{said}, {show(needed, 'needed_mw')} in the worst hour when complete")
    elif result.site:
        parts.append(f"{show(ready, 'ready_mw')} of powered shell{where}, with no chips of its own")
    if rented:
        count = sum(rented_count(plan.halls[name]) for name in rented)
        parts.append(f"{number_text(count)} rented chips ({systems(plan, rented)})")
    return f"{told.name} plans {listed(parts)}." if parts else ""


def systems(plan: Plan, halls: Sequence[str]) -> str:
    """Return what the chips of some halls come in."""
    titles = dict.fromkeys(hall_parts(plan, hall)[1].title for hall in halls)
    return counted(list(titles), "systems")


def rented_count(hall: Hall) -> float:
    """Return the most chips rented in a hall; 0 where they are owned."""
    if hall.tenure != "cloud":
        return 0.0
    return max(float(column(value)[0]) for value in hall.chips_count.values)


def hall_of(plan: Plan, name: str) -> Hall:
    """Return a hall, or what each site of a group holds."""
    return plan.halls[name] if name in plan.halls else plan.site_groups[name].hall


def site_list(plan: Plan) -> list[Site]:
    """Return all sites, one for each group of like ones."""
    return [*plan.sites.values(), *(group.site for group in plan.site_groups.values())]


def counted(names: Sequence[str], what: str) -> str:
    """Return a few names, or how many there are."""
    return listed(names) if len(names) <= NAMED else f"{len(names)} {what}"


def when(result: Result, told: Facts) -> str:
    """Say when power comes, and how well the site runs."""
    if not result.site:
        return ""
    first = present(told.value(at("site", site, "first_power_date")) for site in result.site)
    last = present(told.value(at("site", site, "full_power_date")) for site in result.site)
    pue = present(told.value(at("site", site, "pue_ratio")) for site in result.site)
    if not first or not last:
        return ""
    said = f"First power comes in {month(show(min(first), 'first_date'))}"
    if max(last) > min(first):
        said += f" and the last megawatt in {month(show(max(last), 'last_date'))}"
    least, most = (f"{bound(pue):.2f}" if pue else "" for bound in (min, max))
    running = f"; PUE averages {least}" if pue else ""
    return f"{said}{running}{f' to {most}' if most != least else ''}."


def capital(result: Result, told: Facts) -> str:
    """Say what it costs to build."""
    site = sum(present(told.value(at("site", name, "capex_usd")) for name in result.site))
    first = sum(
        present(told.value(at("cluster", name, "first_capex_usd")) for name in result.cluster)
    )
    whole = sum(present(told.value(at("cluster", name, "capex_usd")) for name in result.cluster))
    parts = []
    if site > 0:
        parts.append(f"building and plant cost {show(site, 'capex_usd')}")
    if first > 0:
        again = (
            f" ({show(whole, 'capex_usd')} with what replaces it)" if whole > 1.001 * first else ""
        )
        parts.append(f"the first fleet of chips {show(first, 'capex_usd')}{again}")
    return sentence(parts, " and ")


def bound(result: Result, told: Facts) -> str:
    """Say what holds the halls back, and for how long."""
    counts: dict[str, int] = {}
    for span in told.spans:
        if span.limit in LIMITS:
            counts[span.limit] = counts.get(span.limit, 0) + span.months
    if not counts:
        return ""
    ranked = sorted(counts, key=lambda limit: -counts[limit])
    total = sum(span.months for span in told.spans)
    last = next(span for span in reversed(told.spans) if span.limit in LIMITS)
    months = "hall-months" if len(result.cluster) > 1 else "months"
    if len(ranked) == 1:
        return f"What holds it back is {last.limit}, in {counts[last.limit]} of {total} {months}."
    each = listed([f"{limit} in {counts[limit]}" for limit in ranked])
    return f"What holds it back, of {total} {months}: {each}; in the end it is {last.limit}."


def worked(plan: Plan, told: Facts) -> str:
    """Say how fast the workloads run."""
    parts = []
    for name, work in plan.workloads.items():
        title = "" if isinstance(work, Rent) else plan.entities[work.model].title
        for hall in halls_of(plan, work):
            path = at("compute", name, "halls", hall)
            mfu, days = told.value(f"{path}.step.mfu_frac"), told.value(f"{path}.run_days")
            if np.isfinite(mfu) and np.isfinite(days):
                run = f"one run in {number_text(round(days))} days, failures included"
                parts.append(f"{name} trains {title} at {100 * mfu:.0f} % MFU, {run}")
            elif np.isfinite(told.value(f"{path}.tokens_per_s_per_chip")):
                speed = told.shown(f"{path}.tokens_per_s_per_chip")
                parts.append(f"{name} serves {title} at {speed}")
    more = [f"{len(parts) - NAMED} more run"] if len(parts) > NAMED else []
    return sentence([*parts[:NAMED], *more], "; ")


def sentence(parts: Sequence[str], between: str) -> str:
    """Return parts as one sentence; nothing for none."""
    said = between.join(parts)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def earned(plan: Plan, told: Facts) -> str:
    """Say what each party earns."""
    parts = []
    for name in plan.parties:
        npv = told.value(at("money", name, "npv_usd"))
        irr = told.value(at("money", name, "equity_irr_frac_per_year"))
        if np.isfinite(npv):
            verb = "gains" if npv >= 0 else "loses"
            rate = f"equity IRR {100 * irr:.1f} %" if np.isfinite(irr) else "no equity IRR"
            parts.append(f"{name} {verb} {show(abs(npv), 'npv_usd')} ({rate})")
    return f"By net present value after debt and tax, {listed(parts)}." if parts else ""


def unit_cost(plan: Plan, told: Facts) -> str:
    """Say what a chip-hour, a million tokens and a kilowatt cost."""
    units = (
        ("levelised.chip_usd_per_chip_h", "a chip in service costs {:.2f} USD an hour"),
        ("levelised.token_usd_per_mtoken", "a million output tokens cost {:.2f} USD"),
        (
            "levelised.shell_usd_per_kw_month",
            "a kilowatt of ready IT power costs {:.0f} USD a month",
        ),
    )
    parts = [
        words.format(told.value(path)) for path, words in units if np.isfinite(told.value(path))
    ]
    if not parts:
        return ""
    together = (
        [f"all parties together, {listed(parts)}"] if len(plan.parties) > 1 else [listed(parts)]
    )
    return sentence(together, "")


def moved(plan: Plan, told: Facts) -> str:
    """Say which unit is worth most."""
    party = next(iter(plan.parties)) if len(plan.parties) == 1 else "consolidated"
    path = at("money", party, "npv_usd")
    found = [
        (one.unit, *one.change[path])
        for one in told.worth
        if path in one.change and np.isfinite(one.change[path][0])
    ]
    if not found:
        return ""
    unit, middle, low, high = max(found, key=lambda row: abs(row[1]))
    if middle == 0.0:
        return ""
    whose = "NPV" if len(plan.parties) == 1 else "the NPV of all parties together"
    return (
        f"Of the units tried, {unit} moves {whose} most: {signed_money(middle)} (P10"
        f" {signed_money(low)}, P90 {signed_money(high)})."
    )


def checked(told: Facts) -> str:
    """Say how near the model is to what was published."""
    rows = [
        one
        for one in told.compared
        if not one.path.endswith("_date")
        and np.isfinite(one.error_frac)
        # no model lands exactly on a headline: such a row gives an input of the plan back
        and one.error_frac != 0.0
    ]
    if not rows:
        return ""
    near = sum(abs(one.error_frac) <= CLOSE_FRAC for one in rows)
    worst = max(rows, key=lambda one: abs(one.error_frac))
    if len(rows) == 1:
        return f"Published {worst.name} is met within {worst.error_text}."
    verb = "is" if near == 1 else "are"
    return (
        f"Of {len(rows)} published figures {near} {verb} met within {100 * CLOSE_FRAC:.0f} %; the"
        f" largest miss is {worst.name}, {worst.error_text}."
    )
