from odoo import api, fields, models

CHANNELS = [("phone", "Phone"), ("sms", "SMS"), ("email", "E-mail"), ("wechat", "WeChat"), ("letter", "Letter")]


class AftersalesCallbackAttempt(models.Model):
    """The ledger of calls: written once by the callback, never changed, never deleted."""

    _name = "aftersales.callback.attempt"
    _description = "Callback Attempt"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_attempt desc, id desc"
    _check_company_auto = True
    _protected_append_only = True

    callback_id = fields.Many2one(
        "aftersales.callback", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="callback_id.company_id", store=True, index=True, precompute=True)
    date_attempt = fields.Datetime("Time", required=True, index=True)
    user_id = fields.Many2one("res.users", "Caller", required=True, index=True)
    channel = fields.Selection(CHANNELS, required=True)
    phone = fields.Char("Phone Number", groups="aftersales_crm.group_aftersales_crc,aftersales_crm.group_aftersales_gm")
    duration = fields.Integer("Duration (s)", help="Seconds from dialling to saving.")
    outcome_id = fields.Many2one("aftersales.callback.outcome", required=True, index=True)
    outcome_class = fields.Selection(related="outcome_id.outcome_class", store=True, precompute=True)
    is_reached = fields.Boolean("Reached", compute="_compute_is_reached", store=True, precompute=True)
    call_later = fields.Datetime("Agreed Time")
    note = fields.Char()
    client_key = fields.Char(copy=False, help="Made by the call screen, so that a call saved twice is counted once.")

    _client_key_uniq = models.UniqueIndex(
        "(callback_id, client_key) WHERE client_key IS NOT NULL", "This attempt has been saved already."
    )
    _duration_positive = models.Constraint("CHECK(duration >= 0)", "The duration of a call cannot be negative.")

    @api.depends("outcome_class")
    def _compute_is_reached(self):
        for attempt in self:
            attempt.is_reached = attempt.outcome_class == "reached"
