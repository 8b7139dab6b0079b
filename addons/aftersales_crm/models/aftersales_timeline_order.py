from odoo import api, fields, models
from odoo.tools import SQL


class AftersalesTimeline(models.Model):
    _inherit = "aftersales.timeline"

    kind = fields.Selection(
        selection_add=[("order", "Visit"), ("order_former", "Visit under a former owner"), ("comeback", "Comeback")]
    )

    @api.model
    def _timeline_sources(self):
        order = {"model": "aftersales.repair.order", "date": "date_in", "user": "advisor_id"}
        return [
            *super()._timeline_sources(),
            {
                **order,
                "kind": "order",
                "where": SQL("is_former_owner IS NOT TRUE AND is_comeback IS NOT TRUE AND is_cancelled IS NOT TRUE"),
            },
            {
                **order,
                "kind": "comeback",
                "where": SQL("is_former_owner IS NOT TRUE AND is_comeback AND is_cancelled IS NOT TRUE"),
            },
            # What was repaired belongs to the car; for whom it was done does not
            {
                **order,
                "kind": "order_former",
                "user": None,
                "public": True,
                "where": SQL("is_former_owner AND is_cancelled IS NOT TRUE"),
            },
        ]
