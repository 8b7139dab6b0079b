from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import TERMINAL


class AftersalesComplaintIntake(models.TransientModel):
    """Takes a complaint in within a minute, at the counter or on the phone: who, which car, the words, the wish.

    Everything else is known already (order, owner, level, clocks) or asked in the steps that follow.
    """

    _name = "aftersales.complaint.intake"
    _description = "Take in a Complaint"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    source = fields.Selection(selection="_selection_source", string="Channel", required=True, default="phone")
    vehicle_id = fields.Many2one(
        "aftersales.vehicle",
        "Car",
        check_company=True,
        help="Plate, VIN, name or phone: any part of it finds the file.",
    )
    repair_order_id = fields.Many2one(
        "aftersales.repair.order",
        compute="_compute_from_vehicle",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('vehicle_id', '=', vehicle_id), ('company_id', '=', company_id)]",
    )
    partner_id = fields.Many2one(
        "res.partner", "Complainant", compute="_compute_from_vehicle", store=True, readonly=False, check_company=True
    )
    new_name = fields.Char("Caller's Name")
    new_phone = fields.Char("Phone")
    kind_id = fields.Many2one(
        "aftersales.complaint.kind",
        check_company=True,
        domain="[('company_id', 'in', (company_id, False)), ('parent_id', '=', False), ('is_safety', '=', False)]",
    )
    is_safety = fields.Boolean("Somebody was or is in danger", help="Fire, smoke, airbag, brakes, steering, injury.")
    description = fields.Text("Customer's Words", required=True)
    remedy_sought = fields.Text("What the Customer Wants")
    about_advisor = fields.Boolean("About the advisor of the order")
    date_promised_update = fields.Datetime("We call back by")
    open_complaint_id = fields.Many2one("aftersales.complaint", compute="_compute_open_complaint_id")
    open_complaint_text = fields.Char(compute="_compute_open_complaint_id")

    @api.model
    def _selection_source(self):
        # A callback raises its cases itself
        selection = self.env["aftersales.complaint"]._fields["source"]._description_selection(self.env)
        return [(value, label) for value, label in selection if value != "callback"]

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("vehicle_id")
    def _compute_from_vehicle(self):
        for intake in self:
            orders = self.env["aftersales.repair.order"]
            if intake.vehicle_id:
                domain = [("vehicle_id", "=", intake.vehicle_id.id), ("state", "!=", "cancelled")]
                orders = orders.search(domain, order="date_in desc, id desc", limit=1)
            intake.repair_order_id = orders
            intake.partner_id = intake.vehicle_id.partner_id or intake.partner_id

    @api.depends("vehicle_id", "partner_id")
    def _compute_open_complaint_id(self):
        for intake in self:
            intake.open_complaint_id = intake._find_open_case()
            case = intake.open_complaint_id
            intake.open_complaint_text = (
                f"{case.name} · {case._selection_label('state')}: {case.description}"[:120] if case else False
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_take_in(self):
        """Open the case; whoever takes it in owns it."""
        self.ensure_one()
        case = self.env["aftersales.complaint"].create(self._prepare_complaint_values())
        if self.date_promised_update:
            case.action_promise(self.date_promised_update)
        return case._get_records_action(name=case.name, target="current")

    def action_add_to_open(self):
        """The customer calls again about a case that is open: write the words there, and open it."""
        self.ensure_one()
        case = self._find_open_case()
        if not case:
            raise UserError(self.env._("No case of this customer or car is open."))
        if not (self.description or "").strip():
            raise UserError(self.env._("Write down what the customer says."))
        source = dict(self._fields["source"]._description_selection(self.env))[self.source]
        case.message_post(
            body=self.env._("The customer again (%(channel)s): %(words)s", channel=source, words=self.description)
        )
        case._tell(
            case.owner_id | case.handler_id,
            lambda c: (c.env._("%s: the customer called again", c.name), self.description),
        )
        return case._get_records_action(name=case.name, target="current")

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _find_open_case(self):
        self.ensure_one()
        if not self.vehicle_id and not self.partner_id:
            return self.env["aftersales.complaint"]
        return self.env["aftersales.complaint"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "not in", TERMINAL),
                "|",
                "&",
                ("vehicle_id", "!=", False),
                ("vehicle_id", "=", self.vehicle_id.id),
                "&",
                ("vehicle_id", "=", False),
                ("partner_id", "=", self.partner_id.id),
            ],
            limit=1,
        )

    def _prepare_complaint_values(self):
        partner = self.partner_id
        if not partner:
            if not (self.new_name or "").strip():
                raise UserError(
                    self.env._("Say who complains: choose the car or the customer, or write name and phone.")
                )
            partner = self.env["res.partner"].create(
                {"name": self.new_name, "phone": self.new_phone, "company_id": self.company_id.id}
            )
        advisor = self.repair_order_id.advisor_id
        return {
            "company_id": self.company_id.id,
            "source": self.source,
            "vehicle_id": self.vehicle_id.id,
            "repair_order_id": self.repair_order_id.id,
            "partner_id": partner.id,
            "kind_id": self.kind_id.id,
            "is_safety": self.is_safety,
            "description": self.description,
            "remedy_sought": self.remedy_sought,
            "concerned_ids": [fields.Command.set(advisor.ids if self.about_advisor else [])],
        }
