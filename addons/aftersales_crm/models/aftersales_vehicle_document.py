from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesVehicleDocument(models.Model):
    """One line of the document checklist of a vehicle file."""

    _name = "aftersales.vehicle.document"
    _description = "Vehicle Document"
    _inherit = ["aftersales.protected.mixin"]
    _order = "section, sequence, id"
    _rec_name = "type_id"
    _check_company_auto = True
    _protected_fields = frozenset({"chapter_id"})

    vehicle_id = fields.Many2one("aftersales.vehicle", required=True, index=True, ondelete="cascade")
    type_id = fields.Many2one(
        "aftersales.document.type", "Document Type", required=True, index=True, ondelete="restrict", check_company=True
    )
    chapter_id = fields.Many2one(
        "aftersales.vehicle.ownership",
        "Former Owner",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The paper belongs to a former owner; reviewers find it there.",
    )
    section = fields.Selection(related="type_id.section", store=True, precompute=True)
    sequence = fields.Integer(related="type_id.sequence", store=True, precompute=True)
    is_required = fields.Boolean(
        "Required", compute="_compute_is_required", store=True, readonly=False, precompute=True
    )
    reference = fields.Char()
    attachment_ids = fields.Many2many("ir.attachment", string="Scans", bypass_search_access=True)
    date_received = fields.Date(compute="_compute_received", store=True, readonly=False, precompute=True)
    user_id = fields.Many2one("res.users", "Received by", compute="_compute_received", store=True, precompute=True)
    date_expiry = fields.Date("Expiry")
    is_expired = fields.Boolean("Expired", compute="_compute_is_expired", search="_search_is_expired")
    is_missing = fields.Boolean("Missing", compute="_compute_is_missing", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, precompute=True, index=True)

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("type_id")
    def _compute_is_required(self):
        for document in self:
            document.is_required = document.type_id.is_required

    @api.depends("attachment_ids")
    def _compute_received(self):
        for document in self:
            if not document.attachment_ids:
                document.date_received = False
                document.user_id = False
            elif not document.date_received:
                document.date_received = fields.Date.context_today(document)
                document.user_id = self.env.user

    @api.depends("is_required", "attachment_ids")
    def _compute_is_missing(self):
        for document in self:
            document.is_missing = document.is_required and not document.attachment_ids

    @api.depends("date_expiry")
    def _compute_is_expired(self):
        today = fields.Date.context_today(self)
        for document in self:
            document.is_expired = bool(document.date_expiry and document.date_expiry < today)

    @api.model
    def _search_is_expired(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("date_expiry", "<", fields.Date.context_today(self))]

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        documents._adopt_scans()
        return documents

    def write(self, vals):
        scans_before = {document.id: document.attachment_ids for document in self} if "attachment_ids" in vals else {}
        result = super().write(vals)
        if scans_before:
            for document in self:
                if document.vehicle_id.state != "draft" and scans_before[document.id] - document.attachment_ids:
                    raise UserError(
                        self.env._(
                            "%(vehicle)s is no draft: scans of %(document)s can be added but not taken away.",
                            vehicle=document.vehicle_id.display_name,
                            document=document.type_id.name,
                        )
                    )
            self._adopt_scans()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_scanned(self):
        kept = self.filtered(lambda document: document.vehicle_id.state != "draft" and document.attachment_ids)
        if kept:
            raise UserError(
                self.env._(
                    "%(vehicle)s is no draft: %(document)s holds scans and cannot be deleted.",
                    vehicle=kept[0].vehicle_id.display_name,
                    document=kept[0].type_id.name,
                )
            )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _add_required(self, vehicles):
        """Give vehicle files the checklist of the documents that their store demands."""
        types = (
            self.env["aftersales.document.type"]
            .sudo()
            .search([("is_required", "=", True), ("company_id", "in", [False, *vehicles.company_id.ids])])
        )
        self.sudo().create(
            [
                {"vehicle_id": vehicle.id, "type_id": kind.id}
                for vehicle in vehicles
                for kind in types
                if kind.company_id in (self.env["res.company"], vehicle.company_id)
                and kind not in vehicle.document_ids.type_id
            ]
        )

    def _adopt_scans(self):
        """Tie uploaded scans to their document, so that whoever reads the file reads the scan.

        A scan that somebody else owns, or that belongs to another record, is adopted only by a user who may read it:
        naming its id must not open it.
        """
        for document in self:
            strange = document.attachment_ids.filtered(
                lambda scan, document=document: scan.res_model != self._name or scan.res_id != document.id
            )
            if not strange:
                continue
            strange.with_user(self.env.user).check_access("read")
            strange.filtered(lambda scan: not scan.res_id).sudo().write(
                {"res_model": self._name, "res_id": document.id}
            )

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {row.id: row.type_id.name for row in self}
