from odoo import api, models


class AftersalesApprovalLineMixin(models.AbstractModel):
    """A line whose fields belong to the content of a document's decisions."""

    _name = "aftersales.approval.line.mixin"
    _description = "Line of a Document with Approvals"

    # Name of the Many2one to the document
    _approval_parent = None

    @api.model_create_multi
    def create(self, vals_list):
        parents = self.env[self._fields[self._approval_parent].comodel_name].browse(
            {vals[self._approval_parent] for vals in vals_list if vals.get(self._approval_parent)}
        )
        before = parents._approval_open_hashes()
        lines = super().create(vals_list)
        lines[self._approval_parent]._approval_void_changed(before)
        return lines

    def write(self, vals):
        parents = self[self._approval_parent]
        before = parents._approval_open_hashes()
        result = super().write(vals)
        parents._approval_void_changed(before)
        return result

    def unlink(self):
        parents = self[self._approval_parent]
        before = parents._approval_open_hashes()
        result = super().unlink()
        parents._approval_void_changed(before)
        return result
