from odoo import api, fields, models


class AftersalesTimeline(models.Model):
    _inherit = "aftersales.timeline"

    kind = fields.Selection(selection_add=[("callback", "Callback")])

    @api.model
    def _timeline_sources(self):
        return [
            *super()._timeline_sources(),
            {
                "kind": "callback",
                "model": "aftersales.callback",
                "date": "date_done",
                "since": "date_due",
                "personal": True,
            },
        ]
