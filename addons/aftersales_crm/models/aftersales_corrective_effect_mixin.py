from datetime import timedelta

from odoo import api, fields, models

from ..tools.corrective import percent, show_share


class AftersalesCorrectiveEffectMixin(models.AbstractModel):
    """The effect of a corrective action: one indicator, fixed before the work starts, before and after it, each with its n.

    It is measured from the records as they are: completed callbacks, complaints, comebacks. What was found at the
    verification is kept as it was.
    """

    _name = "aftersales.corrective.effect.mixin"
    _description = "Corrective Action: Effect"
    _inherit = ["aftersales.protected.mixin"]

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
            "effect_conclusion",
            "effective",
        }
    )

    indicator = fields.Selection(
        [
            ("problem_share", "Share of the problem among completed callbacks"),
            ("complaints_100", "Complaints per 100 orders"),
            ("comebacks", "Comebacks per 100 orders"),
        ],
        default="problem_share",
        required=True,
    )
    baseline = fields.Float(
        "Baseline (%)",
        digits=(6, 1),
        copy=False,
        readonly=True,
        aggregator="avg",
        help="The indicator before the work, in percent.",
    )
    target = fields.Float("Target (%)", digits=(6, 1), aggregator="avg", help="At most this much, in percent.")
    window_days = fields.Integer(
        "Window (Days)", default=lambda self: self.env.company.aftersales_effect_window or 30, required=True
    )
    baseline_numerator = fields.Integer("Baseline Count", copy=False, readonly=True)
    baseline_n = fields.Integer("Baseline n", copy=False, readonly=True)
    effect_before = fields.Float("Before (%)", digits=(6, 1), copy=False, readonly=True, aggregator="avg")
    effect_before_numerator = fields.Integer("Before Count", copy=False, readonly=True)
    effect_before_n = fields.Integer("Before n", copy=False, readonly=True)
    effect_after = fields.Float("After (%)", digits=(6, 1), copy=False, readonly=True, aggregator="avg")
    effect_after_numerator = fields.Integer("After Count", copy=False, readonly=True)
    effect_after_n = fields.Integer("After n", copy=False, readonly=True)
    effect_conclusion = fields.Text("Conclusion on the Effect", copy=False, readonly=True)
    effective = fields.Selection([("yes", "Effective"), ("no", "Not Effective")], "Effect", copy=False, readonly=True)
    date_effect_due = fields.Date(
        "Effect Measured on", compute="_compute_date_effect_due", help="The window after the work ends here."
    )
    _window_positive = models.Constraint("CHECK(window_days > 0)", "The window of the effect is at least one day.")
    _percent_range = models.Constraint(
        "CHECK(target >= 0 AND baseline >= 0)", "Baseline and target cannot be negative."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("date_done", "window_days")
    def _compute_date_effect_due(self):
        for action in self:
            done = action.date_done and action.company_id._aftersales_local(action.date_done).date()
            action.date_effect_due = done and done + timedelta(days=action.window_days)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_window_before(self, moment):
        return moment - timedelta(days=self.window_days), moment

    def _measure_indicator(self, start, end):
        """Return (count, n) of the indicator between two moments, from the records as they are.

        :param datetime start: naive UTC, included
        :param datetime end: naive UTC, excluded
        """
        self.ensure_one()
        if self.indicator == "problem_share":
            return self._measure_problem_share(start, end)
        period = self._period_domain("date_out", start, end)
        Order_sudo = self.env["aftersales.repair.order"].sudo()
        delivered = [*period, ("state", "!=", "cancelled")]
        n = Order_sudo.search_count(delivered)
        if self.indicator == "comebacks":
            return Order_sudo.search_count([*delivered, ("is_comeback", "=", True)]), n
        return self._count_complaints(start, end), n

    def _period_domain(self, name, start, end):
        return [("company_id", "=", self.company_id.id), (name, ">=", start), (name, "<", end)]

    def _measure_problem_share(self, start, end):
        Callback_sudo = self.env["aftersales.callback"].sudo()
        done = [*self._period_domain("date_done", start, end), ("is_completed", "=", True)]
        problem = [("is_problem", "=", True), ("problem_category_id", "child_of", self.problem_category_id.ids)]
        return Callback_sudo.search_count([*done, ("answer_ids", "any", problem)]), Callback_sudo.search_count(done)

    def _count_complaints(self, start, end):
        domain = [
            *self._period_domain("date_received", start, end),
            ("nature", "=", "complaint"),
            ("state", "!=", "merged"),
        ]
        if self.problem_category_id:
            domain.append(("problem_category_id", "child_of", self.problem_category_id.ids))
        return self.env["aftersales.complaint"].sudo().search_count(domain)

    def _prepare_baseline_values(self, now):
        """Return the indicator in the window before the plan is submitted."""
        count, n = self._measure_indicator(*self._get_window_before(now))
        return {"baseline": percent(count, n), "baseline_numerator": count, "baseline_n": n}

    def _prepare_effect_values(self, now):
        """Return the indicator before the start and after the end of the work, each with its n."""
        self.ensure_one()
        before, before_n = self._measure_indicator(*self._get_window_before(self.date_started))
        end = min(self.date_done + timedelta(days=self.window_days), now)
        after, after_n = self._measure_indicator(self.date_done, end)
        return {
            "effect_before": percent(before, before_n),
            "effect_before_numerator": before,
            "effect_before_n": before_n,
            "effect_after": percent(after, after_n),
            "effect_after_numerator": after,
            "effect_after_n": after_n,
        }

    def _get_effect_sentence(self):
        """Return the effect as it was kept at the verification."""
        self.ensure_one()
        names = ("effect_before", "effect_before_numerator", "effect_before_n")
        names += ("effect_after", "effect_after_numerator", "effect_after_n")
        sentence = self._format_effect({name: self[name] for name in names})
        return " ".join(filter(None, [sentence, self.effect_conclusion]))

    def _get_effect_preview(self, now):
        """Return the effect as the records tell it now."""
        self.ensure_one()
        return self._format_effect(self._prepare_effect_values(now))

    def _format_effect(self, values):
        def show(name):
            return show_share(values[name], values[f"{name}_numerator"], values[f"{name}_n"])

        return self.env._(
            "%(indicator)s: before %(before)s, after %(after)s, target at most %(target)s.",
            indicator=self._selection_label("indicator"),
            before=show("effect_before"),
            after=show("effect_after"),
            target=f"{self.target:.1f} %",
        )
