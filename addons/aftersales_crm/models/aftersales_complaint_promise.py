from odoo import api, fields, models


class AftersalesComplaintPromise(models.Model):
    """A promise to the customer: "you will hear from us again by then". Its clock is the complaint's, by policy `update`.

    One row a promise: a kept one, a broken one and the next one stay apart.
    """

    _name = "aftersales.complaint.promise"
    _description = "Promised Update"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_made desc, id desc"
    _protected_append_only = True

    complaint_id = fields.Many2one("aftersales.complaint", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="complaint_id.company_id", store=True, index=True)
    date_made = fields.Datetime("Promised on", required=True, default=fields.Datetime.now, readonly=True)
    user_id = fields.Many2one("res.users", "Promised by", required=True, readonly=True)
    date_promised = fields.Datetime("Promised for", required=True, readonly=True)
    date_kept = fields.Datetime("Kept on", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("kept", "Kept"), ("late", "Kept Late"), ("ended", "Ended with the Case")],
        "Status",
        default="open",
        required=True,
        readonly=True,
    )

    _one_open = models.UniqueIndex(
        "(complaint_id) WHERE state = 'open'", "The customer was promised another update already."
    )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _clock_code(self):
        """Name of the clock of this promise on its complaint."""
        return f"update_{self.id}"

    @api.model
    def _make(self, complaint, date_promised):
        """Promise the customer of the complaint an update; the clock runs to the promised moment."""
        now = fields.Datetime.now()
        row_sudo = self.sudo()._create_protected(
            [
                {
                    "complaint_id": complaint.id,
                    "user_id": self.env.uid,
                    "date_made": now,
                    "date_promised": date_promised,
                }
            ]
        )
        complaint._clock_start(
            row_sudo._clock_code(), at=now, level=complaint.level, policy_code="update", deadline=date_promised
        )
        return row_sudo

    def _end(self, ended=False):
        """The customer heard from us, or the case ended."""
        now = fields.Datetime.now()
        for row_sudo in self.sudo().filtered(lambda row: row.state == "open"):
            state = "ended" if ended else "kept" if now <= row_sudo.date_promised else "late"
            row_sudo._write_protected({"state": state, "date_kept": False if ended else now})
            # One open promise is a unique index: the old row must leave it before the new one comes.
            row_sudo.flush_recordset()
            row_sudo.complaint_id._clock_stop(row_sudo._clock_code())
