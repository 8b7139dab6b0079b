from odoo import models


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "aftersales.calendar.part.mixin"]

    def _moves_deadlines(self):
        return any(not leave.resource_id for leave in self)
