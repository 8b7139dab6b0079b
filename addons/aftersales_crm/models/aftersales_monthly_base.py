from odoo import api, fields, models
from odoo.tools import SQL

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
}

# What each source is: its columns and its rows. Names in %(...)s are the store and the month; days are the store's
# days (`date_due` is one already), moments lie in [start, end) in UTC.
_ORDER = {
    "advisor_id": "o.advisor_id",
    # An advisor who is no user of this system is counted under the name that the order carries
    "advisor_key": "COALESCE(o.advisor_id::text, 'name:' || NULLIF(TRIM(o.advisor_name), ''))",
    "order_kind": "o.kind",
    "brand_id": "v.brand_id",
}
_CALL = {
    **_ORDER,
    "res_id": "c.id",
    "user_id": "c.user_id",
    "kind": "c.kind",
    "outcome_id": "c.outcome_id",
    "state": "c.state",
}
_CASE = {**_ORDER, "res_id": "p.id", "user_id": "c.user_id", "level": "p.level", "state": "p.state"}
_OF_CALL = " LEFT JOIN aftersales_repair_order o ON o.id = c.repair_order_id LEFT JOIN aftersales_vehicle v ON v.id = c.vehicle_id"
_FROM_CASE = (
    "FROM aftersales_complaint p LEFT JOIN aftersales_callback c ON c.id = p.callback_id"
    " LEFT JOIN aftersales_repair_order o ON o.id = p.repair_order_id"
    " LEFT JOIN aftersales_vehicle v ON v.id = p.vehicle_id"
)
_HANDLING = " JOIN aftersales_clock k ON k.res_model = 'aftersales.complaint' AND k.res_id = p.id AND k.code = 'handle'"
# How a clock stood when the month ended, by its ledger: a case that is taken up again afterwards leaves it as it was
_AT_END = (
    " LEFT JOIN LATERAL (SELECT e.kind, e.date_event FROM aftersales_clock_event e WHERE e.clock_id = k.id"
    " AND e.kind IN ('stop', 'reopen') AND e.date_event < %(end)s ORDER BY e.date_event DESC, e.id DESC LIMIT 1) z ON TRUE"
)
_FROM_ORDER = "FROM aftersales_repair_order o LEFT JOIN aftersales_vehicle v ON v.id = o.vehicle_id"
_LOCAL = "({} AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date"

SOURCES = {
    "callback": (
        {
            **_CALL,
            "callback_id": "c.id",
            "day": "c.date_due",
            "score": "COALESCE(c.satisfaction::int, 0)",
            "in_base": "NOT (c.state = 'cancelled' AND c.cancel_reason IS NOT NULL AND c.cancel_reason <> 'other')",
            "is_made": "COALESCE(c.is_made, FALSE)",
            "is_called": "EXISTS (SELECT FROM aftersales_callback_attempt a WHERE a.callback_id = c.id)",
            "is_completed": "COALESCE(c.is_completed, FALSE)",
            "hit": "COALESCE(c.satisfaction::int, 0) >= %(satisfied)s",
        },
        f"FROM aftersales_callback c{_OF_CALL}"
        " WHERE c.company_id = %(company)s AND c.date_due BETWEEN %(date_from)s AND %(date_to)s",
    ),
    "attempt": (
        {
            **_CALL,
            "res_id": "a.id",
            "user_id": "a.user_id",
            "outcome_id": "a.outcome_id",
            "day": _LOCAL.format("a.date_attempt"),
            "hit": "COALESCE(a.is_reached, FALSE)",
        },
        f"FROM aftersales_callback_attempt a JOIN aftersales_callback c ON c.id = a.callback_id{_OF_CALL}"
        " WHERE c.company_id = %(company)s AND a.date_attempt >= %(start)s AND a.date_attempt < %(end)s",
    ),
    "answer": (
        {
            **_CALL,
            "res_id": "a.id",
            "question_id": "a.question_id",
            "question_key": "COALESCE(NULLIF(q.code, ''), q.id::text)",
            # Only problems carry a category: a good answer speaks of none
            "problem_category_id": "CASE WHEN a.is_problem THEN a.problem_category_id END",
            "is_problem": "COALESCE(a.is_problem, FALSE)",
            "is_judged": "q.kind <> 'text'",
            "hit": "COALESCE(a.is_good, FALSE)",
        },
        "FROM aftersales_callback_answer a JOIN aftersales_question q ON q.id = a.question_id"
        f" JOIN aftersales_callback c ON c.id = a.callback_id{_OF_CALL}"
        " WHERE c.company_id = %(company)s AND c.date_due BETWEEN %(date_from)s AND %(date_to)s"
        " AND NOT (c.state = 'cancelled' AND c.cancel_reason IS NOT NULL AND c.cancel_reason <> 'other')"
        " AND a.is_answered AND (q.kind <> 'text' OR a.is_problem)",
    ),
    "complaint": (
        {**_CASE, "day": _LOCAL.format("p.date_received"), "hit": "p.nature = 'complaint'"},
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.state <> 'merged'"
        " AND p.date_received >= %(start)s AND p.date_received < %(end)s",
    ),
    "handling": (
        {
            **_CASE,
            "day": _LOCAL.format("z.date_event"),
            "hit": "NOT EXISTS (SELECT FROM aftersales_clock_event b WHERE b.clock_id = k.id AND b.kind = 'breach'"
            " AND b.date_event < %(end)s)",
        },
        f"{_FROM_CASE}{_HANDLING}{_AT_END} WHERE p.company_id = %(company)s AND p.state <> 'merged'"
        " AND (k.date_stop IS NULL OR k.date_stop >= %(start)s) AND z.kind = 'stop' AND z.date_event >= %(start)s",
    ),
    "handling_open": (
        {**_CASE, "hit": "COALESCE(k.date_deadline < %(end)s, k.is_breached, FALSE)"},
        f"{_FROM_CASE}{_HANDLING}{_AT_END} WHERE p.company_id = %(company)s AND p.state <> 'merged'"
        " AND k.date_start < %(end)s AND (k.date_stop IS NULL OR k.date_stop >= %(end)s)"
        " AND z.kind IS DISTINCT FROM 'stop'",
    ),
    "reopened": (
        _CASE,
        # Not by the clocks: they run on too when a solution is reworked. A case that was closed comes into a hand again,
        # and nobody hands it over; the first such custody is the intake.
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.reopen_count > 0 AND EXISTS ("
        "SELECT FROM aftersales_handover h WHERE h.complaint_id = p.id AND h.from_id IS NULL AND h.state = 'accepted'"
        " AND h.date_from >= %(start)s AND h.date_from < %(end)s AND EXISTS ("
        "SELECT FROM aftersales_handover f WHERE f.complaint_id = p.id AND f.from_id IS NULL"
        " AND f.state = 'accepted' AND f.id < h.id))",
    ),
    "second_call": (
        {**_CASE, "user_id": "p.second_caller_id", "hit": "p.second_satisfied = 'yes'"},
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.second_satisfied IS NOT NULL"
        " AND p.date_second_callback >= %(start)s AND p.date_second_callback < %(end)s",
    ),
    "order": (
        {**_ORDER, "res_id": "o.id", "day": _LOCAL.format("o.date_out"), "hit": "o.comeback_of_id IS NOT NULL"},
        f"{_FROM_ORDER} WHERE o.company_id = %(company)s AND o.state = 'delivered'"
        " AND o.date_out >= %(start)s AND o.date_out < %(end)s",
    ),
    "order_window": (
        {
            **_ORDER,
            "res_id": "o.id",
            "day": _LOCAL.format("o.date_out"),
            "hit": "NOT EXISTS (SELECT FROM aftersales_repair_order b WHERE b.comeback_of_id = o.id"
            " AND b.state <> 'cancelled' AND b.date_in <= o.date_out + %(fix_days)s * INTERVAL '1 day')",
        },
        f"{_FROM_ORDER} WHERE o.company_id = %(company)s AND o.state = 'delivered'"
        " AND o.date_out >= %(start)s - %(fix_days)s * INTERVAL '1 day'"
        " AND o.date_out < %(end)s - %(fix_days)s * INTERVAL '1 day'",
    ),
    "lost_call": (
        {**_CALL, "day": _LOCAL.format("c.date_done")},
        f"FROM aftersales_callback c{_OF_CALL} WHERE c.company_id = %(company)s AND c.kind = 'absent' AND c.state = 'done'"
        " AND c.date_done >= %(start)s AND c.date_done < %(end)s",
    ),
    "lost_window": (
        {
            **_CALL,
            "day": _LOCAL.format("c.date_done"),
            "hit": "EXISTS (SELECT FROM aftersales_repair_order b WHERE b.vehicle_id = c.vehicle_id"
            " AND b.company_id = c.company_id AND b.state <> 'cancelled' AND b.date_in > c.date_done"
            " AND b.date_in <= c.date_done + %(return_days)s * INTERVAL '1 day')",
        },
        f"FROM aftersales_callback c{_OF_CALL} WHERE c.company_id = %(company)s AND c.kind = 'absent' AND c.state = 'done'"
        " AND c.date_done >= %(start)s - %(return_days)s * INTERVAL '1 day'"
        " AND c.date_done < %(end)s - %(return_days)s * INTERVAL '1 day'",
    ),
    "measure": (
        {
            "res_id": "m.id",
            "user_id": "m.responsible_id",
            "day": "m.date_deadline",
            "hit": "m.date_deadline < %(date_to)s",
        },
        "FROM aftersales_corrective_measure m JOIN aftersales_corrective_action t ON t.id = m.action_id"
        " WHERE m.company_id = %(company)s AND t.date_signed < %(end)s AND t.state <> 'cancelled'"
        " AND (t.date_closed IS NULL OR t.date_closed >= %(end)s) AND (m.date_done IS NULL OR m.date_done > %(date_to)s)",
    ),
    "action": (
        {
            "res_id": "t.id",
            "user_id": "t.responsible_id",
            "day": _LOCAL.format("t.date_closed"),
            "hit": "t.effective = 'yes'",
        },
        "FROM aftersales_corrective_action t WHERE t.company_id = %(company)s AND t.effective IS NOT NULL"
        " AND t.date_closed >= %(start)s AND t.date_closed < %(end)s",
    ),
    "exception": (
        {"res_id": "a.id", "user_id": "a.decided_by_id", "day": _LOCAL.format("a.date_decided")},
        "FROM aftersales_approval a WHERE a.company_id = %(company)s AND a.exception_reason IS NOT NULL"
        " AND a.date_decided >= %(start)s AND a.date_decided < %(end)s",
    ),
    "call_exception": (
        {**_CALL, "day": _LOCAL.format("c.date_last_attempt")},
        f"FROM aftersales_callback c{_OF_CALL} WHERE c.company_id = %(company)s AND c.independence_exception IS NOT NULL"
        " AND c.date_last_attempt >= %(start)s AND c.date_last_attempt < %(end)s",
    ),
}


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
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict", index=True)
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
        ],
        "Counts as",
        required=True,
    )
    res_id = fields.Integer("Record ID", required=True, aggregator=None)
    res_model = fields.Char("Record Model", compute="_compute_res_model")
    callback_id = fields.Many2one(
        "aftersales.callback",
        index="btree_not_null",
        ondelete="set null",
        help="Of rows that are callbacks.",
    )
    # By what a row is counted
    advisor_id = fields.Many2one("res.users", "Service Advisor", ondelete="restrict")
    advisor_key = fields.Char(help="The user, or the name as the order carries it.")
    user_id = fields.Many2one("res.users", "Agent", ondelete="restrict")
    kind = fields.Char("Kind of Callback")
    order_kind = fields.Char("Kind of Order")
    brand_id = fields.Many2one("fleet.vehicle.model.brand", ondelete="restrict")
    level = fields.Char()
    question_id = fields.Many2one("aftersales.question", ondelete="restrict")
    question_key = fields.Char(help="The question's code, the same in every version of a questionnaire.")
    problem_category_id = fields.Many2one("aftersales.problem.category", ondelete="restrict")
    outcome_id = fields.Many2one("aftersales.callback.outcome", ondelete="restrict")
    day = fields.Date(help="Day of the store.")
    state = fields.Char("State Then")
    score = fields.Integer("Satisfaction", aggregator="avg", help="0: not asked.")
    in_base = fields.Boolean("In the Base", help="Not cancelled for a valid reason.")
    is_made = fields.Boolean("Made")
    is_called = fields.Boolean("Attempted", help="There was an attempt: what “made” is checked against.")
    is_completed = fields.Boolean("Successful")
    is_problem = fields.Boolean("Problem")
    is_judged = fields.Boolean("Judged", help="The answer is good or not; a text is neither.")
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
        columns, tail = SOURCES[source]
        code = "SELECT " + ", ".join(f"{value} AS {name}" for name, value in columns.items()) + " " + tail
        return list(columns), SQL(code, **report._window())
