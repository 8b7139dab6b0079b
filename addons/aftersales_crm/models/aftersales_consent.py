from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

PURPOSES = [("callback", "Callback"), ("marketing", "Marketing"), ("survey", "Survey")]
CHANNELS = [("phone", "Phone"), ("sms", "SMS"), ("email", "E-mail"), ("wechat", "WeChat")]


class AftersalesConsent(models.Model):
    """What a person allowed a store to do with which channel, and when that ended.

    A row is written once. A withdrawal ends the row, a new consent is a new row: the history stays.
    """

    _name = "aftersales.consent"
    _description = "Consent"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_given desc, id desc"
    _rec_name = "partner_id"
    _check_company_auto = True
    _protected_fields = frozenset({"state", "date_withdrawn", "withdrawn_reason", "withdrawn_by_id", "user_id"})

    partner_id = fields.Many2one("res.partner", "Customer", required=True, index=True, ondelete="cascade")
    purpose = fields.Selection(PURPOSES, required=True, default="callback")
    channel = fields.Selection(CHANNELS, required=True, default="phone")
    state = fields.Selection(
        [("given", "Given"), ("withdrawn", "Withdrawn")], default="given", required=True, readonly=True, copy=False
    )
    basis = fields.Selection(
        [
            ("verbal", "Said at the counter or on the phone"),
            ("signed", "Signed form"),
            ("online", "Ticked online"),
            ("contract", "Needed for a contract"),
            ("import", "Told by another system"),
        ],
        required=True,
        default="verbal",
    )
    wording_version = fields.Char(help="Version of the text that the person agreed to.")
    date_given = fields.Datetime("Given on", default=fields.Datetime.now)
    date_withdrawn = fields.Datetime("Withdrawn on", readonly=True, copy=False)
    withdrawn_reason = fields.Char("Reason", readonly=True, copy=False)
    withdrawn_by_id = fields.Many2one("res.users", "Withdrawal Taken by", readonly=True, copy=False)
    proof = fields.Binary(attachment=True, copy=False)
    proof_name = fields.Char(copy=False)
    user_id = fields.Many2one("res.users", "Taken by", default=lambda self: self.env.user, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )

    _given_uniq = models.UniqueIndex(
        "(company_id, partner_id, purpose, channel) WHERE state = 'given'",
        "This person has given this consent already. Withdraw it before you record a new one.",
    )
    _lookup_idx = models.Index("(partner_id, purpose, channel, company_id)")

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        if not self._has_proof():
            raise AccessError(
                self.env._("A consent is never rewritten. Withdraw it and record a new one: the history must stay.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        raise UserError(self.env._("Consents are kept as proof and cannot be deleted. Withdraw the consent instead."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_withdraw(self, reason=None):
        """End the consents from this moment on."""
        self.check_access("write")
        self._do_withdraw(reason)
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_withdraw(self, reason=None):
        given = self.filtered(lambda consent: consent.state == "given")
        given.sudo()._write_protected(
            {
                "state": "withdrawn",
                "date_withdrawn": fields.Datetime.now(),
                "withdrawn_reason": reason,
                "withdrawn_by_id": self.env.uid,
            }
        )
        # A new consent is inserted at once and would meet the old one still standing
        given.flush_recordset(["state"])
        for (purpose, channel), consents in given.grouped(lambda c: (c.purpose, c.channel)).items():
            consents.partner_id._aftersales_consent_withdrawn(purpose, channel)

    @api.model
    def _withdraw(self, partners, purpose="callback", channel="phone", reason=None):
        """Record that the persons refuse from now on, whether they had agreed before or not."""
        given = self.search(
            [
                ("partner_id", "in", partners.ids),
                ("purpose", "=", purpose),
                ("channel", "=", channel),
                ("state", "=", "given"),
                ("company_id", "=", self.env.company.id),
            ]
        )
        given._do_withdraw(reason)
        without = partners - given.partner_id - self._blocked_by_consent(partners, purpose, channel)
        if without:
            now = fields.Datetime.now()
            self.sudo()._create_protected(
                [
                    {
                        "partner_id": partner.id,
                        "purpose": purpose,
                        "channel": channel,
                        "state": "withdrawn",
                        "date_given": False,
                        "date_withdrawn": now,
                        "withdrawn_reason": reason,
                        "withdrawn_by_id": self.env.uid,
                        "company_id": self.env.company.id,
                    }
                    for partner in without
                ]
            )
            without._aftersales_consent_withdrawn(purpose, channel)

    @api.model
    def _given_partners(self, partners, purpose="callback", channel="phone"):
        """Return those of the partners whose consent stands in the current company."""
        if not partners:
            return partners
        groups = self.sudo()._read_group(
            [
                ("partner_id", "in", partners.ids),
                ("purpose", "=", purpose),
                ("channel", "=", channel),
                ("state", "=", "given"),
                ("company_id", "=", self.env.company.id),
            ],
            ["partner_id"],
        )
        given_ids = {partner.id for (partner,) in groups}
        return partners.filtered(lambda partner: partner.id in given_ids)

    @api.model
    def _blocked_by_consent(self, partners, purpose="callback", channel="phone"):
        """Return those of the partners who withdrew and have not agreed again."""
        if not partners:
            return partners
        groups = self.sudo()._read_group(
            [
                ("partner_id", "in", partners.ids),
                ("purpose", "=", purpose),
                ("channel", "=", channel),
                ("company_id", "=", self.env.company.id),
            ],
            ["partner_id"],
            ["state:array_agg"],
        )
        blocked_ids = {partner.id for partner, states in groups if "given" not in states}
        return partners.filtered(lambda partner: partner.id in blocked_ids)

    @api.model
    def _blocked_partners(self, partners, purpose="callback", channel="phone"):
        """Return those of the partners that must not be addressed: withdrawn consent or, by phone, do-not-call."""
        blocked = self._blocked_by_consent(partners, purpose, channel)
        if channel == "phone":
            blocked |= partners.filtered("aftersales_do_not_call")
        return blocked

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {
            row.id: " · ".join(
                filter(
                    None,
                    (
                        row._selection_label("purpose"),
                        row._selection_label("channel"),
                        row.withdrawn_reason if kind == "consent_withdrawn" else row._selection_label("basis"),
                    ),
                )
            )
            for row in self
        }
