from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.sources import SOURCES, select

SOURCE_MODELS = {
    "callback": "aftersales.callback",
    "attempt": "aftersales.callback.attempt",
    "answer": "aftersales.callback.answer",
    "complaint": "aftersales.complaint",
    "handling": "aftersales.complaint",
    "handling_open": "aftersales.complaint",
    "reopened": "aftersales.complaint",
    "second_call": "aftersales.complaint",
    "order": "aftersales.repair.order",
    "order_window": "aftersales.repair.order",
    "lost_call": "aftersales.callback",
    "lost_window": "aftersales.callback",
    "measure": "aftersales.corrective.measure",
    "action": "aftersales.corrective.action",
    "exception": "aftersales.approval",
    "call_exception": "aftersales.callback",
    "second_exception": "aftersales.complaint",
}

# What a row may say, over all sources
_COUNTED = tuple(dict.fromkeys(name for columns, _rows in SOURCES.values() for name in columns))


class FrozenMany2one(fields.Many2one):
    """A reference that stays as it was, whatever becomes of the record: without a foreign key.

    Evidence is not cleared or kept alive by what it speaks of, and a month of twenty thousand rows is not checked row by
    row against ten tables, which took five times as long as the rows themselves.
    """

    def update_db_foreign_key(self, model, column):
        """No foreign key."""


class AftersalesMonthlyBase(models.Model):
    """The frozen base of a monthly report: one row for each record that a figure counts, as it was when written.

    Rows are written once, by the set, and never changed: the report of a past month gives the same figures for ever.
    They hold no personal data of a customer. `res_id` stays when the record itself is erased.
    """

    _name = "aftersales.monthly.base"
    _description = "Monthly Report Base Row"
    _inherit = ["aftersales.protected.mixin"]
    _order = "report_id, source, day, res_id"
    _protected_append_only = True
    _log_access = False

    report_id = fields.Many2one("aftersales.monthly.report", required=True, index=True, ondelete="cascade")
    company_id = FrozenMany2one("res.company", required=True)
    source = fields.Selection(
        [
            ("callback", "Callback Due"),
            ("attempt", "Attempt"),
            ("answer", "Answer"),
            ("complaint", "Complaint Received"),
            ("handling", "Handling Ended"),
            ("handling_open", "Handling Running"),
            ("reopened", "Complaint Reopened"),
            ("second_call", "Second Callback"),
            ("order", "Repair Order"),
            ("order_window", "Repair Order after 30 Days"),
            ("lost_call", "Lost Customer Called"),
            ("lost_window", "Lost Customer after 90 Days"),
            ("measure", "Measure"),
            ("action", "Closed Action"),
            ("exception", "Exception to Independence"),
            ("call_exception", "Call by an Exception"),
            ("second_exception", "Second Callback by an Exception"),
        ],
        "Counts as",
        required=True,
    )
    res_id = fields.Integer("Record ID", required=True, aggregator=None)
    res_model = fields.Char("Record Model", compute="_compute_res_model")
    callback_id = FrozenMany2one("aftersales.callback", help="Of rows that are callbacks.")
    # By what a row is counted
    advisor_id = FrozenMany2one("res.users", "Service Advisor")
    advisor_key = fields.Char(help="The user, or the name as the order carries it.")
    user_id = FrozenMany2one("res.users", "Agent")
    kind = fields.Char("Kind of Callback")
    order_kind = fields.Char("Kind of Order")
    brand_id = FrozenMany2one("fleet.vehicle.model.brand")
    level = fields.Char()
    case_kind_id = FrozenMany2one("aftersales.complaint.kind", "Kind of Complaint")
    question_id = FrozenMany2one("aftersales.question")
    question_key = fields.Char(help="The question's code, the same in every version of a questionnaire.")
    problem_category_id = FrozenMany2one("aftersales.problem.category")
    outcome_id = FrozenMany2one("aftersales.callback.outcome")
    day = fields.Date(help="Day of the store.")
    state = fields.Char("State Then")
    score = fields.Integer("Satisfaction", aggregator="avg", help="0: not asked.")
    in_base = fields.Boolean("In the Base", help="Not cancelled for a valid reason.")
    is_made = fields.Boolean("Made")
    is_called = fields.Boolean("Attempted", help="There was an attempt: what “made” is checked against.")
    is_completed = fields.Boolean("Successful")
    is_problem = fields.Boolean("Problem")
    is_judged = fields.Boolean(
        "Judged", help="The answer is good or not; a text is neither, nor a yes or no that is no problem either way."
    )
    hit = fields.Boolean(
        "Counts", help="The row is counted by the figure of its source, not only in what it is out of."
    )

    _once = models.UniqueIndex("(report_id, source, res_id)", "A record is counted once in a report.")

    @api.depends("source")
    def _compute_res_model(self):
        for row in self:
            row.res_model = SOURCE_MODELS.get(row.source)

    @api.depends("source", "res_id")
    def _compute_display_name(self):
        sources = dict(self._fields["source"]._description_selection(self.env))
        for row in self:
            row.display_name = f"{sources.get(row.source, '')} {row.res_id}"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_record(self):
        """Open the live record of this row."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._get_records_action()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _take(self, report):
        """Freeze what `report` counts: one INSERT ... SELECT for each source, however many records there are."""
        self.env.flush_all()
        for source in SOURCES:
            names, rows = self._source_rows(source, report)
            self.env.cr.execute(
                SQL(
                    "INSERT INTO aftersales_monthly_base (report_id, company_id, source, %(names)s)"
                    " SELECT %(report)s, %(company)s, %(source)s, s.* FROM (%(rows)s) s",
                    names=SQL(", ").join(map(SQL.identifier, names)),
                    report=report.id,
                    company=report.company_id.id,
                    source=source,
                    rows=rows,
                )
            )
        self.invalidate_model()

    @api.model
    def _source_rows(self, source, report):
        """The live rows of one source for the store and month of `report`.

        :return: (column names, SQL of the SELECT)
        """
        names, code = select(source)
        return names, SQL(code, **report._window()._asdict())

    @api.model
    def _rows_of(self, report, sources):
        """The rows that figures count, as a subquery with the columns of this model's table.

        :param report: a written report (its frozen rows) or one that is not stored (the live rows of its month)
        :param sources: names of the sources wanted
        """
        if report.id:
            return SQL(
                "(SELECT * FROM aftersales_monthly_base WHERE report_id = %s AND source IN %s)",
                report.id,
                tuple(sources),
            )
        columns = [name for name in _COUNTED if any(name in SOURCES[source][0] for source in sources)]
        selects = []
        for source in sources:
            names, rows = self._source_rows(source, report)
            cells = SQL(", ").join(
                SQL.identifier(name)
                if name in names
                else SQL("NULL::%s AS %s", SQL(self._fields[name].column_type[1]), SQL.identifier(name))
                for name in columns
            )
            selects.append(SQL("SELECT %s AS source, %s FROM (%s) AS live", source, cells, rows))
        return SQL("(%s)", SQL(" UNION ALL ").join(selects))
