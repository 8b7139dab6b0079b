from odoo import api, fields, models
from odoo.tools import SQL

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
            ("out_cooldown", "Called a few days ago"),
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

    @api.model
    def _replace(self, plan, rows):
        """Replace the candidates of a plan in two statements, whatever their number."""
        cr = self.env.cr
        cr.execute(SQL("DELETE FROM aftersales_callback_candidate WHERE plan_id = %s", plan.id))
        if rows:
            names = SQL(", ").join(SQL.identifier(name) for name in COLUMNS)
            arrays = SQL(", ").join(
                SQL("%s::%s[]", [row[name] for row in rows], SQL(kind)) for name, kind in COLUMNS.items()
            )
            cr.execute(
                SQL(
                    """INSERT INTO aftersales_callback_candidate
                              (plan_id, company_id, create_uid, write_uid, create_date, write_date, %s)
                       SELECT %s, %s, %s, %s, %s, %s, data.*
                         FROM UNNEST(%s) AS data""",
                    names,
                    plan.id,
                    plan.company_id.id,
                    self.env.uid,
                    self.env.uid,
                    cr.now(),
                    cr.now(),
                    arrays,
                )
            )
        self.invalidate_model()
        plan.invalidate_recordset(["candidate_ids"])

    @api.model
    def _become_callbacks(self, plan):
        """Write the candidates of a plan that are in as callbacks: new ones in one statement, moved ones in another."""
        cr = self.env.cr
        now = cr.now()
        self.env.flush_all()
        cr.execute(
            SQL(
                """WITH fresh AS (
                       SELECT nextval('aftersales_callback_id_seq') AS number, candidate.*, repair_order.advisor_id
                         FROM (SELECT * FROM aftersales_callback_candidate
                                WHERE plan_id = %(plan)s AND is_included AND callback_id IS NULL
                                ORDER BY id) AS candidate
                         LEFT JOIN aftersales_repair_order AS repair_order
                                ON repair_order.id = candidate.repair_order_id)
                   INSERT INTO aftersales_callback
                          (id, name, company_id, kind, absent_stage, plan_id, repair_order_id, vehicle_id, partner_id,
                           advisor_id, user_id, date_planned, time_preference, date_due, date_expiry, explanation,
                           state, is_made, is_completed, has_problem, customer_demands, attempt_count, failed_count,
                           create_uid, write_uid, create_date, write_date)
                   SELECT number, 'CB' || LPAD(number::text, GREATEST(6, LENGTH(number::text)), '0'), company_id, kind, absent_stage, plan_id,
                          repair_order_id, vehicle_id, partner_id, advisor_id, user_id, date_planned,
                          time_preference, date_due, date_expiry, explanation,
                          CASE WHEN reason_code = 'in_missed' THEN 'missed' ELSE 'planned' END,
                          FALSE, FALSE, FALSE, FALSE, 0, 0, %(uid)s, %(uid)s, %(now)s, %(now)s
                     FROM fresh
                       ON CONFLICT DO NOTHING
                   RETURNING id""",
                plan=plan.id,
                uid=self.env.uid,
                now=now,
            )
        )
        created = self.env["aftersales.callback"].browse([row[0] for row in cr.fetchall()])
        cr.execute(
            SQL(
                """UPDATE aftersales_callback AS callback
                      SET user_id = candidate.user_id,
                          date_planned = candidate.date_planned,
                          explanation = COALESCE(candidate.explanation, callback.explanation),
                          write_uid = %s, write_date = %s
                     FROM aftersales_callback_candidate AS candidate
                    WHERE candidate.plan_id = %s AND candidate.callback_id = callback.id
                      AND callback.state = 'planned'
                      AND (callback.user_id, callback.date_planned)
                          IS DISTINCT FROM (candidate.user_id, candidate.date_planned)""",
                self.env.uid,
                now,
                plan.id,
            )
        )
        cr.execute(
            SQL(
                """UPDATE aftersales_callback_candidate AS candidate
                      SET callback_id = callback.id
                     FROM aftersales_callback AS callback
                    WHERE candidate.plan_id = %(plan)s AND callback.plan_id = %(plan)s
                      AND candidate.callback_id IS NULL AND candidate.is_included
                      AND callback.kind = candidate.kind AND callback.vehicle_id = candidate.vehicle_id
                      AND callback.repair_order_id IS NOT DISTINCT FROM candidate.repair_order_id""",
                plan=plan.id,
            )
        )
        self.env.invalidate_all(flush=False)
        created._complete_raw_rows()
