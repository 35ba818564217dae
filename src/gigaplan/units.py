"""Units in names, numbers as columns, and months as the common calendar.

The last part of a quantity's name is its unit (`grid_mw`, `price_usd_per_mwh`); the table
`SUFFIXES` says which. Text from a plan ("1.2 GW") is read with pint against a small registry of our
own. Inside the model a quantity is an array of shape (1,) or (N,), a series (T, 1) or (T, N), time
first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pint

Column: TypeAlias = NDArray[np.float64]
Series: TypeAlias = NDArray[np.float64]
Real: TypeAlias = float | NDArray[np.float64]

HOURS_PER_YEAR = 8760.0
HOURS_PER_DAY = 24.0
SECONDS_PER_HOUR = 3600.0
MONTHS_PER_YEAR = 12
KW_PER_MW = 1000.0
W_PER_MW = 1e6
TOKENS_PER_MTOKEN = 1e6
GIB_PER_GB = 1e9 / 2**30
EPOCH_YEAR = 2000
ALWAYS_DATE = -1e6
"""The date of a value that holds from the beginning of time."""


class UnitOfName(NamedTuple):
    """What a name's suffix says: its unit, what it measures, how to write one."""

    unit: str
    dimension: str
    example: str
    bare: bool = False


SUFFIXES: dict[str, UnitOfName] = {
    "usd": UnitOfName("USD", "money", "4.7 BUSD"),
    "usd_per_mwh": UnitOfName("USD/MWh", "an energy price", "47 USD/MWh"),
    "usd_per_kw_month": UnitOfName("USD/kW-month", "a price of capacity", "130 USD/kW-month"),
    "usd_per_chip_h": UnitOfName("USD/chip-hour", "a price of compute", "2.9 USD/chip-hour"),
    "usd_per_mtoken": UnitOfName("USD/Mtoken", "a price of tokens", "0.60 USD/Mtoken"),
    "usd_per_kw": UnitOfName("USD/kW", "a cost of power", "1800 USD/kW"),
    "usd_per_mw": UnitOfName("USD/MW", "a cost of power", "11.7 MUSD/MW"),
    "usd_per_mw_year": UnitOfName("USD/MW-year", "a cost of power a year", "0.1 MUSD/MW-year"),
    "usd_per_chip": UnitOfName("USD/chip", "a price of chips", "30000 USD/chip"),
    "usd_per_chip_year": UnitOfName("USD/chip-year", "a yearly cost of chips", "900 USD/chip-year"),
    "usd_per_m3": UnitOfName("USD/m3", "a price of water", "1.5 USD/m3"),
    "usd_per_mmbtu": UnitOfName("USD/MMBtu", "a price of fuel", "3.5 USD/MMBtu"),
    "usd_per_month": UnitOfName("USD/month", "money a month", "1 MUSD/month"),
    "usd_per_year": UnitOfName("USD/year", "money a year", "12 MUSD/year"),
    "usd_per_t": UnitOfName("USD/tCO2", "a price of carbon", "50 USD/tCO2"),
    "usd_per_person_year": UnitOfName("USD/person/year", "a salary", "120000 USD/person/year"),
    "usd_per_tflops": UnitOfName("USD/(TFLOP/s)", "a price of speed", "25 USD/(TFLOP/s)"),
    "mw": UnitOfName("MW", "a power", "200 MW"),
    "kw": UnitOfName("kW", "a power", "10.2 kW"),
    "w": UnitOfName("W", "a power", "700 W"),
    "w_per_chip": UnitOfName("W/chip", "a power per chip", "40 W/chip"),
    "kw_per_chip": UnitOfName("kW/chip", "a power per chip", "1.8 kW/chip"),
    "mwh": UnitOfName("MWh", "an energy", "400 MWh"),
    "kwh": UnitOfName("kWh", "an energy", "1 kWh"),
    "j": UnitOfName("J", "an energy", "1 J"),
    "tflops": UnitOfName("TFLOP/s", "a speed of computing", "989 TFLOP/s"),
    "flop": UnitOfName("FLOP", "work of computing", "3.8e25 FLOP"),
    "gb": UnitOfName("GB", "an amount of data", "80 GB"),
    "gib": UnitOfName("GiB", "an amount of data", "80 GiB"),
    "tb": UnitOfName("TB", "an amount of data", "2.3 TB"),
    "byte": UnitOfName("byte", "an amount of data", "2 byte"),
    "gb_per_s": UnitOfName("GB/s", "a bandwidth", "450 GB/s"),
    "gb_per_s_per_chip": UnitOfName("GB/s/chip", "a bandwidth per chip", "0.08 GB/s/chip"),
    "tb_per_chip": UnitOfName("TB/chip", "an amount of data per chip", "10 TB/chip"),
    "s": UnitOfName("s", "a time", "40 ms"),
    "ms": UnitOfName("ms", "a time", "40 ms"),
    "us": UnitOfName("us", "a time", "5 us"),
    "h": UnitOfName("h", "a time", "1 h"),
    "days": UnitOfName("days", "a time", "54 days"),
    "months": UnitOfName("months", "a time", "18 months"),
    "years": UnitOfName("years", "a time", "5 years"),
    "date": UnitOfName("", "a date", "2026-06"),
    "frac": UnitOfName("", "a share", "65 %", bare=True),
    "frac_per_year": UnitOfName("1/year", "a yearly rate", "8.5 %", bare=True),
    "ratio": UnitOfName("", "a ratio", "1.2", bare=True),
    "count": UnitOfName("", "a count", "16384", bare=True),
    "count_per_chip_year": UnitOfName(
        "1/chip/year", "a rate per chip", "0.17 1/chip/year", bare=True
    ),
    "count_per_mw": UnitOfName("1/MW", "a number per MW", "0.3 1/MW", bare=True),
    "c": UnitOfName("degC", "a temperature", "27 degC"),
    "k": UnitOfName("K", "a temperature difference", "5 K"),
    "m3": UnitOfName("m3", "a volume", "1000 m3"),
    "l_per_kwh": UnitOfName("L/kWh", "water per energy", "1.8 L/kWh"),
    "kg_per_mwh": UnitOfName("kg/MWh", "carbon per energy", "350 kg/MWh"),
    "kg_per_mmbtu": UnitOfName("kg/MMBtu", "carbon per fuel", "53.06 kg/MMBtu"),
    "t": UnitOfName("tCO2", "a mass of carbon", "8930 tCO2"),
    "m": UnitOfName("m", "a length", "530 m"),
    "km": UnitOfName("km", "a length", "80 km"),
    "token": UnitOfName("token", "an amount of text", "2000 token", bare=True),
    "mtoken": UnitOfName("Mtoken", "an amount of text", "15.6 Ttoken"),
    "tokens_per_s": UnitOfName("token/s", "a rate of text", "4000 token/s"),
    "tokens_per_s_per_chip": UnitOfName(
        "token/s/chip", "a rate of text per chip", "400 token/s/chip"
    ),
    "flop_per_token": UnitOfName("FLOP/token", "work per token", "51.5 GFLOP/token"),
    "byte_per_token": UnitOfName("byte/token", "data per token", "131072 byte/token"),
    "mtoken_per_s": UnitOfName("Mtoken/s", "a rate of text", "40 Mtoken/s"),
    "mmbtu_per_mwh": UnitOfName("MMBtu/MWh", "a heat rate", "9.5 MMBtu/MWh"),
}
"""Every unit that a name of the house may end in."""

USUAL: dict[str, dict[str, float]] = {
    "usd": {"kUSD": 1e3, "MUSD": 1e6, "BUSD": 1e9},
    "usd_per_year": {"MUSD/year": 1e6, "BUSD/year": 1e9},
    "usd_per_mw": {"MUSD/MW": 1e6},
    "usd_per_mwh": {"cent/kWh": 10.0},
    "mw": {"kW": 1e-3, "GW": 1e3},
    "gb": {"GiB": 1.073741824, "TB": 1e3},
    "gb_per_s": {"TB/s": 1e3},
    "tflops": {"PFLOP/s": 1e3},
    "mtoken": {"Gtoken": 1e3, "Ttoken": 1e6},
    "s": {"ms": 1e-3},
    "months": {"month": 1.0},
    "years": {"year": 1.0},
    "count": {"chip": 1.0, "chips": 1.0},
    "frac": {"%": 0.01},
    "frac_per_year": {"%": 0.01},
    "ratio": {"%": 0.01},
}
"""Factors of the units that plans use most: pint's answers, without the 0.2 s that pint takes."""

REGISTRY = """
yotta- = 1e24 = Y-
exa- = 1e18 = E-
peta- = 1e15 = P-
tera- = 1e12 = T-
giga- = 1e9 = G-
mega- = 1e6 = M-
kilo- = 1e3 = k-
milli- = 1e-3 = m-
micro- = 1e-6 = u- = \u00b5- = \u03bc-
nano- = 1e-9 = n-
kibi- = 2**10 = Ki-
mebi- = 2**20 = Mi-
gibi- = 2**30 = Gi-
tebi- = 2**40 = Ti-
second = [time] = s
minute = 60 * second = min
hour = 3600 * second = h
day = 24 * hour = d
year = 8760 * hour = a
month = year / 12
week = 7 * day
meter = [length] = m
gram = [mass] = g
tonne = 1e6 * gram = t = tCO2
liter = 0.001 * meter ** 3 = L
m3 = meter ** 3
joule = 1000 * gram * meter ** 2 / second ** 2 = J
watt = joule / second = W
watthour = watt * hour = Wh
btu = 1055.05585262 * joule = Btu
mmbtu = 1e6 * btu = MMBtu
kelvin = [temperature] = K
byte = [data] = B
bit = byte / 8 = b
FLOP = [flop] = Flop
FLOPS = FLOP / second
token = [token] = tok
chip = [chip] = gpu
person = [person]
USD = [money] = usd
kUSD = 1e3 * USD
MUSD = 1e6 * USD
BUSD = 1e9 * USD
TUSD = 1e12 * USD
cent = 0.01 * USD
percent = 0.01
basispoint = 0.0001 = bp
[area] = [length] ** 2
[volume] = [length] ** 3
[speed] = [length] / [time]
[acceleration] = [speed] / [time]
[force] = [mass] * [acceleration]
[energy] = [force] * [length]
[power] = [energy] / [time]
"""

NUMBER = re.compile(
    r"\s*([+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$",
    re.DOTALL | re.ASCII,
)
DATE = re.compile(r"\s*(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\s*$", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1970, 2200
DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LONGEST_TEXT = 80
REMEMBERED = 65_536
"""How many texts and names are remembered: a plan is untrusted, and a server reads many."""
MOST_WORDS = 6
"""A suffix has fewer words than this; a name may be a megabyte of them."""
YES_OR_NO = {"yes", "no", "true", "false", "on", "off"}
LARGEST = 1e30
"""A larger number is refused: nothing in this field is that large, and sums stay finite."""


class UnitError(ValueError):
    """A text is not a quantity of the name's unit; the message says why."""


@cache
def registry() -> pint.UnitRegistry[float]:
    """Return the small registry of units that plans are written in."""
    import pint  # noqa: PLC0415  (0.1 s that --help need not pay)

    units: pint.UnitRegistry[float] = pint.UnitRegistry(None, cache_folder=None)
    units.load_definitions(REGISTRY.strip().splitlines())
    return units


@lru_cache(REMEMBERED)
def suffix(name: str) -> str:
    """Return the unit suffix of a name, or "" when it has none.

    The longest suffix wins: `price_usd_per_mwh` is a price, not an energy.
    """
    parts = name.rsplit("_", MOST_WORDS)
    for start in range(len(parts)):
        candidate = "_".join(parts[start:])
        if candidate in SUFFIXES:
            return candidate
    return ""


@lru_cache(REMEMBERED)
def stem(name: str) -> str:
    """Return a name without its unit: the key that a plan file uses."""
    unit = suffix(name)
    return name[: -len(unit) - 1] if unit and len(unit) < len(name) else name


@lru_cache(REMEMBERED)
def unit_text(text: str) -> str:
    """Turn a unit as people write it ("USD/kW-month") into pint's spelling."""
    plain = text.replace("%", " percent ").replace("·", "*").replace("$", " $ ")
    plain = re.sub(r"(?<=[A-Za-z0-9)])\s*-\s*(?=[A-Za-z])", "*", plain)
    if "(" in plain:
        return plain.strip()
    above, *below = plain.split("/")
    return "/".join([above.strip() or "1", *(f"({part.strip()})" for part in below)]).strip()


@lru_cache(REMEMBERED)
def factor(text: str, suffix_name: str) -> float:
    """Return what a unit must be multiplied by to become the suffix's unit.

    Raises
    ------
    UnitError
        When the unit is unknown or measures something else.
    """
    wanted = SUFFIXES[suffix_name]
    usual = USUAL.get(suffix_name, {})
    if text in usual or text == wanted.unit:
        return usual.get(text, 1.0)
    if wanted.unit == "degC":
        if text in {"degC", "°C", "C"}:
            return 1.0
        raise UnitError(f'"{text}" is not a temperature in degC')
    try:
        given = registry().parse_units(unit_text(text)) if text else registry().parse_units("")
    except Exception as error:  # pint raises many kinds; all mean "not a unit we know"
        raise UnitError(f'"{text}" is not a unit we know') from error
    house = registry().parse_units(unit_text(wanted.unit))
    if suffix_name == "frac_per_year" and given.dimensionless:
        house = registry().parse_units("")
    chip = registry().parse_units("chip")
    if suffix_name == "count" and given.dimensionality == chip.dimensionality:
        house = chip
    if given.dimensionality != house.dimensionality:
        raise UnitError(f"is {dimension_name(given)}")
    return float((1.0 * given).to(house).magnitude)


def dimension_name(unit: pint.Unit) -> str:
    """Return what a pint unit measures, in words."""
    for known in SUFFIXES.values():
        if known.unit not in {"degC", ""}:
            house = registry().parse_units(unit_text(known.unit))
            if house.dimensionality == unit.dimensionality:
                return known.dimension
    if unit.dimensionless:
        return "a plain number"
    return f"measured in {unit}"


@lru_cache(REMEMBERED)
def parse(text: str, name: str) -> float:
    """Read "1.2 GW" for a name that ends in `_mw` as 1200.0.

    Parameters
    ----------
    text : str
        A number and a unit as people write them, or a date.
    name : str
        The name of the field; its suffix is the unit of the answer.

    Returns
    -------
    float
        The value in the unit of the name.

    Raises
    ------
    UnitError
        When the text is not a finite number in a unit of that kind.

    Examples
    --------
    >>> parse("1.2 GW", "grid_mw")
    1200.0
    >>> parse("4.5 cent/kWh", "price_usd_per_mwh")
    45.0
    """
    kind = suffix(name)
    wanted = SUFFIXES[kind]
    if kind == "date":
        return parse_date(text)
    hint = f"{stem(name)} is {wanted.dimension}, such as {wanted.example}"
    if len(text) > LONGEST_TEXT:
        raise UnitError(f"is too long for a quantity; {hint}")
    number, unit = number_and_unit(text, hint)
    if not unit and not wanted.bare and number != 0.0:
        raise UnitError(f'"{text}" has no unit; {hint}')
    if not unit:
        return number
    try:
        scaled = number * factor(unit, kind)
    except UnitError as error:
        said = f'"{text}" {error}' if str(error).startswith("is ") else str(error)
        raise UnitError(f"{said}; {hint}") from None
    if not abs(scaled) <= LARGEST:
        raise UnitError(f'"{text}" is beyond any {stem(name)} that can be meant')
    return scaled


def number_and_unit(text: str, hint: str) -> tuple[float, str]:
    """Split "98,304 chips" into 98304.0 and "chips"; refuse what is no number."""
    found = NUMBER.match(text)
    if text.strip().lower() in YES_OR_NO:
        raise UnitError(f'"{text}" is yes or no, not a quantity; {hint}')
    if found is None:
        raise UnitError(f'"{text}" is not a quantity; {hint}')
    number = float(found.group(1).replace(",", ""))
    if not abs(number) <= LARGEST:
        raise UnitError(f'"{text}" is not a finite number that can be meant')
    return number, found.group(2)


def parse_date(text: str) -> float:
    """Read "2027-06" or "2027-06-15" as months since 2000-01.

    Raises
    ------
    UnitError
        When the text is no date between 1970 and 2200.
    """
    found = DATE.match(text)
    if found is None:
        raise UnitError(f'"{text}" is not a date such as 2027-06 or 2027-06-15')
    year, month, day = (int(part) if part else 1 for part in found.groups())
    last = days_of(year, month) if 1 <= month <= MONTHS_PER_YEAR else 0
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= day <= last):
        raise UnitError(f'"{text}" is not a day between {FIRST_YEAR} and {LAST_YEAR}')
    return (year - EPOCH_YEAR) * MONTHS_PER_YEAR + month - 1 + (day - 1) / last


def days_of(year: int, month: int) -> int:
    """Return how many days a month of the Gregorian calendar has."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return DAYS_OF_MONTH[month - 1] + (leap and month == 2)  # noqa: PLR2004


def date_text(date: float) -> str:
    """Write months since 2000-01 as "2027-06".

    Examples
    --------
    >>> date_text(329.5)
    '2027-06'
    """
    if not np.isfinite(date):
        return "never"
    if date <= ALWAYS_DATE:
        return "always"
    whole = int(np.floor(date + 1e-9))
    return f"{EPOCH_YEAR + whole // MONTHS_PER_YEAR:04d}-{whole % MONTHS_PER_YEAR + 1:02d}"


def show(value: float, name: str) -> str:
    """Write a quantity for people: its number to four figures and its unit.

    Examples
    --------
    >>> show(4.7e9, "capex_usd")
    '4.7 BUSD'
    """
    kind = suffix(name)
    if kind == "date":
        return date_text(value)
    if not np.isfinite(value):
        return "none"
    if kind in {"frac", "frac_per_year"}:
        return f"{100 * value:.4g} %"
    unit = SUFFIXES[kind].unit if kind else ""
    if unit.startswith("USD"):
        value, unit = scaled_money(value, unit)
    elif unit == "MW" and 0.0 < abs(value) < 1.0:
        value, unit = value * KW_PER_MW, "kW"
    return f"{number_text(value)} {unit}".strip()


def scaled_money(value: float, unit: str) -> tuple[float, str]:
    """Return the value and unit with k, M or B where that reads better."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= size:
            return value / size, letter + unit
    return value, unit


def number_text(value: float) -> str:
    """Write a number to four figures, thousands with commas."""
    if not np.isfinite(value):
        return "none"
    if value == 0.0:
        return "0"
    if abs(value) >= 1e15 or abs(value) < 1e-4:  # noqa: PLR2004
        return f"{value:.4g}"
    decimals = max(0, 3 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(
    default: Any = ...,  # noqa: ANN401  (a dataclass default is of any type)
    *,
    low: float | None = None,
    high: float | None = None,
    doc: str = "",
    words: tuple[str, ...] = (),
) -> Any:  # noqa: ANN401
    """Declare a quantity of an input dataclass, with its bounds.

    Parameters
    ----------
    default : float or None or Steps, optional
        The value when the plan is silent; left out, the key is compulsory.
    low, high : float, optional
        Inclusive bounds in the unit of the name; columns are held to them too.
    doc : str
        One line for the schema and the error messages.
    words : tuple of str
        Words that stand for None ("rest").
    """
    metadata = {"low": low, "high": high, "doc": doc, "quantity": True, "words": words}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


def option(
    default: Any = ...,  # noqa: ANN401
    *,
    doc: str = "",
    entry: str | None = None,
    key: str | None = None,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:  # noqa: ANN401
    """Declare structure of an input dataclass: a name, a kind, a whole number.

    Parameters
    ----------
    default : object, optional
        The value when the plan is silent; left out, the key is compulsory.
    doc : str
        One line for the schema and the error messages.
    entry : str, optional
        The catalogue kind that the text must name.
    key : str, optional
        The key in the plan file where it differs from the field's name.
    choices : tuple of str
        The words that are allowed.
    low, high : float, optional
        Inclusive bounds of a whole or plain number; left out, a whole one is not negative.
    """
    metadata: dict[str, Any] = {"doc": doc, "entry": entry, "key": key, "choices": choices}
    metadata |= {name: edge for name, edge in (("low", low), ("high", high)) if edge is not None}
    if default is ...:
        return field(metadata=metadata)
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A value that changes on dates: from each date on, its value.

    Parameters
    ----------
    dates : tuple of Real
        Months since 2000-01, each (1,) or (N,); `ALWAYS_DATE` for "from the beginning".
    values : tuple of Real
        In the unit of the field that holds the steps.
    """

    dates: tuple[Real, ...]
    values: tuple[Real, ...]


def constant(value: Real) -> Steps:
    """Return the steps of a value that never changes."""
    return Steps((ALWAYS_DATE,), (value,))


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The months of a plan; structure, never a column.

    Parameters
    ----------
    start_date : float
        First month, months since 2000-01, whole.
    months : int
        How many, T.
    """

    start_date: float
    months: int

    @property
    def dates(self) -> Series:
        """Start of each month, months since 2000-01 (T, 1)."""
        return (self.start_date + np.arange(self.months, dtype=np.float64))[:, None]

    @property
    def years(self) -> NDArray[np.int64]:
        """Calendar year of each month (T,)."""
        whole = (self.start_date + np.arange(self.months)).astype(np.int64)
        return EPOCH_YEAR + whole // MONTHS_PER_YEAR

    @property
    def month_of_year(self) -> NDArray[np.int64]:
        """0 for January to 11 for December (T,)."""
        return (self.start_date + np.arange(self.months)).astype(np.int64) % MONTHS_PER_YEAR

    @property
    def days(self) -> NDArray[np.int64]:
        """Days in each month (T,)."""
        months = zip(self.years, self.month_of_year, strict=True)
        return np.array([days_of(int(year), int(month) + 1) for year, month in months], np.int64)

    @property
    def hours(self) -> Series:
        """Hours in each month (T, 1)."""
        return (HOURS_PER_DAY * self.days.astype(np.float64))[:, None]

    @property
    def elapsed_years(self) -> Series:
        """Years from the start to the end of each month (T, 1)."""
        return ((1.0 + np.arange(self.months, dtype=np.float64)) / MONTHS_PER_YEAR)[:, None]


def share_in_service(date: Real, calendar: Calendar) -> Series:
    """Return the share of each month after a date [-] (T, 1) or (T, N)."""
    return np.asarray(np.clip(calendar.dates + 1.0 - column(date)[None, :], 0.0, 1.0))


def on_calendar(steps: Steps, calendar: Calendar) -> Series:
    """Put steps on the months of a plan, averaged within the month.

    Parameters
    ----------
    steps : Steps
        Dates and values, each (1,) or (N,).
    calendar : Calendar
        The T months.

    Returns
    -------
    Series
        (T, 1) or (T, N), in the unit of the values.

    Notes
    -----
    Each step adds its rise over the step before, from its own date on; so dates that swap places in
    some future still make sense.
    """
    total = np.zeros((calendar.months, 1))
    before: Column = np.zeros(1)
    for date, value in zip(steps.dates, steps.values, strict=True):
        after = column(value)
        total = total + (after - before)[None, :] * share_in_service(date, calendar)
        before = after
    return total


def column(value: Real | int) -> Column:
    """Return a number as (1,), an array as it is."""
    return np.atleast_1d(np.asarray(value, dtype=np.float64))


def ratio(above: Column, below: Column, otherwise: float = np.nan) -> Column:
    """Divide, with a stated answer where the divisor is zero (any shape)."""
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    answer = np.full(shape, otherwise)
    np.divide(above, below, out=answer, where=np.not_equal(below, 0.0))
    return answer


def power(base: Column, exponent: Column | float) -> Column:
    """Raise a positive quantity to a power the same way in every shape.

    `np.power` takes short cuts that depend on shape, which would break reproduction to the bit.
    """
    return np.asarray(np.exp(np.asarray(exponent) * np.log(base)))


def over_time(series: Series) -> Column:
    """Sum a series over its months (T, N) -> (N,), alike for one and many.

    Row is added to row in order. That is what `np.add.reduce` does for rows in memory; for (T, 1),
    and for rows that are not, it would pair them differently.
    """
    if series.shape[1] > 1 and series.flags.c_contiguous:
        return np.asarray(np.add.reduce(series, axis=0, dtype=np.float64))
    return np.asarray(np.cumsum(series, axis=0, dtype=np.float64)[-1])


def added(series: Sequence[Series]) -> Series:
    """Add series one after another, in place where that is safe (T, N)."""
    total, own = series[0], False
    for one in series[1:]:
        if own and one.shape[1] <= total.shape[1]:
            np.add(total, one, out=total)
        else:
            total, own = total + one, True
    return total


def stack(rows: Sequence[Column]) -> Series:
    """Stack columns of lengths 1 and N into (len(rows), N)."""
    return np.stack(np.broadcast_arrays(*rows))
