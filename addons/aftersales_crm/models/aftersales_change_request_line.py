from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.vin import mask_vin


class AftersalesChangeRequestLine(models.Model):
    """One field of the data card with its old and its new value.

    The raw text is what is approved and written; the values beside it are what people read. A client may give the new
    value in words (`new_value`), it is turned into the raw text at once.
    """

    _name = "aftersales.change.request.line"
    _description = "Requested Change"
    _inherit = ["aftersales.approval.line.mixin", "aftersales.protected.mixin"]
    _order = "id"
    _rec_name = "field_label"
    _rec_names_search = ["field_name", "new_value"]
    _approval_parent = "request_id"
    _protected_fields = frozenset({"old_raw", "old_value"})

    request_id = fields.Many2one("aftersales.change.request", required=True, index=True, ondelete="cascade")
    field_name = fields.Selection("_selection_field_name", "Field", required=True)
    field_label = fields.Char(compute="_compute_field_label")
    old_raw = fields.Char(readonly=True, copy=False)
    old_value = fields.Char(readonly=True, copy=False)
    new_raw = fields.Char()
    new_value = fields.Char()
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)

    _field_uniq = models.Constraint("UNIQUE(request_id, field_name)", "This field is on the request already.")

    @api.model
    def _selection_field_name(self):
        vehicle = self.env["aftersales.vehicle"]
        return [(name, vehicle._field_label(name)) for name in vehicle._get_changeable_fields()]

    @api.depends("field_name")
    @api.depends_context("lang")
    def _compute_field_label(self):
        labels = dict(self._selection_field_name())
        for line in self:
            line.field_label = labels.get(line.field_name, line.field_name)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self.browse().check_access("create")
        lines = super().create([self._complete(vals) for vals in vals_list])
        lines._check_open()
        lines._take_old_values()
        return lines

    def write(self, vals):
        if not self._has_proof():
            self._check_open()
            if {"new_raw", "new_value", "field_name"}.intersection(vals):
                for line in self:
                    super(AftersalesChangeRequestLine, line).write(
                        self._complete({"field_name": line.field_name, **vals})
                    )
                self._take_old_values()
                return True
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        self._check_open()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _complete(self, vals):
        """Return the values with the raw text and the words that belong together."""
        vehicle = self.env["aftersales.vehicle"]
        name = vals.get("field_name")
        if name not in vehicle._get_changeable_fields():
            raise UserError(self.env._("“%(field)s” is no field of the data card.", field=name))
        raw = vals["new_raw"] if "new_raw" in vals else vehicle._parse_text(name, vals.get("new_value"))
        # Through the field's own type and the user's own rights: nonsense and foreign records end here
        raw = vehicle._to_raw(name, vehicle._from_raw(name, raw or ""))
        return {**vals, "new_raw": raw, "new_value": vehicle._raw_text(name, raw)}

    def _check_open(self):
        closed = self.request_id.filtered(lambda request: request.state != "draft")
        if closed:
            raise UserError(
                self.env._(
                    "%(request)s is no draft any more: take it back before you change it.", request=closed[0].name
                )
            )

    def _take_old_values(self):
        """Note today's values of the file beside the new ones."""
        for line in self:
            raw = line.request_id.vehicle_id._to_raw(line.field_name)
            line._write_protected(
                {"old_raw": raw, "old_value": self.env["aftersales.vehicle"]._raw_text(line.field_name, raw)}
            )

    def _shown(self, value):
        """What the messages of the file may say of a value: everybody who reads the file reads them."""
        self.ensure_one()
        return (mask_vin(value) if self.field_name == "vin" else value) or "–"
