from odoo import fields, models
from odoo.tools import SQL


class AftersalesCallbackQuality(models.Model):
    """How true the scores of each caller are, by month: completed calls, re-checks, agreement, flags. Each with its n."""

    _name = "aftersales.callback.quality"
    _description = "Truth of the Scores"
    _auto = False
    _order = "month desc, agent_id"
    _rec_name = "agent_id"

    company_id = fields.Many2one("res.company", readonly=True)
    agent_id = fields.Many2one("res.users", "Caller", readonly=True)
    month = fields.Date("Month (Date)", readonly=True)
    month_name = fields.Char("Month", readonly=True)
    completed_count = fields.Integer("Completed", readonly=True)
    drawn_count = fields.Integer("Drawn", readonly=True)
    checked_count = fields.Integer("Re-checked", readonly=True)
    compared_count = fields.Integer("Answers Compared", readonly=True)
    agreed_count = fields.Integer("Answers That Agree", readonly=True)
    agreement = fields.Float("Agreement (%)", readonly=True, aggregator=None, digits=(5, 1))
    short_count = fields.Integer("Too Short", readonly=True)
    straight_count = fields.Integer("Straight-lined", readonly=True)
    comment_count = fields.Integer("Same Comment", readonly=True)
    no_attempt_count = fields.Integer("Not Dialled", readonly=True)
    open_count = fields.Integer("To Look Into", readonly=True)

    @property
    def _table_query(self):
        """One row a caller and month; the month is the one of the call, in UTC like every stored moment."""
        return SQL(
            """WITH calls AS (
                   SELECT callback.company_id, attempt.user_id AS agent_id,
                          DATE_TRUNC('month', callback.date_done)::date AS month, COUNT(*) AS completed_count
                     FROM aftersales_callback AS callback
                     JOIN LATERAL (
                          SELECT user_id FROM aftersales_callback_attempt
                           WHERE callback_id = callback.id AND is_reached
                           ORDER BY date_attempt DESC, id DESC LIMIT 1) AS attempt ON TRUE
                    WHERE callback.is_completed AND callback.date_done IS NOT NULL
                    GROUP BY 1, 2, 3),
               rechecks AS (
                   SELECT company_id, agent_id, DATE_TRUNC('month', date_call)::date AS month,
                          COUNT(*) AS drawn_count, COUNT(*) FILTER (WHERE state = 'done') AS checked_count,
                          SUM(compared_count) AS compared_count, SUM(agreed_count) AS agreed_count
                     FROM aftersales_callback_recheck
                    GROUP BY 1, 2, 3),
               flags AS (
                   SELECT company_id, agent_id, DATE_TRUNC('month', date_call)::date AS month,
                          COUNT(*) FILTER (WHERE kind = 'short') AS short_count,
                          COUNT(*) FILTER (WHERE kind = 'straight') AS straight_count,
                          COUNT(*) FILTER (WHERE kind = 'comment') AS comment_count,
                          COUNT(*) FILTER (WHERE kind = 'no_attempt') AS no_attempt_count,
                          COUNT(*) FILTER (WHERE date_reviewed IS NULL) AS open_count
                     FROM aftersales_callback_flag
                    WHERE agent_id IS NOT NULL AND date_call IS NOT NULL
                    GROUP BY 1, 2, 3)
               SELECT ROW_NUMBER() OVER (ORDER BY month, company_id, agent_id) AS id,
                      company_id, agent_id, month, TO_CHAR(month, 'YYYY-MM') AS month_name,
                      COALESCE(completed_count, 0) AS completed_count,
                      COALESCE(drawn_count, 0) AS drawn_count,
                      COALESCE(checked_count, 0) AS checked_count,
                      COALESCE(compared_count, 0) AS compared_count,
                      COALESCE(agreed_count, 0) AS agreed_count,
                      100.0 * agreed_count / NULLIF(compared_count, 0) AS agreement,
                      COALESCE(short_count, 0) AS short_count,
                      COALESCE(straight_count, 0) AS straight_count,
                      COALESCE(comment_count, 0) AS comment_count,
                      COALESCE(no_attempt_count, 0) AS no_attempt_count,
                      COALESCE(open_count, 0) AS open_count
                 FROM calls
                 FULL JOIN rechecks USING (company_id, agent_id, month)
                 FULL JOIN flags USING (company_id, agent_id, month)"""
        )

    def action_view_rechecks(self):
        """Open the re-checks of the caller and month."""
        return self._view("aftersales_crm.aftersales_callback_recheck_action")

    def action_view_flags(self):
        """Open the flags of the caller and month."""
        return self._view("aftersales_crm.aftersales_callback_flag_action")

    def _view(self, xmlid):
        self.ensure_one()
        end = fields.Date.add(self.month, months=1)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(xmlid),
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("agent_id", "=", self.agent_id.id),
                ("date_call", ">=", self.month),
                ("date_call", "<", end),
            ],
            "context": {},
        }
