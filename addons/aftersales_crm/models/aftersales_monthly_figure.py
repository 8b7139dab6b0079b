from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.measures import MEASURES, part_condition, part_source
from .aftersales_monthly_base import SOURCE_MODELS

DASH = "–"


class AftersalesMonthlyFigure(models.Model):
    """One figure of one monthly report: numerator, denominator, n, and the same figure a month and a year before.

    What a figure counts stands in `tools/measures.py` alone. Rows are written once, with the report's base.
    """

    _name = "aftersales.monthly.figure"
    _description = "Monthly Figure"
    _inherit = ["aftersales.protected.mixin", "aftersales.monthly.counting.mixin", "aftersales.monthly.group.mixin"]
    _order = "month desc, company_id, sequence, dimension, denominator desc, numerator desc, key"
    _protected_append_only = True
    _log_access = False

    # Searched with the rights of the report: who reads figures alone must not ask for its texts by paths
    report_id = fields.Many2one("aftersales.monthly.report", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", "Store", required=True, ondelete="restrict", index=True)
    month = fields.Date(required=True, index=True)
    is_current = fields.Boolean("Latest Revision", help="The figures of a revised report stay, but no longer count.")
    # Which figure
    sequence = fields.Integer(aggregator=None)
    measure = fields.Selection(
        [
            ("due", "Due"),
            ("made", "Made"),
            ("made_rate", "Made Rate"),
            ("successful", "Successful"),
            ("success_rate", "Success Rate"),
            ("cancelled", "Cancelled for a Valid Reason"),
            ("missed", "Missed"),
            ("unreachable", "Unreachable"),
            ("refused", "Refused"),
            ("attempts", "Attempts"),
            ("connect_rate", "Connect Rate"),
            ("satisfaction_mean", "Satisfaction with Last Repair (Mean)"),
            ("satisfied_rate", "Satisfied with Last Repair"),
            ("score_share", "Share of Each Score"),
            ("question_good", "Good Answers"),
            ("problem_share", "Frequent Problems"),
            ("problems", "Problems Reported"),
            ("complaints", "Complaints"),
            ("grievances", "Grievances"),
            ("complaints_per_100", "Complaints per 100 Orders"),
            ("handled_in_time", "Handled in Time"),
            ("handling_late", "Still Running and Late"),
            ("reopened", "Reopened"),
            ("second_satisfied", "Second Callback: Satisfied"),
            ("orders", "Repair Orders"),
            ("comebacks", "Comebacks"),
            ("first_time_fix", "First-Time-Fix Rate"),
            ("lost_called", "Lost Customers Called"),
            ("lost_returned", "Lost Customers Returned"),
            ("overdue_measures", "Overdue Measures"),
            ("effective_measures", "Effective Measures"),
            ("exceptions", "Exceptions to Independence"),
            ("call_exceptions", "Calls by an Exception"),
            ("second_exceptions", "Second Callbacks by an Exception"),
        ],
        "Figure",
        required=True,
        index=True,
    )
    dimension = fields.Selection(
        [
            ("total", "Total"),
            ("advisor", "Service Advisor"),
            ("agent", "Agent"),
            ("kind", "Kind of Callback"),
            ("order_kind", "Kind of Order"),
            ("brand", "Brand"),
            ("level", "Level"),
            ("case_kind", "Kind of Complaint"),
            ("question", "Question"),
            ("problem", "Problem Category"),
            ("score", "Score"),
            ("outcome", "Outcome"),
            ("day", "Day"),
        ],
        "Split by",
        required=True,
        index=True,
    )
    key = fields.Char(
        "Row Key", required=True, help="What the row is about: an id or a code; empty where nothing is stated."
    )
    label = fields.Char("Name", translate=True, help="The name as it was when the report was written.")
    # What it says
    unit = fields.Selection(
        [("count", "Count"), ("percent", "%"), ("per_hundred", "per 100"), ("mean", "Mean")], required=True
    )
    numerator = fields.Integer("Counted")
    denominator = fields.Integer("Out of")
    n = fields.Integer("n", aggregator="sum")
    value = fields.Float(digits=(16, 2), aggregator="avg", help="Of several rows: all counted out of all.")
    is_defined = fields.Boolean("Has a Value", help="No: there was nothing to divide by.")
    previous = fields.Float("Last Month", digits=(16, 2), aggregator=None)
    previous_n = fields.Integer("n Last Month", aggregator=None)
    has_previous = fields.Boolean("Compared with Last Month")
    last_year = fields.Float("Same Month Last Year", digits=(16, 2), aggregator=None)
    last_year_n = fields.Integer("n Last Year", aggregator=None)
    has_last_year = fields.Boolean("Compared with Last Year")
    # For the eye
    value_text = fields.Char("Shown", compute="_compute_texts")
    previous_text = fields.Char("Last Month Shown", compute="_compute_texts")
    last_year_text = fields.Char("Last Year Shown", compute="_compute_texts")
    change_text = fields.Char("Change", compute="_compute_texts", help="Against last month; points for rates.")
    change_year_text = fields.Char("Change in a Year", compute="_compute_texts")

    _once = models.UniqueIndex("(report_id, measure, dimension, key)", "A report holds each figure once.")
    _trend_idx = models.Index("(company_id, measure, dimension, month) WHERE is_current")

    @api.depends("measure", "label", "month")
    def _compute_display_name(self):
        measures = dict(self._fields["measure"]._description_selection(self.env))
        for figure in self:
            name = measures.get(figure.measure, "")
            figure.display_name = f"{name}: {figure.label}" if figure.dimension != "total" else name

    @api.depends("value", "previous", "last_year", "unit", "is_defined", "has_previous", "has_last_year")
    def _compute_texts(self):
        for figure in self:
            text = figure._format_value
            figure.value_text = text(figure.value, figure.is_defined)
            figure.previous_text = text(figure.previous, figure.has_previous)
            figure.last_year_text = text(figure.last_year, figure.has_last_year)
            figure.change_text = figure._format_change(figure.previous, figure.has_previous)
            figure.change_year_text = figure._format_change(figure.last_year, figure.has_last_year)

    def _format_value(self, value, defined):
        if not defined:
            return DASH
        if self.unit == "count":
            return f"{value:.0f}"
        if self.unit == "percent":
            return f"{value:.1f} %"
        return f"{value:.1f}" if self.unit == "per_hundred" else f"{value:.2f}"

    def _format_change(self, before, has_before):
        if not (has_before and self.is_defined):
            return DASH
        digits = {"count": 0, "mean": 2}.get(self.unit, 1)
        change = round(self.value - before, digits)
        return f"{change:+.{digits}f}" if change else f"±{0:.{digits}f}"

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def _read_group_select(self, aggregate_spec, query):
        """A value of several rows is all counted out of all, never a mean of rates; unlike figures have none together."""
        if aggregate_spec != "value:avg":
            return super()._read_group_select(aggregate_spec, query)
        fields = {
            name: self._field_to_sql(self._table, name, query)
            for name in ("measure", "dimension", "unit", "numerator", "denominator")
        }
        return SQL(
            "CASE WHEN MIN(%(measure)s) <> MAX(%(measure)s) OR MIN(%(dimension)s) <> MAX(%(dimension)s) THEN NULL"
            " WHEN MIN(%(unit)s) = 'count' THEN SUM(%(numerator)s)::float"
            " ELSE SUM(%(numerator)s) * CASE MIN(%(unit)s) WHEN 'mean' THEN 1.0 ELSE 100.0 END"
            " / NULLIF(SUM(%(denominator)s), 0) END",
            **fields,
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_counted(self):
        """Open exactly the records that the figure counts."""
        return self._action_open("numerator")

    def action_open_population(self):
        """Open exactly the records that the figure is counted out of."""
        return self._action_open("denominator")

    def _action_open(self, part):
        self.ensure_one()
        self.check_access("read")
        model = SOURCE_MODELS[self._part_source(part)]
        ids = self._record_ids(part)
        self.env[model].check_access("read")
        action = {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": model,
            "domain": [("id", "in", ids)],
            "views": [(False, "list"), (False, "form")],
            "context": {"create": False, "active_test": False},
        }
        erased = len(ids) - self.env[model].sudo().with_context(active_test=False).search_count([("id", "in", ids)])
        if erased:
            action["help"] = self.env._("%(count)s of the records counted here no longer exist.", count=erased)
        return action

    def action_open_base(self):
        """Open the frozen rows behind the figure: the evidence as it was when the report was written."""
        self.ensure_one()
        self.check_access("read")
        self.env["aftersales.monthly.base"].check_access("read")
        ids = self._base_ids("numerator") + self._base_ids("denominator")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "aftersales.monthly.base",
            "domain": [("id", "in", sorted(set(ids)))],
            "views": [(False, "list"), (False, "pivot")],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _part_source(self, part):
        return part_source(self.measure, part)

    def _part_where(self, part):
        """SQL condition on the base for the rows of this figure's numerator or denominator."""
        self.ensure_one()
        if part == "denominator" and MEASURES[self.measure].denominator is None:
            raise UserError(
                self.env._("“%(figure)s” is a plain count: it is not out of anything.", figure=self.display_name)
            )
        condition, keys = part_condition(self.measure, part, {self.dimension: self.key})
        return SQL(
            "report_id = %s AND source = %s AND %s", self.report_id.id, self._part_source(part), SQL(condition, *keys)
        )

    def _record_ids(self, part="numerator"):
        """Ids of the records behind the figure, as frozen."""
        query = SQL("SELECT res_id FROM aftersales_monthly_base WHERE %s ORDER BY res_id", self._part_where(part))
        return [row[0] for row in self.env.execute_query(query)]

    def _base_ids(self, part):
        if part == "denominator" and MEASURES[self.measure].denominator is None:
            return []
        query = SQL("SELECT id FROM aftersales_monthly_base WHERE %s", self._part_where(part))
        return [row[0] for row in self.env.execute_query(query)]
