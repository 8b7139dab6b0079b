from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.plate import format_plate

# The data card: what a filed vehicle file refuses to change without an approved change request.
# Left open on purpose, because they are events of the workshop and not facts of the card: who brings the car, the
# next annual inspection, odometer readings, insurance policies, scans and preferences.
CARD_FIELDS = (
    "license_plate",
    "plate_type",
    "vin",
    "engine_number",
    "model_id",
    "manufacture_date",
    "delivery_date",
    "sales_reference",
    "warranty_end_date",
    "partner_id",
    "contact_id",
    "driver_id",
    "loan_lender",
    "loan_due_date",
)


class AftersalesVehicle(models.Model):
    """One file per vehicle and company.

    ======================  ==============================================  ==================================
    Action                  Role                                            Restriction
    ======================  ==============================================  ==================================
    create, correct         service advisor, administrator (import)         correct: draft only
    submit                  service advisor                                 owner, model and VIN are known
    verify, return          service manager                                 is neither creator nor submitter
    file, return            archivist                                       nor creator, submitter or verifier
    take back               service advisor                                 until the file is filed
    change a filed file     nobody; by an approved change request only
    delete                  service advisor                                 draft without history
    ======================  ==============================================  ==================================
    """

    _name = "aftersales.vehicle"
    _description = "Vehicle File"
    _inherit = [
        "aftersales.locked.card.mixin",
        "aftersales.vehicle.identity.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "aftersales.approval.mixin",
    ]
    _order = "license_plate, id"
    _rec_name = "license_plate"
    _check_company_auto = True
    _mail_post_access = "read"
    _protected_fields = frozenset(
        {
            "state",
            "submitted_by_id",
            "verified_by_id",
            "filed_by_id",
            "date_filed",
            "last_service_date",
            "last_stocktake_date",
            "ownership_ids",
            "missing_document_count",
            "is_vin_suspect",
            "brand_id",
        }
    )

    # Model and dates
    model_id = fields.Many2one("fleet.vehicle.model", index="btree_not_null", tracking=3)
    brand_id = fields.Many2one(related="model_id.brand_id", store=True, index="btree_not_null")
    manufacture_date = fields.Date("Manufactured on", tracking=True)
    delivery_date = fields.Date("Delivered on", tracking=True)
    sales_reference = fields.Char("Sales Record", tracking=True, copy=False)
    image_128 = fields.Image(related="model_id.image_128")

    # People
    partner_id = fields.Many2one(
        "res.partner", "Owner", index="btree_not_null", check_company=True, tracking=4, ondelete="restrict"
    )
    contact_id = fields.Many2one(
        "res.partner", "Contact Person", index="btree_not_null", check_company=True, tracking=True
    )
    driver_id = fields.Many2one("res.partner", index="btree_not_null", check_company=True, tracking=True)
    brought_by_id = fields.Many2one("res.partner", "Brought by", index="btree_not_null", check_company=True)
    occupation = fields.Char(related="partner_id.aftersales_occupation", readonly=False)
    birth_date = fields.Date(related="partner_id.aftersales_birth_date", readonly=False)
    identity_masked = fields.Char(related="partner_id.aftersales_identity_masked")
    registered_address = fields.Char(related="partner_id.contact_address_inline", string="Registered Address")
    mailing_address = fields.Char(related="partner_id.aftersales_mailing_address", readonly=False)
    partner_phone_masked = fields.Char(related="partner_id.aftersales_phone_masked", string="Owner's Phone")
    contact_phone_masked = fields.Char(related="contact_id.aftersales_phone_masked", string="Contact's Phone")
    driver_phone_masked = fields.Char(related="driver_id.aftersales_phone_masked", string="Driver's Phone")
    mailing_phone_masked = fields.Char(related="partner_id.aftersales_mailing_phone_masked", string="Mailing Phone")
    do_not_call = fields.Boolean(related="partner_id.aftersales_do_not_call")
    preference_ids = fields.One2many("aftersales.preference", "vehicle_id", "Preferences")
    preference_summary = fields.Char("Likes", compute="_compute_preference_summary")

    # Loan and dates
    loan_lender = fields.Char(tracking=True)
    loan_due_date = fields.Date("Loan Due", tracking=True)
    warranty_end_date = fields.Date("Warranty End", tracking=True)
    last_service_date = fields.Datetime("Last Visit", readonly=True, copy=False, index="btree_not_null")

    # File
    state = fields.Selection(
        [("draft", "Draft"), ("submitted", "Submitted"), ("verified", "Verified"), ("filed", "Filed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=5,
        help="Draft: being filled in. Submitted: waits for the service manager. "
        "Verified: waits for the archivist. Filed: locked, changed by change requests only.",
    )
    submitted_by_id = fields.Many2one("res.users", "Submitted by", readonly=True, copy=False)
    verified_by_id = fields.Many2one("res.users", "Verified by", readonly=True, copy=False)
    filed_by_id = fields.Many2one("res.users", "Filed by", readonly=True, copy=False)
    date_filed = fields.Datetime("Filed on", readonly=True, copy=False)
    document_ids = fields.One2many(
        "aftersales.vehicle.document", "vehicle_id", "Documents", domain=[("chapter_id", "=", False)]
    )
    missing_document_count = fields.Integer(
        "Missing Documents", compute="_compute_missing_document_count", store=True, copy=False
    )
    missing_document_names = fields.Char(compute="_compute_missing_document_names")
    ownership_ids = fields.One2many("aftersales.vehicle.ownership", "vehicle_id", "Owners", readonly=True)
    change_request_ids = fields.One2many("aftersales.change.request", "vehicle_id", "Change Requests")
    change_count = fields.Integer("Changes", compute="_compute_pending_change_count")
    pending_change_count = fields.Integer("Open Change Requests", compute="_compute_pending_change_count")
    stocktake_line_ids = fields.One2many("aftersales.stocktake.line", "vehicle_id", "Stocktakes")
    last_stocktake_date = fields.Date("Last Stocktake", readonly=True, copy=False, index="btree_not_null")
    is_stocktake_due = fields.Boolean(
        "Stocktake Due", compute="_compute_is_stocktake_due", search="_search_is_stocktake_due"
    )
    note = fields.Text("Remarks")
    active = fields.Boolean(default=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("manufacture_date", "delivery_date")
    def _check_dates(self):
        for vehicle in self:
            made, delivered = vehicle.manufacture_date, vehicle.delivery_date
            if made and delivered and delivered < made:
                raise ValidationError(
                    self.env._(
                        "%(vehicle)s: delivered on %(delivered)s, but manufactured on %(made)s. Correct one of the dates.",
                        vehicle=vehicle.display_name,
                        delivered=delivered,
                        made=made,
                    )
                )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("license_plate", "vin_masked", "model_id")
    def _compute_display_name(self):
        for vehicle in self:
            number = format_plate(vehicle.license_plate) or vehicle.vin_masked or self.env._("No plate")
            model = vehicle.model_id.sudo().display_name
            vehicle.display_name = f"{number} {model}" if model else number

    @api.depends(
        *("partner_id", "contact_id", "driver_id", "brought_by_id"),
        *("preference_ids.value", "preference_ids.kind_id", "preference_ids.partner_id", "preference_ids.active"),
    )
    @api.depends_context("lang")
    def _compute_preference_summary(self):
        for vehicle in self:
            people = vehicle._get_people()
            likes = vehicle.preference_ids.filtered(lambda p, people=people: p.active and p.partner_id in people)
            vehicle.preference_summary = " · ".join(f"{like.kind_id.name}: {like.value}" for like in likes)

    @api.depends("document_ids.is_missing", "document_ids.chapter_id")
    def _compute_missing_document_count(self):
        for vehicle in self:
            vehicle.missing_document_count = len(vehicle.document_ids.filtered("is_missing"))

    @api.depends("document_ids.is_missing", "document_ids.type_id")
    @api.depends_context("lang")
    def _compute_missing_document_names(self):
        for vehicle in self:
            missing = vehicle.document_ids.filtered("is_missing")
            vehicle.missing_document_names = ", ".join(name for name in missing.type_id.mapped("name") if name)

    @api.depends("change_request_ids.state")
    def _compute_pending_change_count(self):
        counts = {}
        for vehicle, state, count in self.env["aftersales.change.request"]._read_group(
            [("vehicle_id", "in", self.ids)], ["vehicle_id", "state"], ["__count"]
        ):
            total, pending = counts.get(vehicle, (0, 0))
            counts[vehicle] = (total + count, pending + (count if state in ("draft", "submitted") else 0))
        for vehicle in self:
            vehicle.change_count, vehicle.pending_change_count = counts.get(vehicle._origin, (0, 0))

    @api.depends("last_stocktake_date", "company_id")
    def _compute_is_stocktake_due(self):
        limits = {company.id: company._aftersales_stocktake_limit() for company in self.company_id}
        for vehicle in self:
            last = vehicle.last_stocktake_date
            vehicle.is_stocktake_due = not last or last < limits[vehicle.company_id.id]

    @api.model
    def _search_is_stocktake_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id)
            & (
                Domain("last_stocktake_date", "=", False)
                | Domain("last_stocktake_date", "<", company._aftersales_stocktake_limit())
            )
            for company in self.env.companies
        )

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vehicles = super().create(vals_list)
        self.env["aftersales.vehicle.ownership"]._begin(vehicles)
        self.env["aftersales.vehicle.document"]._add_required(vehicles)
        return vehicles

    def write(self, vals):
        owners_before = {vehicle.id: vehicle.partner_id for vehicle in self} if "partner_id" in vals else {}
        result = super().write(vals)
        if owners_before:
            # In a draft a new owner is the correction of an entry, not a transfer
            corrected = self.filtered(lambda v: v.partner_id != owners_before[v.id] and v.state != "filed")
            self.env["aftersales.vehicle.ownership"]._correct(corrected)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        kept = self.filtered(lambda vehicle: vehicle.state != "draft")
        if kept:
            raise UserError(
                self.env._(
                    "%(vehicle)s is not a draft, so it cannot be deleted. Ask for its deletion with a change request.",
                    vehicle=kept[0].display_name,
                )
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """Hand drafts to the service manager."""
        self.check_access("write")
        for vehicle in self:
            if vehicle.state != "draft":
                raise UserError(self.env._("%(vehicle)s is submitted already.", vehicle=vehicle.display_name))
            lacking = [
                self._field_label(name) for name in ("vin", "model_id", "partner_id") if not vehicle.sudo()[name]
            ]
            if lacking:
                raise UserError(
                    self.env._(
                        "%(vehicle)s cannot be submitted yet. Fill in: %(fields)s.",
                        vehicle=vehicle.display_name,
                        fields=", ".join(lacking),
                    )
                )
        self._do_submit()
        return True

    def action_take_back(self):
        """Make a draft again of what waits for approval."""
        self.check_access("write")
        for vehicle in self:
            if vehicle.state not in ("submitted", "verified"):
                raise UserError(self.env._("%(vehicle)s does not wait for approval.", vehicle=vehicle.display_name))
        for vehicle in self:
            purpose = "verify" if vehicle.state == "submitted" else "file"
            vehicle._approval_cancel(purpose, self.env._("Taken back by %(person)s.", person=self.env.user.name))
        self._do_return()
        return True

    def action_open_change_request(self):
        """Open the data card for a correction, an ownership change or a deletion."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ask for a Change"),
            "res_model": "aftersales.change.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_vehicle_id": self.id,
                "default_kind": self.env.context.get("change_kind", "correction"),
            },
        }

    def action_view_change_requests(self):
        self.ensure_one()
        action = self.change_request_ids._get_records_action(name=self.env._("Change Requests"))
        action["context"] = {"default_vehicle_id": self.id, "create": False}
        return action

    def action_reveal_vin(self):
        """Open the dialog that asks what the VIN is needed for."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Show Number"),
            "res_model": "aftersales.reveal.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_vehicle_id": self.id, "default_what": "vin"},
        }

    def action_aftersales_reveal_vin(self, purpose):
        """Return the VIN and write down who asked for it and what for."""
        self.ensure_one()
        self.check_access("read")
        self.partner_id._aftersales_check_card_right()
        return self.env["aftersales.reveal"]._note(self.sudo().vin, "vin", purpose, vehicle=self)

    def action_reveal_owner(self):
        return self.partner_id.action_aftersales_open_reveal()

    def action_reveal_contact(self):
        return self.contact_id.action_aftersales_open_reveal()

    def action_reveal_driver(self):
        return self.driver_id.action_aftersales_open_reveal()

    # ------------------------------------------------------------
    # CARD
    # ------------------------------------------------------------

    @api.model
    def _get_card_fields(self):
        return CARD_FIELDS

    @api.model
    def _get_foreign_card_fields(self):
        return ("occupation", "birth_date", "mailing_address")

    @api.model
    def _clean_card_values(self, vals):
        return self._normalize_values(vals)

    @api.model
    def _card_value_problem(self, name, value):
        return self._vin_problem_text(value) if name == "vin" else False

    @api.model
    def _raw_text(self, name, raw):
        return format_plate(raw) if name == "license_plate" and raw else super()._raw_text(name, raw)

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return super()._approval_purposes() | {
            "verify": {
                "name": self.env._("Verification"),
                "group": "aftersales_crm.group_aftersales_manager",
                "content": list(CARD_FIELDS),
            },
            "file": {
                "name": self.env._("Filing"),
                "group": "aftersales_crm.group_aftersales_archivist",
                "content": list(CARD_FIELDS),
                "distinct_from": ("verify",),
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if purpose == "file":
            vehicle_sudo = self.sudo()
            if vehicle_sudo.submitted_by_id == user and vehicle_sudo.create_uid != user:
                reasons.append(self.env._("You submitted this file yourself: another person must file it."))
        return reasons

    def _approval_open_hashes(self):
        # A draft is not bound: it is submitted anew. An own write is an approved change, not a tampering.
        bound = self.browse() if self._has_proof() else self.filtered(lambda vehicle: vehicle.state != "draft")
        return super(AftersalesVehicle, bound)._approval_open_hashes()

    def _approval_approved(self, approval):
        if approval.purpose == "verify":
            self._write_protected({"state": "verified", "verified_by_id": self.env.uid})
            self._approval_request("file")
        elif approval.purpose == "file":
            self._write_protected({"state": "filed", "filed_by_id": self.env.uid, "date_filed": fields.Datetime.now()})
        return super()._approval_approved(approval)

    def _approval_returned(self, approval):
        if approval.purpose in ("verify", "file"):
            self._do_return()
        return super()._approval_returned(approval)

    def _do_submit(self):
        self._write_protected({"state": "submitted", "submitted_by_id": self.env.uid})
        self._approval_request("verify")

    def _do_return(self):
        self._write_protected({"state": "draft", "verified_by_id": False})

    # ------------------------------------------------------------
    # CHANGES OF A FILED FILE
    # ------------------------------------------------------------

    def _apply_change(self, vals, request):
        """Carry out an approved change request (superuser mode)."""
        self.ensure_one()
        if request.kind == "ownership":
            self._apply_ownership(vals, request)
        elif request.kind == "deletion":
            self._write_protected({"active": False})
        else:
            owner_before = self.partner_id
            self._write_protected(vals)
            if self.partner_id != owner_before:
                self.env["aftersales.vehicle.ownership"]._correct(self)

    def _update_from_source(self, vals):
        """Bring values of another system into the file, without breaking the lock.

        The data card of a file that waits for approval is left alone: it comes with the next import.

        :return: the change request that now waits for approval, empty when everything was written or nothing differed
        """
        self.ensure_one()
        vals = self._clean_card_values(vals)
        changed = {name: value for name, value in vals.items() if self._is_changed(name, value)}
        requests = self.env["aftersales.change.request"]
        locked = {} if self.state == "draft" else {n: changed.pop(n) for n in CARD_FIELDS if n in changed}
        if changed:
            self.write(changed)
        if not locked or self.state != "filed":
            return requests
        waiting = self.change_request_ids.filtered(lambda request: request.state in ("draft", "submitted"))
        if waiting:
            return waiting[:1]
        return requests._ask(self, locked, self.env._("Another system tells other values."))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_people(self):
        """Return everybody who stands behind the car today."""
        self.ensure_one()
        return self.partner_id | self.contact_id | self.driver_id | self.brought_by_id
