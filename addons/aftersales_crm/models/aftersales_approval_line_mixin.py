from contextlib import contextmanager

from odoo import api, models


class AftersalesApprovalLineMixin(models.AbstractModel):
    """A line whose fields belong to the content of a document's decisions.

    A line that is saved with its document leaves the comparison to the document: one save voids a decision once.
    """

    _name = "aftersales.approval.line.mixin"
    _description = "Line of a Document with Approvals"

    # Name of the Many2one to the document
    _approval_parent = None

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get(f"default_{self._approval_parent}")
        ids = {vals.get(self._approval_parent, default) for vals in vals_list}
        with self._approval_watched(self._approval_documents().browse(filter(None, ids))):
            return super().create(vals_list)

    def write(self, vals):
        documents = self[self._approval_parent] | self._approval_documents().browse(
            filter(None, [vals.get(self._approval_parent)])
        )
        with self._approval_watched(documents):
            return super().write(vals)

    def unlink(self):
        with self._approval_watched(self[self._approval_parent]):
            return super().unlink()

    def _approval_documents(self):
        return self.env[self._fields[self._approval_parent].comodel_name]

    @contextmanager
    def _approval_watched(self, documents):
        """Compare the bound content of the documents before and after, unless they do so themselves."""
        if documents._approval_is_saving():
            yield
            return
        before = documents._approval_open_hashes()
        yield
        documents._approval_void_changed(before)
