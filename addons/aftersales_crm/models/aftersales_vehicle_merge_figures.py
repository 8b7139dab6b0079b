from odoo import api, models


class AftersalesVehicleMerge(models.Model):
    _inherit = "aftersales.vehicle.merge"

    @api.model
    def _get_moved_fields(self):
        # A past month is a snapshot: it names the file that it counted
        return [
            (model, name) for model, name in super()._get_moved_fields() if not model.startswith("aftersales.monthly.")
        ]
