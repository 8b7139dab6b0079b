from odoo import api, fields, models


class AftersalesVehicle(models.Model):
    """The file as the page at the counter: what an advisor must know within two seconds, and the whole stream below."""

    _inherit = "aftersales.vehicle"

    timeline_ids = fields.One2many("aftersales.timeline", "vehicle_id", readonly=True)
    trouble_summary = fields.Text("What Went Wrong Last Time", compute="_compute_trouble_summary")

    @api.depends_context("lang", "uid")
    def _compute_trouble_summary(self):
        troubles = self._get_troubles()
        for vehicle in self:
            vehicle.trouble_summary = "\n".join(troubles.get(vehicle._origin.id, ())) or False

    def _get_troubles(self):
        """Hook: {id of the vehicle: [sentences]} of what went wrong for today's owner, the most pressing first."""
        return {}

    def _timeline_texts(self, kind):
        """What the timeline says of the file's own events."""
        return {}
