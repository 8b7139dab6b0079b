from odoo import api, fields, models
from odoo.fields import Domain


class AftersalesAttachedMixin(models.AbstractModel):
    """A row that belongs to any one document (approval, clock): it may be read by whom may read the document.

    The condition is one SQL sub-query a document model, so that search, group-by and export obey it at no cost a row.
    """

    _name = "aftersales.attached.mixin"
    _description = "Row Attached to a Document"

    # The mixin whose inheriting models may own such rows
    _attached_owner = None

    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True, index=True
    )
    record_name = fields.Char(string="Document", compute="_compute_record_name")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for rows in self.grouped("res_model").values():
            if not rows[0].res_model:
                rows.record_name = False
                continue
            names = {
                record.id: record.display_name
                for record in self.env[rows[0].res_model].browse(rows.mapped("res_id")).sudo().exists()
            }
            for row in rows:
                row.record_name = names.get(row.res_id, False)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, active_test=True, bypass_access=False):
        if not self.env.su and not bypass_access:
            domain = Domain(domain) & self._attached_domain()
        return super()._search(
            domain, offset=offset, limit=limit, order=order, active_test=active_test, bypass_access=bypass_access
        )

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or not self.ids:
            return result
        candidates = self - result[0] if result else self
        allowed = self.browse(self._search(Domain("id", "in", candidates.ids), active_test=False))
        forbidden = candidates - allowed
        if not forbidden:
            return result
        if result:
            return result[0] + forbidden, result[1]
        return forbidden, lambda: self.env["ir.rule"]._make_access_error(operation, forbidden)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _attached_models(self):
        """Names of the concrete models that may own rows."""
        names = self.env.registry.descendants([self._attached_owner], "_inherit", "_inherits")
        return sorted(name for name in names if not self.env[name]._abstract)

    @api.model
    def _attached_domain(self):
        """Rows whose document the current user may read."""
        domains = []
        for name in self._attached_models():
            model = self.env[name].with_context(active_test=False)
            if model.has_access("read"):
                domains.append(Domain("res_model", "=", name) & Domain("res_id", "in", model._search(Domain.TRUE)))
        return Domain.OR(domains)

    def _record(self):
        """The document of this row."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)

    def action_open_record(self):
        """Open the document."""
        self.ensure_one()
        return self._record()._get_records_action()
