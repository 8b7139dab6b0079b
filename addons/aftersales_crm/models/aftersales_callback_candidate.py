from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .aftersales_callback import ABSENT_STAGES, KINDS, TIME_PREFERENCES

# What a plan writes of each candidate, with its type in the database
COLUMNS = {
    "kind": "varchar",
    "absent_stage": "varchar",
    "repair_order_id": "int4",
    "vehicle_id": "int4",
    "partner_id": "int4",
    "callback_id": "int4",
    "time_preference": "varchar",
    "date_due": "date",
    "date_expiry": "date",
    "is_included": "bool",
    "reason_code": "varchar",
    "user_id": "int4",
    "date_planned": "date",
    "is_short": "bool",
    "explanation": "text",
}


class AftersalesCallbackCandidate(models.Model):
    """Who was looked at for a plan, and why in or out. Written by the plan alone."""

    _name = "aftersales.callback.candidate"
    _description = "Callback Candidate"
    _inherit = ["aftersales.protected.mixin"]
    _order = "plan_id, date_planned, date_due, id"
    _check_company_auto = True
    _protected_append_only = True

    plan_id = fields.Many2one("aftersales.callback.plan", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    kind = fields.Selection(KINDS, required=True)
    repair_order_id = fields.Many2one("aftersales.repair.order", index=True, ondelete="cascade")
    vehicle_id = fields.Many2one("aftersales.vehicle", index=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Customer", index=True, ondelete="cascade")
    absent_stage = fields.Selection(ABSENT_STAGES)
    time_preference = fields.Selection(TIME_PREFERENCES, "Preferred Time")
    date_due = fields.Date("Due From")
    date_expiry = fields.Date("Until")
    is_included = fields.Boolean("In")
    reason_code = fields.Selection(
        [
            ("in_repair", "Delivered after repair"),
            ("in_absent", "Long absent"),
            ("in_planned", "Already in this plan"),
            ("in_missed", "The window is over: counts as missed"),
            ("out_refused", "Refused callbacks at the hand-over"),
            ("out_not_asked", "Not asked, and no consent on record"),
            ("out_no_consent", "No consent on record"),
            ("out_blocked", "Consent withdrawn or do-not-call"),
            ("out_no_phone", "No phone number"),
            ("out_no_customer", "No customer on the order"),
            ("out_month", "Another call of this kind this month"),
            ("out_cooldown", "Too close to another call"),
            ("out_quota", "Above the limit of absent calls"),
        ],
        "Reason",
        required=True,
    )
    user_id = fields.Many2one("res.users", "Agent", index=True)
    date_planned = fields.Date("Day")
    is_short = fields.Boolean("No Room", help="Nobody has room for this call inside its window.")
    explanation = fields.Text()
    callback_id = fields.Many2one("aftersales.callback", index="btree_not_null", ondelete="cascade")

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _prepare_cell_row(self):
        """What the plan's board lists of a call that is previewed; see the callback's."""
        self.ensure_one()
        preference = self.time_preference not in (False, "any")
        return {
            "id": self.id,
            "name": self.repair_order_id.sudo().name or "",
            "customer": self.partner_id.display_name or "",
            "car": self.vehicle_id.sudo().plate_display or "",
            "window": f"{format_date(self.env, self.date_due)} – {format_date(self.env, self.date_expiry)}",
            "preference": self._selection_label("time_preference") if preference else "",
            "state": "previewed",
            "state_label": self._selection_label("reason_code"),
            "is_movable": False,
            "why": self.explanation or "",
        }

    @api.model
    def _replace(self, plan, rows):
        """Replace the candidates of a plan in two statements, whatever their number."""
        cr = self.env.cr
        cr.execute(SQL("DELETE FROM aftersales_callback_candidate WHERE plan_id = %s", plan.id))
        if rows:
            cr.execute(
                SQL(
                    """INSERT INTO aftersales_callback_candidate
                              (plan_id, company_id, create_uid, write_uid, create_date, write_date, %s)
                       SELECT %s, %s, %s, %s, %s, %s, data.*
                         FROM %s""",
                    SQL(", ").join(SQL.identifier(name) for name in COLUMNS),
                    plan.id,
                    plan.company_id.id,
                    self.env.uid,
                    self.env.uid,
                    cr.now(),
                    cr.now(),
                    _unnest(rows, COLUMNS),
                )
            )
        self.invalidate_model()
        plan.invalidate_recordset(["candidate_ids"])

    @api.model
    def _become_callbacks(self, plan, rows):
        """Write the candidates that are in as callbacks: new ones in one statement, moved ones in another.

        The rows learn the number of their callback; one that another plan has made meanwhile gets none.
        """
        cr = self.env.cr
        self.env.flush_all()
        standing = [row for row in rows if row["callback_id"]]
        new = [row for row in rows if row["is_included"] and not row["callback_id"]]
        created = self._insert_callbacks(plan, new)
        if standing:
            cr.execute(
                SQL(
                    """UPDATE aftersales_callback AS callback
                          SET user_id = data.user_id,
                              date_planned = data.date_planned,
                              explanation = COALESCE(data.explanation, callback.explanation),
                              write_uid = %s, write_date = %s
                         FROM %s
                        WHERE callback.id = data.callback_id
                          AND callback.plan_id = %s
                          AND callback.state = 'planned'
                          AND (callback.user_id, callback.date_planned)
                              IS DISTINCT FROM (data.user_id, data.date_planned)""",
                    self.env.uid,
                    cr.now(),
                    _unnest(standing, ("callback_id", "user_id", "date_planned", "explanation")),
                    plan.id,
                )
            )
        self.env.invalidate_all(flush=False)
        created._complete_raw_rows()

    @api.model
    def _insert_callbacks(self, plan, rows):
        """Insert a callback for each row, but where there is one already; return those that were inserted."""
        Callback = self.env["aftersales.callback"]
        if not rows:
            return Callback
        cr = self.env.cr
        cr.execute("SELECT nextval('aftersales_callback_id_seq') FROM generate_series(1, %s)", [len(rows)])
        for row, (number,) in zip(rows, cr.fetchall(), strict=True):
            row["callback_id"] = number
        columns = [name for name in COLUMNS if name not in ("callback_id", "is_included", "reason_code", "is_short")]
        cr.execute(
            SQL(
                """INSERT INTO aftersales_callback
                          (id, name, company_id, plan_id, advisor_id, %(columns)s,
                           state, is_made, is_completed, has_problem, customer_demands, attempt_count, failed_count,
                           create_uid, write_uid, create_date, write_date)
                   SELECT callback_id, 'CB' || LPAD(callback_id::text, GREATEST(6, LENGTH(callback_id::text)), '0'),
                          %(company)s, %(plan)s, repair_order.advisor_id, %(values)s,
                          CASE WHEN reason_code = 'in_missed' THEN 'missed' ELSE 'planned' END,
                          FALSE, FALSE, FALSE, FALSE, 0, 0, %(uid)s, %(uid)s, %(now)s, %(now)s
                     FROM %(data)s
                     LEFT JOIN aftersales_repair_order AS repair_order ON repair_order.id = data.repair_order_id
                       ON CONFLICT DO NOTHING
                   RETURNING id""",
                columns=SQL(", ").join(SQL.identifier(name) for name in columns),
                values=SQL(", ").join(SQL.identifier("data", name) for name in columns),
                company=plan.company_id.id,
                plan=plan.id,
                uid=self.env.uid,
                now=cr.now(),
                data=_unnest(rows, (*columns, "callback_id", "reason_code")),
            )
        )
        created = {number for (number,) in cr.fetchall()}
        for row in rows:
            if row["callback_id"] not in created:
                row["callback_id"] = None
        return Callback.browse(sorted(created))


def _unnest(rows, names):
    """The rows as a table expression `data` with the columns `names`: their values go over in one array a column."""
    return SQL(
        "UNNEST(%s) AS data (%s)",
        SQL(", ").join(SQL("%s::%s[]", [row[name] for row in rows], SQL(COLUMNS[name])) for name in names),
        SQL(", ").join(SQL.identifier(name) for name in names),
    )
