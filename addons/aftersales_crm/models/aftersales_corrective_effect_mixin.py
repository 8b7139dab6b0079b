from datetime import timedelta

from odoo import api, fields, models

from ..tools import chance
from ..tools.corrective import percent, show_share
from ..tools.indicators import INDICATORS

# What is kept of one side of the comparison
_SIDE = ("", "_numerator", "_n")


class AftersalesCorrectiveEffectMixin(models.AbstractModel):
    """The effect of a corrective action: its indicator before the work and after it, each with its n.

    Before: the days of the window before the work started. After: as many days of repairs after the day on which it was
    done, counted once they can be known (`tools/indicators.py` says which figure needs days to pass). It is measured from
    the records as they are; what was found at the verification is kept as it was. Whether the difference is more than
    chance is said by an exact test (`tools/chance.py`); the supervisor concludes.
    """

    _name = "aftersales.corrective.effect.mixin"
    _description = "Corrective Action: Effect"
    _inherit = ["aftersales.protected.mixin", "aftersales.corrective.indicator.mixin"]

    _protected_fields = frozenset(
        {
            "baseline",
            "baseline_numerator",
            "baseline_n",
            "effect_before",
            "effect_before_numerator",
            "effect_before_n",
            "effect_after",
            "effect_after_numerator",
            "effect_after_n",
            "effect_p",
            "effect_has_p",
            "effect_conclusion",
            "effective",
        }
    )

    baseline = fields.Float(
        digits=(6, 1),
        copy=False,
        readonly=True,
        aggregator="avg",
        help="The indicator in the window before the plan was submitted.",
    )
    baseline_numerator = fields.Integer("Baseline Count", copy=False, readonly=True)
    baseline_n = fields.Integer("Baseline n", copy=False, readonly=True)
    effect_before = fields.Float("Before", digits=(6, 1), copy=False, readonly=True, aggregator="avg")
    effect_before_numerator = fields.Integer("Before Count", copy=False, readonly=True)
    effect_before_n = fields.Integer("Before n", copy=False, readonly=True)
    effect_after = fields.Float("After", digits=(6, 1), copy=False, readonly=True, aggregator="avg")
    effect_after_numerator = fields.Integer("After Count", copy=False, readonly=True)
    effect_after_n = fields.Integer("After n", copy=False, readonly=True)
    effect_p = fields.Float(
        "p-value",
        digits=(6, 4),
        copy=False,
        readonly=True,
        aggregator=None,
        help="How often chance alone would show a difference as large as this one: exact, two-sided.",
    )
    effect_has_p = fields.Boolean("Tested", copy=False, readonly=True)
    effect_conclusion = fields.Text("Conclusion on the Effect", copy=False, readonly=True)
    effective = fields.Selection([("yes", "Effective"), ("no", "Not Effective")], "Effect", copy=False, readonly=True)
    effect_text = fields.Text("Effect in Words", compute="_compute_effect_text")
    date_effect_due = fields.Date(
        "Effect Known on",
        compute="_compute_date_effect_due",
        store=True,
        help="The window after the work has ended, and what is counted in it can be known.",
    )
    _baseline_positive = models.Constraint("CHECK(baseline >= 0)", "The baseline cannot be negative.")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("date_done", "window_days", "indicator")
    def _compute_date_effect_due(self):
        for action in self:
            done = action._get_day(action.date_done)
            action.date_effect_due = done and action._indicator_after(done)[1] + timedelta(days=1)

    @api.depends_context("lang")
    @api.depends("effective", "date_done", "state", "indicator", "target", "effect_after_n")
    def _compute_effect_text(self):
        for action in self:
            if action.effective:
                action.effect_text = action._format_effect(action._get_effect_kept())
            elif action.date_done and action.date_started:
                action.effect_text = action._get_effect_preview(fields.Datetime.now())
            else:
                action.effect_text = False

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_day(self, moment):
        """The store's day of a moment, or False."""
        self.ensure_one()
        return bool(moment) and self.company_id._aftersales_local(moment).date()

    def _prepare_baseline_values(self, now):
        """Return the indicator in the window before the plan is submitted."""
        count, n = self._measure_indicator(*self._indicator_before(self._get_day(now)))
        return {"baseline": percent(count, n), "baseline_numerator": count, "baseline_n": n}

    def _prepare_effect_values(self, now):
        """Return the indicator before the start and after the end of the work, each with its n, and the test of chance.

        Before the window has ended, as far as it is known today.
        """
        self.ensure_one()
        before, before_n = self._measure_indicator(*self._indicator_before(self._get_day(self.date_started)))
        date_from, date_to = self._indicator_after(self._get_day(self.date_done))
        after, after_n = self._measure_indicator(date_from, min(date_to, self._get_day(now)))
        test = chance.rates if INDICATORS[self.indicator].is_rate else chance.fisher
        probability = test(before, before_n, after, after_n)
        return {
            "effect_before": percent(before, before_n),
            "effect_before_numerator": before,
            "effect_before_n": before_n,
            "effect_after": percent(after, after_n),
            "effect_after_numerator": after,
            "effect_after_n": after_n,
            "effect_p": probability or 0.0,
            "effect_has_p": probability is not None,
        }

    def _get_effect_kept(self):
        names = [f"effect_{side}{part}" for side in ("before", "after") for part in _SIDE]
        return {name: self[name] for name in (*names, "effect_p", "effect_has_p")}

    def _get_effect_sentence(self):
        """Return the effect as it was kept at the verification."""
        self.ensure_one()
        return " ".join(filter(None, [self._format_effect(self._get_effect_kept()), self.effect_conclusion]))

    def _get_effect_preview(self, now):
        """Return the effect as the records tell it now."""
        self.ensure_one()
        return self._format_effect(self._prepare_effect_values(now))

    def _is_target_met(self, values):
        if self.indicator_better == "lower":
            return values["effect_after"] <= self.target
        return values["effect_after"] >= self.target

    def _format_effect(self, values):
        """Before, after, target and chance, in plain sentences."""

        def show(name):
            return show_share(values[name], values[f"{name}_numerator"], values[f"{name}_n"], self.indicator_unit)

        sentences = [
            self.env._(
                "%(indicator)s: before %(before)s, after %(after)s, target %(better)s %(target)s.",
                indicator=self.indicator_text,
                before=show("effect_before"),
                after=show("effect_after"),
                better=self._selection_label("indicator_better"),
                target=f"{self.target:.1f} {self.indicator_unit}",
            )
        ]
        if not values["effect_has_p"]:
            sentences.append(self.env._("Too few cases: one side has none, so that nothing can be compared."))
            return " ".join(sentences)
        if self._is_target_met(values):
            sentences.append(self.env._("The target is reached."))
        else:
            sentences.append(self.env._("The target is missed."))
        sentences.append(self._format_chance(values["effect_p"]))
        return " ".join(sentences)

    def _format_chance(self, probability):
        if INDICATORS[self.indicator].is_rate:
            test = self.env._("exact test of two rates")
        else:
            test = self.env._("Fisher's exact test")
        values = {"test": test, "p": "< 0.001" if probability < 0.001 else f"= {probability:.3f}"}
        if probability < chance.LEVEL:
            return self.env._("The difference is more than chance explains (%(test)s, p %(p)s).", **values)
        return self.env._("The difference may be chance (%(test)s, p %(p)s).", **values)
