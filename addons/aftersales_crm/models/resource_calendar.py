from odoo import api, models


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        if not all(leaves.mapped("resource_id")):
            self.env["aftersales.clock"]._calendar_changed()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        self.env["aftersales.clock"]._calendar_changed()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["aftersales.clock"]._calendar_changed()
        return result


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        attendances = super().create(vals_list)
        self.env["aftersales.clock"]._calendar_changed()
        return attendances

    def write(self, vals):
        result = super().write(vals)
        self.env["aftersales.clock"]._calendar_changed()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["aftersales.clock"]._calendar_changed()
        return result
