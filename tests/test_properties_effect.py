"""The effect of corrective actions: exact tests against whole-number arithmetic, indicators against a recount."""

import importlib.util
import json
import re
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import odoo_shell
from harness.paths import REPO

FILE = REPO / "addons" / "aftersales_crm" / "tools" / "chance.py"
spec = importlib.util.spec_from_file_location("chance", FILE)
chance = importlib.util.module_from_spec(spec)
spec.loader.exec_module(chance)


def two_sided(weights, observed):
    """Share of all outcomes that are no likelier than the observed one, exactly."""
    return Fraction(sum(w for w in weights if w <= weights[observed]), sum(weights))


def fisher(a, n, b, m):
    low, high = max(0, a + b - m), min(a + b, n)
    return two_sided([comb(n, k) * comb(m, a + b - k) for k in range(low, high + 1)], a - low)


def rates(a, n, b, m):
    return two_sided([comb(a + b, k) * n**k * m ** (a + b - k) for k in range(a + b + 1)], a)


@st.composite
def shares(draw):
    n, m = draw(st.integers(1, 150)), draw(st.integers(1, 150))
    return draw(st.integers(0, n)), n, draw(st.integers(0, m)), m


@settings(max_examples=500, deadline=None)
@given(shares())
def test_fisher_is_exact(table):
    """The p-value of two shares is the share of equally or less likely tables."""
    assert chance.fisher(*table) == pytest.approx(float(fisher(*table)), abs=1e-9)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 60), st.integers(1, 3000), st.integers(0, 60), st.integers(1, 3000))
def test_rates_are_exact(a, n, b, m):
    """The p-value of two rates is the binomial one, given all events."""
    assert chance.rates(a, n, b, m) == pytest.approx(float(rates(a, n, b, m)), abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(shares())
def test_before_and_after_change_places(table):
    """What is before and what is after does not matter for chance; equal shares are always chance."""
    a, n, b, m = table
    assert chance.fisher(a, n, b, m) == pytest.approx(chance.fisher(b, m, a, n), abs=1e-9)
    assert chance.fisher(a, n, a, n) == pytest.approx(1.0)


def test_published_examples():
    """Fisher's lady tasting tea (3 of 4 cups each way) and his convicts with twins (10 of 13 against 2 of 17)."""
    assert chance.fisher(3, 4, 1, 4) == pytest.approx(0.4857, abs=1e-4)
    assert chance.fisher(10, 12, 3, 18) == pytest.approx(0.0005367, abs=1e-7)


def test_large_store():
    """A month of 20,000 callbacks a side neither overflows nor loses the small difference."""
    assert chance.fisher(2000, 20000, 2000, 20000) == pytest.approx(1.0)
    assert chance.fisher(2000, 20000, 1500, 20000) < 1e-15
    assert chance.rates(3000, 20000, 10, 20000) < 1e-15


def test_nothing_to_compare():
    """Without a case on one side nothing is said, and a count that cannot be is refused."""
    assert chance.fisher(0, 0, 1, 4) is None
    assert chance.rates(3, 10, 2, 0) is None
    for wrong in ((5, 4, 0, 4), (-1, 4, 0, 4)):
        with pytest.raises(ValueError, match="0 to n"):
            chance.fisher(*wrong)
    with pytest.raises(ValueError, match="negative"):
        chance.rates(-1, 4, 0, 4)


def test_indicators_of_random_histories(odoo_env, database: str):
    """Measured over any window and part of the store, each indicator equals a plain count over the history itself."""
    script = (REPO / "tests" / "effect_histories.py").read_text(encoding="utf-8")
    done = odoo_shell.run(odoo_env, database, f"EXAMPLES = 60\n{script}", timeout=300)
    seen = re.search(r"HISTORIES (\{.*\})", done.stdout)
    assert seen, done.stderr[-3000:]
    seen = json.loads(seen[1])
    assert seen["histories"] >= 50
    assert seen["compared"] >= seen["histories"] * 4 * seen["codes"]
    counted = {name: number for name, number in seen.items() if name.startswith("counted ")}
    assert len(counted) == seen["codes"] == 9
    assert min(counted.values()) >= 3, counted
