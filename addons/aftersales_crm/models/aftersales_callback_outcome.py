from odoo import api, fields, models


class AftersalesCallbackOutcome(models.Model):
    """How an attempt ended. The class counts it, the next step drives the callback."""

    _name = "aftersales.callback.outcome"
    _description = "Callback Outcome"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char("Outcome", required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    hotkey = fields.Char("Key", size=1, help="The key that chooses this outcome on the call screen.")
    outcome_class = fields.Selection(
        [("reached", "Reached"), ("not_reached", "Not Reached"), ("invalid", "Invalid")], "Class", required=True
    )
    next_step = fields.Selection(
        [
            ("complete", "Completed"),
            ("partial", "Completed in Part"),
            ("call_later", "Call Again at the Agreed Time"),
            ("refuse", "Refused This Call"),
            ("withdraw", "Refuses All Callbacks: Consent Withdrawn"),
            ("retry", "Try Again on Another Day"),
            ("data_check", "Data Check at the Next Visit"),
            ("ownership", "Check the Ownership"),
            ("duplicate", "Duplicate"),
        ],
        required=True,
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: used by every store.")

    _code_uniq = models.UniqueIndex("(code, COALESCE(company_id, 0))", "This outcome code exists already.")
    _hotkey_letter = models.Constraint(
        "CHECK(hotkey IS NULL OR hotkey ~ '^[a-z]$' AND hotkey NOT IN ('y', 'n', 't', 'm', 'e', 'g'))",
        "The key is one small letter; y, n, t, m, e and g have another meaning on the call screen.",
    )
    _step_fits_class = models.Constraint(
        "CHECK((outcome_class = 'reached' AND next_step IN ('complete', 'partial', 'call_later', 'refuse', 'withdraw'))"
        " OR (outcome_class = 'not_reached' AND next_step = 'retry')"
        " OR (outcome_class = 'invalid' AND next_step IN ('data_check', 'ownership', 'duplicate')))",
        "This next step does not fit the class of the outcome.",
    )

    @api.model
    def _available_to(self, company):
        """The outcomes that a store may choose: its own and the shared ones."""
        return self.search([("company_id", "in", [company.id, False])])
