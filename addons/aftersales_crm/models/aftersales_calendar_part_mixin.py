from odoo import api, models


class AftersalesCalendarPartMixin(models.AbstractModel):
    """A part of the working calendar (holiday, working hour, make-up day): a change of it moves running deadlines."""

    _name = "aftersales.calendar.part.mixin"
    _description = "Part of the Working Calendar"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._calendar_changed()
        return parts

    def write(self, vals):
        result = super().write(vals)
        self._calendar_changed()
        return result

    def unlink(self):
        relevant = self._moves_deadlines()
        result = super().unlink()
        if relevant:
            self.env["aftersales.clock"]._calendar_changed()
        return result

    def _moves_deadlines(self):
        """Whether these parts count for the store as a whole; a person's own leave does not."""
        return True

    def _calendar_changed(self):
        if self._moves_deadlines():
            self.env["aftersales.clock"]._calendar_changed()
