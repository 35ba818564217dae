"""Units in names, numbers as columns, months as the calendar."""

import contextlib
import datetime as dt
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigaplan import units
from gigaplan.units import (
    ALWAYS_DATE,
    SUFFIXES,
    Calendar,
    Column,
    Series,
    Steps,
    UnitError,
    column,
    constant,
    date_text,
    factor,
    number_text,
    on_calendar,
    over_time,
    parse,
    power,
    ratio,
    registry,
    share_in_service,
    show,
    stack,
    stem,
    suffix,
    unit_text,
)

NAMES = sorted(SUFFIXES)
UNITS = [name for name in NAMES if name != "date"]


FIRST_DAY = dt.date(units.FIRST_YEAR, 1, 1)


def same_bits(left: Series, right: Series) -> bool:
    return left.shape == right.shape and left.tobytes() == right.tobytes()


# --- names ---


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("grid_mw", "mw"),
        ("price_usd_per_mwh", "usd_per_mwh"),
        ("usd_per_mwh", "usd_per_mwh"),
        ("rate_frac_per_year", "frac_per_year"),
        ("failures_count_per_chip_year", "count_per_chip_year"),
        ("write_gb_per_s_per_chip", "gb_per_s_per_chip"),
        ("from_date", "date"),
        ("layers", ""),
        ("", ""),
        ("_" * 1000, ""),
    ],
)
def test_the_longest_suffix_wins(name: str, unit: str) -> None:
    assert suffix(name) == unit


def test_a_key_is_the_name_without_its_unit() -> None:
    assert stem("price_usd_per_mwh") == "price"
    assert stem("frac") == "frac"
    assert stem("layers") == "layers"


def test_a_name_of_a_million_underscores_takes_no_time() -> None:
    start = time.process_time()
    suffix("_" * 1_000_000)
    suffix("_mw" * 300_000)
    assert time.process_time() - start < 0.5


# --- text to numbers ---


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_suffix_is_of_its_unit(name: str) -> None:
    value = parse(SUFFIXES[name].example, f"thing_{name}")
    assert np.isfinite(value)
    assert value > 0.0


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("1.2 GW", "grid_mw", 1200.0),
        ("1.2GW", "grid_mw", 1200.0),
        (" 200   MW ", "grid_mw", 200.0),
        ("1,200 MW", "grid_mw", 1200.0),
        (".5 MW", "grid_mw", 0.5),
        ("5. MW", "grid_mw", 5.0),
        ("-3 MW", "grid_mw", -3.0),
        ("+3 MW", "grid_mw", 3.0),
        ("1e3 kW", "grid_mw", 1.0),
        ("0", "grid_mw", 0.0),
        ("0 USD", "price_usd", 0.0),
        ("4.5 cent/kWh", "price_usd_per_mwh", 45.0),
        ("0.047 USD/kWh", "price_usd_per_mwh", 47.0),
        ("130 USD/kW-month", "rate_usd_per_kw_month", 130.0),
        ("130 USD/kW/month", "rate_usd_per_kw_month", 130.0),
        ("1560 USD/kW-year", "rate_usd_per_kw_month", 130.0),
        ("25 USD/(TFLOP/s)", "price_usd_per_tflops", 25.0),
        ("25 USD/TFLOPS", "price_usd_per_tflops", 25.0),
        ("65 %", "share_frac", 0.65),
        ("65%", "share_frac", 0.65),
        ("0.65", "share_frac", 0.65),
        ("150 bp", "rate_frac_per_year", 0.015),
        ("8.5 %/year", "rate_frac_per_year", 0.085),
        ("120 %", "pue_ratio", 1.2),
        ("16,384 chips", "chips_count", 16384.0),
        ("400 Gb/s", "link_gb_per_s", 50.0),
        ("80 GiB", "memory_gb", 80 * 2**30 / 1e9),
        ("80 GB", "memory_gib", 80e9 / 2**30),
        ("15.6 Ttoken", "tokens_mtoken", 15.6e6),
        ("40 ms", "tpot_s", 0.04),
        ("5 us", "latency_us", 5.0),
        ("5 \u00b5s", "latency_us", 5.0),
        ("2 weeks", "gap_days", 14.0),
        ("1.5 years", "life_months", 18.0),
        ("27 degC", "inlet_c", 27.0),
        ("27 °C", "inlet_c", 27.0),
        ("989 TFLOP/s", "dense_tflops", 989.0),
        ("0.989 PFLOPS", "dense_tflops", 989.0),
        ("771 lb", "x_t", None),
        ("350 g/kWh", "carbon_kg_per_mwh", 350.0),
        ("3.6 MJ", "energy_kwh", 1.0),
    ],
)
def test_quantities_are_read_as_people_write_them(
    text: str, name: str, value: float | None
) -> None:
    if value is None:
        with pytest.raises(UnitError):
            parse(text, name)
    else:
        assert parse(text, name) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("3 USD", "grid_mw", '"3 USD" is money; grid is a power, such as 200 MW'),
        ("200", "grid_mw", '"200" has no unit; grid is a power'),
        ("200 MQ", "grid_mw", '"MQ" is not a unit we know; grid is a power'),
        ("27 K", "inlet_c", '"K" is not a temperature in degC'),
        ("5 degC", "rise_k", "is not a unit we know"),
        ("yes", "grid_mw", '"yes" is yes or no, not a quantity; grid is a power, such as 200 MW'),
        ("No", "share_frac", "is yes or no, not a quantity"),
        ("true", "chips_count", "is yes or no, not a quantity"),
        (".nan", "grid_mw", "is not a quantity"),
        ("nan MW", "grid_mw", "is not a quantity"),
        ("inf MW", "grid_mw", "is not a quantity"),
        ("1e400 MW", "grid_mw", "is not a finite number"),
        ("-1e999 MW", "grid_mw", "is not a finite number"),
        ("9" * 70 + " MW", "grid_mw", "is not a finite number"),
        ("1e30 GW", "grid_mw", "beyond any grid"),
        ("9" * 5000, "grid_mw", "too long for a quantity"),
        ("", "grid_mw", "is not a quantity"),
        ("E0", "grid_mw", "is not a quantity"),
        (". MW", "grid_mw", "is not a quantity"),
        (".e5 MW", "grid_mw", "is not a quantity"),
        ("MW", "grid_mw", "is not a quantity"),
        ("1e MW", "grid_mw", "not a unit we know"),
        ("12:30", "gap_h", "not a unit we know"),
        ("1,00 MW", "grid_mw", "not a unit we know"),
        ("1 000 MW", "grid_mw", "not a unit we know"),
        ("0x10 MW", "grid_mw", "not a unit we know"),
        ("\u0663 MW", "grid_mw", "is not a quantity"),  # an Arabic digit
        ("1 MW**1e9", "grid_mw", "grid is a power"),
        ("1 m/s", "grid_mw", "is measured in"),
        ("2 chips", "people_count_per_mw", "people is a number per MW"),
        ("2027-13", "from_date", "not a day"),
        ("2027-02-29", "from_date", "not a day"),
        ("2100-02-29", "from_date", "not a day"),
        ("1969-12", "from_date", "not a day"),
        ("2201-01", "from_date", "not a day"),
        ("2027-6", "from_date", "not a date"),
        ("June 2027", "from_date", "not a date"),
        ("324", "from_date", "not a date"),
        ("2027-06-1\u0665", "from_date", "not a date"),
    ],
)
def test_what_is_no_quantity_is_refused_with_the_reason(text: str, name: str, words: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse(text, name)
    assert words in str(caught.value)


@given(st.text(max_size=90), st.sampled_from(NAMES))
def test_any_text_is_a_finite_number_or_a_unit_error(text: str, name: str) -> None:
    with contextlib.suppress(UnitError):
        assert np.isfinite(parse(text, f"x_{name}"))


@given(st.text("0123456789eE+-.,*/^%()[] _MWkGUSDabhs", max_size=80), st.sampled_from(NAMES))
def test_any_text_of_the_right_letters_too(text: str, name: str) -> None:
    start = time.process_time()
    with contextlib.suppress(UnitError):
        assert np.isfinite(parse(text, f"x_{name}"))
    assert time.process_time() - start < 1.0


def test_what_is_remembered_is_bounded() -> None:
    for cached in (parse, factor, suffix, stem, unit_text):
        assert cached.cache_info().maxsize is not None


@pytest.mark.parametrize("name", sorted(units.USUAL))
def test_the_usual_units_are_what_pint_says(name: str) -> None:
    house = registry().parse_units(unit_text(SUFFIXES[name].unit))
    for text, times in units.USUAL[name].items():
        given_unit = registry().parse_units(unit_text(text))
        if name in {"frac_per_year", "count"}:  # a share for a share a year; a chip for one
            house = registry().parse_units("chip" if name == "count" else "")
        assert float((1.0 * given_unit).to(house).magnitude) == pytest.approx(times, rel=1e-15)


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_of_a_suffix_is_pints_own(name: str) -> None:
    unit = SUFFIXES[name].unit
    if unit != "degC":
        house = registry().parse_units(unit_text(unit))
        assert float((1.0 * house).to(house).magnitude) == 1.0


# --- numbers to text ---


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize(
    "value", [1e-6, 0.00123456, 0.5, 1.0, 999.96, 1234.5, 98304.0, 4.7e9, 3e22]
)
def test_what_is_shown_reads_back_to_four_figures(name: str, value: float) -> None:
    for number in (value, -value):
        assert parse(show(number, f"x_{name}"), f"x_{name}") == pytest.approx(number, rel=5.1e-4)


@given(st.floats(1e-20, 1e19), st.sampled_from(UNITS))
def test_any_number_reads_back(value: float, name: str) -> None:
    assert parse(show(value, f"x_{name}"), f"x_{name}") == pytest.approx(value, rel=5.1e-4)


def test_numbers_are_shown_for_people() -> None:
    assert show(4.7e9, "capex_usd") == "4.7 BUSD"
    assert show(16384.0, "chips_count") == "16,384"
    assert show(0.085, "rate_frac_per_year") == "8.5 %"
    assert show(1.2, "pue_ratio") == "1.2"
    assert show(np.nan, "capex_usd") == "none"
    assert show(0.0, "grid_mw") == "0 MW"
    assert number_text(999.96) == "1,000"
    assert number_text(0.00001) == "1e-05"


# --- dates ---


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2000-01", 0.0),
        ("2000-01-01", 0.0),
        ("2027", 324.0),
        ("2027-06", 329.0),
        ("2027-06-16", 329.5),
        ("2024-02-29", 289.0 + 28 / 29),
        ("1999-12", -1.0),
        ("2000-02-29", 1.0 + 28 / 29),
    ],
)
def test_dates_are_months_since_2000(text: str, date: float) -> None:
    assert parse(text, "from_date") == pytest.approx(date, abs=1e-12)


@given(st.dates(min_value=FIRST_DAY))
def test_any_day_reads_back_to_its_month(day: object) -> None:
    text = str(day)
    if int(text[:4]) <= units.LAST_YEAR:
        date = parse(text, "from_date")
        assert date_text(date) == text[:7]
        assert 0.0 <= date - np.floor(date) < 1.0


def test_dates_without_a_month_have_words() -> None:
    assert date_text(np.nan) == "never"
    assert date_text(ALWAYS_DATE) == "always"
    assert show(329.0, "from_date") == "2027-06"


# --- the calendar ---


def test_a_calendar_knows_its_months() -> None:
    calendar = Calendar(start_date=parse("2027-11", "x_date"), months=5)
    assert calendar.dates[:, 0].tolist() == [334.0, 335.0, 336.0, 337.0, 338.0]
    assert calendar.years.tolist() == [2027, 2027, 2028, 2028, 2028]
    assert calendar.month_of_year.tolist() == [10, 11, 0, 1, 2]
    assert calendar.days.tolist() == [30, 31, 31, 29, 31]
    assert calendar.hours[:, 0].tolist() == [720.0, 744.0, 744.0, 696.0, 744.0]
    assert calendar.elapsed_years[-1, 0] == pytest.approx(5 / 12)
    assert calendar.dates.shape == calendar.hours.shape == calendar.elapsed_years.shape == (5, 1)


def test_a_century_is_no_leap_year() -> None:
    assert Calendar(start_date=parse("2100-02", "x_date"), months=1).days.tolist() == [28]
    assert Calendar(start_date=parse("2000-02", "x_date"), months=1).days.tolist() == [29]


CALENDAR = Calendar(start_date=0.0, months=6)


def test_a_month_is_in_service_by_its_share() -> None:
    share = share_in_service(2.25, CALENDAR)
    assert share[:, 0].tolist() == [0.0, 0.0, 0.75, 1.0, 1.0, 1.0]


def test_steps_are_averaged_within_the_month() -> None:
    steps = Steps((1.0, 3.5), (200.0, 600.0))
    assert on_calendar(steps, CALENDAR)[:, 0].tolist() == [0.0, 200.0, 200.0, 400.0, 600.0, 600.0]


def test_a_constant_is_one_in_every_month() -> None:
    assert on_calendar(constant(5.0), CALENDAR)[:, 0].tolist() == [5.0] * 6


def test_steps_before_and_after_the_plan_count_and_do_not() -> None:
    steps = Steps((-100.0, 100.0), (2.0, 7.0))
    assert on_calendar(steps, CALENDAR)[:, 0].tolist() == [2.0] * 6


def test_dates_that_swap_places_in_a_future_still_make_sense() -> None:
    # in the second future the rise of the second step comes before that of the first
    steps = Steps((np.array([1.0, 4.0]), np.array([3.0, 2.0])), (200.0, 600.0))
    result = on_calendar(steps, CALENDAR)
    assert result[:, 0].tolist() == [0.0, 200.0, 200.0, 600.0, 600.0, 600.0]
    assert result[:, 1].tolist() == [0.0, 0.0, 400.0, 400.0, 600.0, 600.0]


def test_columns_of_values_and_of_dates_broadcast() -> None:
    values = np.array([1.0, 2.0, 3.0])
    result = on_calendar(Steps((1.5,), (values,)), CALENDAR)
    assert result.shape == (6, 3)
    assert result[1].tolist() == [0.5, 1.0, 1.5]


def test_as_many_futures_as_months_are_no_different() -> None:
    count = CALENDAR.months
    dates = np.linspace(0.0, 5.9, count)
    values = np.linspace(1.0, 2.0, count)
    steps = Steps((dates, dates + 1.3), (values, values * 3.0))
    together = on_calendar(steps, CALENDAR)
    assert together.shape == (count, count)
    for index in range(count):
        one = slice(index, index + 1)
        alone = Steps((dates[one], dates[one] + 1.3), (values[one], values[one] * 3.0))
        assert same_bits(on_calendar(alone, CALENDAR), together[:, one].copy())


@given(st.lists(st.tuples(st.floats(-3, 9), st.floats(-1e6, 1e6)), min_size=1, max_size=4))
def test_the_last_value_holds_once_all_steps_have_come(steps: list[tuple[float, float]]) -> None:
    dates, values = zip(*sorted(steps), strict=True)
    result = on_calendar(Steps(dates, values), Calendar(start_date=9.0, months=2))
    assert result[-1, 0] == pytest.approx(values[-1], rel=1e-9, abs=1e-6)


# --- arithmetic ---


def test_division_by_zero_has_a_stated_answer() -> None:
    assert ratio(np.array([1.0, 6.0]), np.array([0.0, 3.0]), 7.0).tolist() == [7.0, 2.0]
    assert np.isnan(ratio(column(1.0), column(0.0)))[0]
    assert ratio(column(1.0), np.array([[2.0], [0.0]]), 0.0).tolist() == [[0.5], [0.0]]


def rows_added(series: Series) -> Column:
    total: Column = series[0].copy()
    for row in series[1:]:
        total = total + row
    return total


@pytest.mark.parametrize("shape", [(1, 1), (240, 1), (240, 7), (240, 240), (37, 1000)])
def test_sums_over_time_equal_row_loops_to_the_bit(shape: tuple[int, int]) -> None:
    series = np.random.default_rng(5).lognormal(0.0, 9.0, shape)
    assert same_bits(over_time(series), rows_added(series))
    assert same_bits(over_time(np.asfortranarray(series)), rows_added(series))
    one = over_time(series[:, :1].copy())
    assert same_bits(one, over_time(series)[:1])


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64, 1000])
def test_powers_have_the_same_bits_alone_and_among_many(count: int) -> None:
    rng = np.random.default_rng(count)
    base, exponent = rng.uniform(1e-3, 1e3, count), rng.uniform(-4, 4, count)
    together = power(base, exponent)
    assert np.allclose(together, base**exponent, rtol=1e-13)
    for index in range(min(count, 70)):
        one = slice(index, index + 1)
        assert same_bits(power(base[one].copy(), exponent[one].copy()), together[one].copy())
    spread = np.repeat(base, 2)[::2]  # not contiguous
    assert same_bits(power(spread, exponent), together)
    wide = np.broadcast_to(base[:1], (count,))  # a stride of zero
    assert same_bits(power(wide, exponent)[:1].copy(), together[:1].copy())
    assert same_bits(power(np.tile(base, (3, 1)), exponent)[1].copy(), together)


def test_a_number_becomes_a_column() -> None:
    assert column(3).shape == (1,)
    assert column(3).dtype == np.float64
    futures = np.array([1.0, 2.0])
    assert column(futures) is futures


def test_rows_stack_into_a_series() -> None:
    assert stack([column(1.0), np.array([2.0, 3.0])]).tolist() == [[1.0, 1.0], [2.0, 3.0]]
