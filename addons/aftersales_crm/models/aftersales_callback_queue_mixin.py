from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..tools.daytime import part_of_day


class AftersalesCallbackQueueMixin(models.AbstractModel):
    """The queue of the call screen: whose turn it is, and that nobody else has the same call on the screen.

    A claim lasts for the minutes of the store and is renewed by the open screen. Every call that is claimed is looked at
    again: is it still planned, in its window, independent of the caller, and does the consent still hold?
    """

    _name = "aftersales.callback.queue.mixin"
    _description = "Callback: Queue and Claim"
    _inherit = ["aftersales.protected.mixin"]

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def keep_call(self):
        """Heartbeat of the open screen: hold the claim, and say at once when the call must not be made any more."""
        self.ensure_one()
        self._check_caller_group()
        self.check_access("write")
        try:
            self._check_callable()
        except UserError as error:
            return {"ok": False, "reason": str(error)}
        self._write_protected({"claimed_by_id": self.env.uid, "date_claimed": fields.Datetime.now()})
        return {"ok": True, "reason": ""}

    def action_release_call(self):
        """Give an open call back to the queue."""
        self._check_caller_group()
        self.check_access("write")
        mine = self.filtered(lambda c: c.claimed_by_id == self.env.user)
        mine._write_protected({"claimed_by_id": False, "date_claimed": False})
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _stop_open_screens(self):
        """Tell the screens on which these calls are open to look again, without waiting for their next heartbeat."""
        for call in self.filtered("claimed_by_id"):
            call.claimed_by_id.sudo()._bus_send("aftersales_call_stop", {"model": call._name, "id": call.id})

    @api.model
    def _queue_condition(self, skip_ids=()):
        """SQL condition of the calls that the current user may make now (alias `callback`)."""
        company = self.env.company
        now = fields.Datetime.now()
        today = company._aftersales_today()
        technicians = self.env["aftersales.repair.order"]._fields["technician_ids"]
        return SQL(
            """callback.state = 'planned'
               AND callback.company_id = %(company)s
               AND (callback.user_id = %(user)s OR callback.user_id IS NULL)
               AND callback.date_due <= %(today)s
               AND callback.date_expiry >= %(today)s
               AND CASE WHEN callback.call_later IS NOT NULL
                        THEN callback.call_later <= %(now)s
                        ELSE COALESCE(callback.date_planned, callback.date_due) <= %(today)s
                             AND (callback.date_last_attempt IS NULL OR callback.date_last_attempt < %(day_start)s)
                   END
               AND (callback.claimed_by_id IS NULL OR callback.claimed_by_id = %(user)s
                    OR callback.date_claimed < %(released)s)
               AND (callback.independence_exception IS NOT NULL
                    OR (callback.advisor_id IS DISTINCT FROM %(user)s
                        AND NOT EXISTS (SELECT 1 FROM %(relation)s AS technician
                                         WHERE technician.%(order_column)s = callback.repair_order_id
                                           AND technician.%(user_column)s = %(user)s)))
               AND NOT (callback.id = ANY(%(skip)s))""",
            company=company.id,
            user=self.env.uid,
            today=today,
            now=now,
            day_start=company._aftersales_day_start(today),
            released=now - timedelta(minutes=company.aftersales_callback_claim_minutes),
            relation=SQL.identifier(technicians.relation),
            order_column=SQL.identifier(technicians.column1),
            user_column=SQL.identifier(technicians.column2),
            skip=list(skip_ids),
        )

    @api.model
    def _find_next_call(self, skip_ids=()):
        """Lock and return the next call of the current user; customers who refused meanwhile are taken out."""
        self.env.flush_all()
        hour = self.env.company._aftersales_local(fields.Datetime.now()).hour
        skipped = list(skip_ids)
        while True:
            rows = self.env.execute_query(
                SQL(
                    """SELECT callback.id
                         FROM aftersales_callback AS callback
                        WHERE %s
                        ORDER BY callback.claimed_by_id IS NOT DISTINCT FROM %s DESC,
                                 callback.call_later IS NULL,
                                 callback.call_later,
                                 CASE WHEN callback.time_preference = %s THEN 0
                                      WHEN callback.time_preference = 'any' THEN 1 ELSE 2 END,
                                 callback.date_planned NULLS LAST, callback.date_expiry, callback.id
                        LIMIT 1
                          FOR NO KEY UPDATE OF callback SKIP LOCKED""",
                    self._queue_condition(skipped),
                    self.env.uid,
                    part_of_day(hour),
                )
            )
            callback = self.browse([row[0] for row in rows])
            if not callback or not callback._blocked():
                return callback
            callback._do_cancel("consent_withdrawn")
            skipped.append(callback.id)
            self.env.flush_all()

    def _check_callable(self):
        """Raise, with the reason, when the current user must not make this call now."""
        self.ensure_one()
        self._check_planned()
        if self._blocked():
            self._refuse_blocked()
        for reason in self._cannot_call_reasons(self.env.user).values():
            raise UserError(reason)
        today = self.company_id._aftersales_today()
        if not self.date_due <= today <= self.date_expiry:
            raise UserError(
                self.env._(
                    "%(callback)s may be made from %(first)s to %(last)s, not today.",
                    callback=self.name,
                    first=format_date(self.env, self.date_due),
                    last=format_date(self.env, self.date_expiry),
                )
            )
        held = self.claimed_by_id and self.claimed_by_id != self.env.user
        minutes = self.company_id.aftersales_callback_claim_minutes
        if held and self.date_claimed >= fields.Datetime.now() - timedelta(minutes=minutes):
            raise UserError(
                self.env._(
                    "%(user)s has %(callback)s on the screen. Open the next call.",
                    user=self.claimed_by_id.name,
                    callback=self.name,
                )
            )

    def _do_claim(self):
        self.lock_for_update(allow_referencing=True)
        if self.claimed_by_id != self.env.user:
            # The caller sees the whole number: the ledger of the file floor says so.
            self._note_number_shown()
        self._write_protected({"claimed_by_id": self.env.uid, "date_claimed": fields.Datetime.now()})

    @api.model
    def _get_queue(self):
        """Return the counts in the head of the screen: what is left for me today, and what I have done."""
        self.env.flush_all()
        company = self.env.company
        start = company._aftersales_day_start(company._aftersales_today())
        [(left, done, reached)] = self.env.execute_query(
            SQL(
                """SELECT (SELECT COUNT(*) FROM aftersales_callback AS callback WHERE %s),
                          COUNT(*), COUNT(*) FILTER (WHERE is_reached)
                     FROM aftersales_callback_attempt
                    WHERE user_id = %s AND company_id = %s AND date_attempt >= %s""",
                self._queue_condition(),
                self.env.uid,
                company.id,
                start,
            )
        )
        return {"left": left, "done": done, "reached": reached}
