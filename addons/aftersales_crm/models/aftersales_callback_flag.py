from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

FLAGS = [
    ("short", "Too Short"),
    ("straight", "Straight-lined Answers"),
    ("comment", "Same Comment"),
    ("no_attempt", "Closed without Dialling"),
]
# Days in which comments are compared, how many calls must share one, and how long it must be to say anything
COMMENT_DAYS, COMMENT_CALLS, COMMENT_LENGTH = 30, 3, 4
# As many scores in one call that are all the same are no coincidence
SCORES_ALIKE = 5


class AftersalesCallbackFlag(models.Model):
    """A call that looks as if nobody had talked to the customer. It is a question to the caller, not a verdict.

    Raised by night for the calls closed since, one statement a rule. Read by manager and general manager; consultants
    do not see them, and nobody sees those of own calls.

    | Flag       | Raised when                                                                                    |
    |------------|------------------------------------------------------------------------------------------------|
    | short      | the questionnaire was completed in fewer seconds than the store's limit                        |
    | straight   | five or more scores of the call are all the same, or it stands in a run of calls of its caller,|
    |            | as long as the store's limit, with the very same answers                                       |
    | comment    | three or more calls of the caller within 30 days share the very same words                     |
    | no_attempt | closed although its caller never dialled from the screen, or without any attempt               |
    """

    _name = "aftersales.callback.flag"
    _description = "Flag of a Callback"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_flag desc, id desc"
    _rec_name = "callback_id"
    _check_company_auto = True
    _protected_append_only = True

    callback_id = fields.Many2one(
        "aftersales.callback", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    agent_id = fields.Many2one("res.users", "Caller", index=True)
    partner_id = fields.Many2one(related="callback_id.partner_id", string="Customer")
    kind = fields.Selection(FLAGS, "Flag", required=True, index=True)
    detail = fields.Char()
    date_call = fields.Datetime("Called On", index=True)
    date_flag = fields.Datetime("Flagged On", required=True)
    note = fields.Char("Explanation", help="What the caller says to it, or what the manager found.")
    reviewed_by_id = fields.Many2one("res.users", "Looked Into By", index="btree_not_null")
    date_reviewed = fields.Datetime("Looked Into On")

    _kind_uniq = models.UniqueIndex("(callback_id, kind)", "This call has been flagged for that already.")

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_explain(self, note=None):
        """Close the flags with what was found out; opens the dialog when nothing is said."""
        self.check_access("write")
        if not self.env.user.has_group("aftersales_crm.group_aftersales_manager"):
            raise AccessError(self.env._("Only the service manager looks into a flag."))
        if note is None:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Explain"),
                "res_model": "aftersales.callback.explain",
                "view_mode": "form",
                "target": "new",
                "context": {"default_flag_ids": self.ids},
            }
        if not note.strip():
            raise UserError(self.env._("Say what you found out about the flagged call."))
        self._write_protected(
            {"note": note.strip(), "reviewed_by_id": self.env.uid, "date_reviewed": fields.Datetime.now()}
        )
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _raise_flags(self, company, calls):
        """Flag the calls of the store that look untrue, one statement a rule; return the new flags."""
        before = self.search([("company_id", "=", company.id)], order="id desc", limit=1).id
        if calls:
            self.env.flush_all()
            for kind, query in self._flag_queries(company, calls).items():
                self.env.cr.execute(
                    SQL(
                        """INSERT INTO aftersales_callback_flag
                                  (kind, callback_id, company_id, agent_id, date_call, date_flag, detail,
                                   create_uid, write_uid, create_date, write_date)
                           SELECT %s, callback.id, callback.company_id, COALESCE(caller.user_id, callback.user_id),
                                  callback.date_done, %s, found.detail, %s, %s, %s, %s
                             FROM (%s) AS found
                             JOIN aftersales_callback AS callback ON callback.id = found.callback_id
                             LEFT JOIN LATERAL (
                                  SELECT user_id FROM aftersales_callback_attempt AS attempt
                                   WHERE attempt.callback_id = callback.id
                                   ORDER BY is_reached DESC, date_attempt DESC, id DESC LIMIT 1) AS caller ON TRUE
                               ON CONFLICT DO NOTHING""",
                        kind,
                        fields.Datetime.now(),
                        self.env.uid,
                        self.env.uid,
                        self.env.cr.now(),
                        self.env.cr.now(),
                        query,
                    )
                )
            self.env.invalidate_all(flush=False)
        return self.search([("company_id", "=", company.id), ("id", ">", before or 0)])

    @api.model
    def _flag_queries(self, company, calls):
        """{flag: query of (callback_id, detail)}; each finds what its rule says of the calls."""
        queries = {"comment": self._comment_query(company, calls), "no_attempt": self._no_attempt_query(calls)}
        if company.aftersales_flag_short_seconds:
            queries["short"] = self._short_query(company, calls)
        queries["straight"] = self._straight_query(company, calls)
        return queries

    def _short_query(self, company, calls):
        return SQL(
            """SELECT attempt.callback_id, SUM(attempt.duration) || ' s' AS detail
                 FROM aftersales_callback_attempt AS attempt
                 JOIN aftersales_callback AS callback ON callback.id = attempt.callback_id
                WHERE callback.id = ANY(%s) AND callback.is_completed AND attempt.is_reached
                GROUP BY attempt.callback_id
               HAVING SUM(attempt.duration) BETWEEN 1 AND %s""",
            calls.ids,
            company.aftersales_flag_short_seconds - 1,
        )

    def _no_attempt_query(self, calls):
        return SQL(
            """SELECT callback.id AS callback_id, NULL AS detail
                 FROM aftersales_callback AS callback
                WHERE callback.id = ANY(%s)
                  AND NOT EXISTS (SELECT 1 FROM aftersales_callback_attempt AS attempt
                                   WHERE attempt.callback_id = callback.id AND attempt.duration > 0)""",
            calls.ids,
        )

    def _comment_query(self, company, calls):
        """Words are compared without blanks, case and punctuation at their ends."""
        return SQL(
            """WITH words AS (
                   SELECT callback.id, callback.user_id,
                          LOWER(REGEXP_REPLACE(text.words, '[[:space:][:punct:]]', '', 'g')) AS words
                     FROM aftersales_callback AS callback
                     CROSS JOIN LATERAL (VALUES (callback.remark), (callback.suggestion), (callback.praise))
                             AS text (words)
                    WHERE callback.company_id = %(company)s AND callback.date_done >= %(since)s
                      AND text.words IS NOT NULL)
               SELECT words.id AS callback_id, MAX(alike.calls) || '×' AS detail
                 FROM words
                 JOIN (SELECT user_id, words, COUNT(DISTINCT id) AS calls
                         FROM words
                        WHERE LENGTH(words) >= %(length)s
                        GROUP BY user_id, words
                       HAVING COUNT(DISTINCT id) >= %(alike)s AND ARRAY_AGG(id) && %(calls)s::int[]) AS alike
                   ON alike.user_id = words.user_id AND alike.words = words.words
                GROUP BY words.id""",
            company=company.id,
            since=fields.Datetime.now() - timedelta(days=COMMENT_DAYS),
            length=COMMENT_LENGTH,
            alike=COMMENT_CALLS,
            calls=calls.ids,
        )

    def _straight_query(self, company, calls):
        """Runs are islands: the number among the caller's calls minus the number among those with the same answers."""
        return SQL(
            """WITH given AS (
                   SELECT callback.id, callback.user_id, callback.date_done,
                          STRING_AGG(answer.question_id || '=' || COALESCE(answer.value_yes_no, '')
                                     || COALESCE(answer.value_score, 0) || ':' || COALESCE(answer.value_choice_id, 0),
                                     ';' ORDER BY answer.question_id) AS answers,
                          COUNT(*) FILTER (WHERE answer.value_score > 0) AS scores,
                          COUNT(DISTINCT answer.value_score) FILTER (WHERE answer.value_score > 0) AS differing
                     FROM aftersales_callback AS callback
                     JOIN aftersales_callback_answer AS answer
                       ON answer.callback_id = callback.id AND answer.is_answered AND answer.value_text IS NULL
                    WHERE callback.company_id = %(company)s AND callback.is_completed
                      AND callback.date_done >= %(since)s
                    GROUP BY callback.id),
               islands AS (
                   SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY date_done, id)
                             - ROW_NUMBER() OVER (PARTITION BY user_id, answers ORDER BY date_done, id) AS island
                     FROM given),
               runs AS (
                   SELECT *, COUNT(*) OVER (PARTITION BY user_id, answers, island) AS run FROM islands)
               SELECT id AS callback_id,
                      CASE WHEN %(limit)s > 0 AND run >= %(limit)s THEN run || '×' ELSE scores || ' = 1' END AS detail
                 FROM runs
                WHERE id = ANY(%(calls)s)
                  AND (%(limit)s > 0 AND run >= %(limit)s OR scores >= %(alike)s AND differing = 1)""",
            company=company.id,
            since=fields.Datetime.now() - timedelta(days=COMMENT_DAYS),
            calls=calls.ids,
            limit=company.aftersales_flag_straight_calls,
            alike=SCORES_ALIKE,
        )
