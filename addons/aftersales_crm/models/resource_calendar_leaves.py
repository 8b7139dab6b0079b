from odoo import models


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "aftersales.calendar.part.mixin"]

    def _moves_deadlines(self):
        # Core computes the company of a leave late, as that of whoever asks first: ask here, in its creator's name.
        self.mapped("company_id")
        return any(not leave.resource_id for leave in self)
