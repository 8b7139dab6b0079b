from odoo import api, fields, models


class AftersalesTimeline(models.Model):
    _inherit = "aftersales.timeline"

    kind = fields.Selection(selection_add=[("complaint", "Complaint"), ("complaint_closed", "Complaint closed")])

    @api.model
    def _timeline_sources(self):
        complaint = {"model": "aftersales.complaint", "user": "handler_id", "personal": True}
        return [
            *super()._timeline_sources(),
            {**complaint, "kind": "complaint", "date": "date_received"},
            {**complaint, "kind": "complaint_closed", "date": "date_closed"},
        ]
