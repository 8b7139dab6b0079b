from odoo import api, fields, models


class AftersalesCorrectiveRound(models.Model):
    """What an earlier round of an action planned, did and achieved. Never changed afterwards."""

    _name = "aftersales.corrective.round"
    _description = "Round of a Corrective Action"
    _inherit = ["aftersales.protected.mixin"]
    _order = "round desc, id desc"
    _rec_name = "round"
    _protected_append_only = True

    action_id = fields.Many2one(
        "aftersales.corrective.action", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    round = fields.Integer(required=True, readonly=True)
    root_cause = fields.Text(readonly=True)
    measures = fields.Text(readonly=True)
    responsible_id = fields.Many2one("res.users", "Responsible Person", readonly=True)
    supervisor_id = fields.Many2one("res.users", readonly=True)
    date_deadline = fields.Date("Deadline", readonly=True)
    date_done = fields.Datetime("Done on", readonly=True)
    date_verified = fields.Datetime("Verified on", readonly=True)
    indicator = fields.Char(readonly=True)
    target = fields.Float(digits=(6, 1), readonly=True)
    effect_before = fields.Float("Before", digits=(6, 1), readonly=True)
    effect_before_n = fields.Integer("Before n", readonly=True)
    effect_after = fields.Float("After", digits=(6, 1), readonly=True)
    effect_after_n = fields.Integer("After n", readonly=True)
    effect_p = fields.Float("p-value", digits=(6, 4), readonly=True, aggregator=None)
    effect_has_p = fields.Boolean("Tested", readonly=True)
    effect_conclusion = fields.Text("Conclusion", readonly=True)
    effective = fields.Selection([("yes", "Effective"), ("no", "Not Effective")], "Effect", readonly=True)

    _round_uniq = models.Constraint("UNIQUE(action_id, round)", "This round is kept already.")

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _keep(self, actions):
        """Write down the present round of the actions."""
        return self.sudo()._create_protected([self._prepare_values(action) for action in actions])

    def _prepare_values(self, action):
        copied = ("round", "root_cause", "date_deadline", "date_done", "date_verified", "target", "effect_before")
        copied += ("effect_before_n", "effect_after", "effect_after_n", "effect_p", "effect_has_p")
        copied += ("effect_conclusion", "effective")
        return {
            **{name: action[name] for name in copied},
            "action_id": action.id,
            "responsible_id": action.responsible_id.id,
            "supervisor_id": action.supervisor_id.id,
            "indicator": action.indicator_text,
            "measures": "\n".join(
                f"{measure._selection_label('kind')}: {measure.name} ({measure.responsible_id.name}, {measure.date_done})"
                for measure in action._get_round_measures()
            ),
        }
