from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.indicators import INDICATORS, statement
from ..tools.sources import Window
from .aftersales_repair_order import KINDS


class AftersalesCorrectiveIndicatorMixin(models.AbstractModel):
    """What the effect of an action is measured by, fixed before the work starts: indicator, part of the store, target, window.

    The indicators are figures of the monthly report (`tools/indicators.py`), counted for days of the store.
    """

    _name = "aftersales.corrective.indicator.mixin"
    _description = "Corrective Action: Indicator"

    indicator = fields.Selection(
        [
            ("problem_rate", "Customers who named the problem"),
            ("question_good", "Good answers to a question"),
            ("satisfied_rate", "Satisfied with the last repair"),
            ("complaints_per_100", "Complaints per 100 orders"),
            ("comebacks", "Comebacks"),
            ("first_time_fix", "First-time-fix rate"),
            ("handled_in_time", "Handled in time"),
            ("second_satisfied", "Satisfied at the second callback"),
            ("made_rate", "Callbacks made"),
            ("success_rate", "Successful callbacks"),
        ],
        default="problem_rate",
        required=True,
        help="A figure of the monthly report, counted for the window instead of a month.",
    )
    indicator_scope = fields.Selection(
        [
            ("store", "Whole store"),
            ("advisor", "One service advisor"),
            ("brand", "One brand"),
            ("order_kind", "One kind of work"),
        ],
        "Measured for",
        default="store",
        required=True,
        help="Kind of work: what the workshop, the body shop or the maintenance bay does, by the kind of the repair order.",
    )
    scope_advisor_id = fields.Many2one(
        "res.users", "Measured Advisor", index="btree_not_null", check_company=True, ondelete="restrict"
    )
    scope_brand_id = fields.Many2one("fleet.vehicle.model.brand", "Measured Brand", ondelete="restrict")
    scope_order_kind = fields.Selection(KINDS, "Measured Kind of Work")
    indicator_question_id = fields.Many2one(
        "aftersales.question",
        "Question",
        ondelete="restrict",
        help="Counted in every version of the questionnaire that has it.",
    )
    indicator_kind_id = fields.Many2one(
        "aftersales.complaint.kind",
        "Only Complaints of the Kind",
        ondelete="restrict",
        check_company=True,
        help="With all kinds below it. Empty: every kind.",
    )
    indicator_cause_id = fields.Many2one(
        "aftersales.cause",
        "Only Complaints with the Cause",
        ondelete="restrict",
        check_company=True,
        help="With all causes below it. A complaint has a cause once it is investigated.",
    )
    indicator_filters = fields.Char(compute="_compute_indicator_traits")
    indicator_better = fields.Selection(
        [("lower", "at most"), ("higher", "at least")], compute="_compute_indicator_traits"
    )
    indicator_unit = fields.Char(compute="_compute_indicator_traits")
    indicator_text = fields.Char("Indicator in Words", compute="_compute_indicator_text")
    target = fields.Float(
        digits=(6, 1), aggregator="avg", help="At most or at least this much, as the indicator is better low or high."
    )
    window_days = fields.Integer(
        "Window (Days)",
        default=lambda self: self.env.company.aftersales_effect_window or 30,
        required=True,
        help="As many days of the store before the work and after it.",
    )
    _window_positive = models.Constraint("CHECK(window_days > 0)", "The window of the effect is at least one day.")
    _target_positive = models.Constraint("CHECK(target >= 0)", "The target cannot be negative.")

    # ------------------------------------------------------------
    # CONSTRAINTS AND COMPUTES
    # ------------------------------------------------------------

    @api.constrains("target", "indicator")
    def _check_target(self):
        for action in self:
            if action.target > 100 and not INDICATORS[action.indicator].is_rate:
                raise ValidationError(self.env._("The target is a share: choose a number from 0 to 100."))

    @api.depends_context("lang")
    @api.depends("indicator")
    def _compute_indicator_traits(self):
        for action in self:
            indicator = INDICATORS.get(action.indicator)
            action.indicator_filters = ",".join(indicator.filters) if indicator else ""
            action.indicator_better = indicator and indicator.better
            action.indicator_unit = self.env._("per 100") if indicator and indicator.is_rate else "%"

    @api.depends_context("lang")
    @api.depends(
        "indicator",
        "indicator_scope",
        "scope_advisor_id",
        "scope_brand_id",
        "scope_order_kind",
        "indicator_question_id",
        "indicator_kind_id",
        "indicator_cause_id",
        "problem_category_id",
    )
    def _compute_indicator_text(self):
        for action in self:
            filters = action._indicator_filter_records()
            details = [records.display_name for records in filters.values() if records]
            scope = action._indicator_scope_value()
            if action.indicator_scope == "order_kind":
                details.append(action._selection_label("scope_order_kind") or "")
            elif scope:
                details.append(scope.display_name)
            label = action._selection_label("indicator") or ""
            action.indicator_text = f"{label} ({', '.join(details)})" if details else label

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _indicator_reasons(self):
        """Return what the indicator still lacks."""
        self.ensure_one()
        reasons = []
        filters = self._indicator_filter_records()
        missing = [name for name in INDICATORS[self.indicator].needs if not filters[name]]
        if "category" in missing:
            reasons.append(self.env._("Choose the problem category that the indicator counts."))
        if "question" in missing:
            reasons.append(self.env._("Choose the question whose good answers are counted."))
        if self.indicator_scope != "store" and not self._indicator_scope_value():
            reasons.append(self.env._("Choose what the indicator is measured for: advisor, brand or kind of work."))
        return reasons

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _indicator_scope_value(self):
        """The advisor, brand or kind that the indicator is narrowed down to; False for the whole store."""
        self.ensure_one()
        names = {"advisor": "scope_advisor_id", "brand": "scope_brand_id", "order_kind": "scope_order_kind"}
        return self.indicator_scope != "store" and self[names[self.indicator_scope]]

    def _indicator_filter_records(self):
        """``{filter: record}`` of the filters that the indicator knows."""
        self.ensure_one()
        records = {
            "category": self.problem_category_id,
            "question": self.indicator_question_id,
            "kind": self.indicator_kind_id,
            "cause": self.indicator_cause_id,
        }
        indicator = INDICATORS.get(self.indicator)
        return {name: records[name] for name in indicator.filters} if indicator else {}

    def _indicator_filter_values(self):
        """``{filter: ids or keys}``: a category, kind or cause stands for all below it as well."""
        values = {}
        for name, record in self._indicator_filter_records().items():
            if not record:
                continue
            if name == "question":
                values[name] = [record.code or str(record.id)]
            else:
                branch = record.with_context(active_test=False).sudo()
                values[name] = branch.search([("id", "child_of", record.id)]).ids
        return values

    def _indicator_lag(self):
        """Days between a repair and the day that it is counted by: what was repaired before the work ended is not its effect."""
        self.ensure_one()
        company = self.company_id
        return {
            "callback": company.aftersales_callback_due_days,
            "comeback": company.aftersales_comeback_days,
            None: 0,
        }[INDICATORS[self.indicator].lag]

    def _indicator_before(self, day):
        """First and last day of the window before `day`, the day itself excluded."""
        return day - timedelta(days=self.window_days), day - timedelta(days=1)

    def _indicator_after(self, day):
        """First and last day by which repairs of the window after `day` are counted, the day itself excluded."""
        first = day + timedelta(days=1 + self._indicator_lag())
        return first, first + timedelta(days=self.window_days - 1)

    def _measure_indicator(self, date_from, date_to):
        """Count the indicator from the records as they are.

        :param date date_from: first day of the store
        :param date date_to: last day, included; before `date_from`: nothing has happened yet, which counts as (0, 0)
        :return: (count, n)
        """
        self.ensure_one()
        if date_to < date_from:
            return 0, 0
        company = self.company_id
        scope = self._indicator_scope_value()
        code, values = statement(
            self.indicator,
            (self.indicator_scope, scope.id if isinstance(scope, models.BaseModel) else scope),
            self._indicator_filter_values(),
        )
        window = Window(
            company=company.id,
            date_from=date_from,
            date_to=date_to,
            start=company._aftersales_day_start(date_from),
            end=company._aftersales_day_start(date_to + timedelta(days=1)),
            tz=str(company._aftersales_tz()),
            satisfied=company.aftersales_satisfied_score,
            fix_days=company.aftersales_comeback_days,
            return_days=0,
        )
        self.env.flush_all()
        return self.env.execute_query(SQL(code, **window._asdict(), **values))[0]
