from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.dating import date_correction

KINDS = [
    ("maintenance", "Maintenance"),
    ("repair", "Repair"),
    ("accident", "Accident"),
    ("warranty", "Warranty"),
    ("recall", "Recall"),
    ("inspection", "Inspection"),
    ("other", "Other"),
]
# What the customer relations consultant may write on an order
_CALLBACK_FIELDS = frozenset({"callback_consent", "callback_time", "callback_phone"})
# What was handed over is evidence: only the service manager and the administrator correct it afterwards.
_DELIVERED_FIELDS = frozenset(
    {
        "name",
        "vehicle_id",
        "partner_id",
        "company_id",
        "date_in",
        "date_out",
        "odometer",
        "advisor_id",
        "advisor_name",
        "technician_ids",
        "technician_names",
        "kind",
        "line_ids",
        "amount_total",
        "comeback_of_id",
    }
)


# What a file of another system tells of an order
IMPORTED_FIELDS = _DELIVERED_FIELDS - {"company_id"} | {
    *("date_promised", "customer_words", "settlement_number", "declined_advice"),
    *("callback_consent", "callback_time", "callback_phone"),
}


class AftersalesRepairOrder(models.Model):
    """One visit of one car: what was asked, what was done, whether we may call afterwards.

    | Action               | Who                                     | Restriction                     |
    |----------------------|-----------------------------------------|---------------------------------|
    | read                 | staff of the company                    |                                 |
    | create, write        | advisor, manager, administrator         | while the order is open         |
    | callback answer      | the same and the CRC                    | at any time                     |
    | deliver              | advisor, manager, administrator         | open order                      |
    | correct after it     | manager, administrator                  |                                 |
    | cancel, reopen       | manager, administrator                  | reason kept                     |
    | delete               | nobody: records are kept for six years  |                                 |

    The superuser's environment is the server's own code (import, scheduled actions) and is not restricted.
    """

    _name = "aftersales.repair.order"
    _description = "Repair Order"
    _inherit = ["aftersales.protected.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_in desc, id desc"
    _rec_names_search = ["name", "vehicle_id", "partner_id.name"]
    _check_company_auto = True
    _protected_fields = frozenset({"state", "is_cancelled", "cancel_reason", "import_id", "is_former_owner"})

    # Identity
    name = fields.Char(
        "Order Number", required=True, copy=False, index="trigram", tracking=1, default=lambda self: self.env._("New")
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    state = fields.Selection(
        [("open", "In Repair"), ("delivered", "Delivered"), ("cancelled", "Cancelled")],
        compute="_compute_state",
        store=True,
        copy=False,
        index=True,
        tracking=2,
        help="In Repair: the car is with us. Delivered: it was handed back. Cancelled: the order does not count.",
    )
    is_cancelled = fields.Boolean(copy=False, readonly=True)
    cancel_reason = fields.Char("Reason of Cancellation", copy=False, readonly=True, tracking=True)
    import_id = fields.Many2one(
        "aftersales.import", copy=False, readonly=True, index="btree_not_null", check_company=True
    )
    source_date = fields.Datetime(
        "Values as of",
        copy=False,
        readonly=True,
        help="The moment of the export, or of the correction by hand, that told these values last. An older export does "
        "not overwrite them.",
    )
    import_line_ids = fields.One2many(
        "aftersales.import.line", "order_id", "Import Rows", groups="aftersales_crm.group_aftersales_admin"
    )
    # Car and customer
    vehicle_id = fields.Many2one(
        "aftersales.vehicle", required=True, index=True, check_company=True, tracking=3, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        check_company=True,
        tracking=4,
        ondelete="restrict",
    )
    odometer = fields.Integer("Odometer (km)", aggregator=None)
    # Visit
    kind = fields.Selection(KINDS, required=True, default="repair", index=True, tracking=True)
    date_in = fields.Datetime(
        "Came In", required=True, index=True, default=fields.Datetime.now, copy=False, tracking=True
    )
    date_promised = fields.Datetime("Promised", copy=False)
    date_out = fields.Datetime("Delivered On", index=True, copy=False, tracking=True)
    advisor_id = fields.Many2one(
        "res.users",
        "Service Advisor",
        index=True,
        check_company=True,
        default=lambda self: self._default_advisor_id(),
        tracking=True,
    )
    advisor_name = fields.Char(
        compute="_compute_advisor_name",
        store=True,
        readonly=False,
        precompute=True,
        help="The name as the order carries it; kept when the advisor is no user of this system.",
    )
    technician_ids = fields.Many2many("res.users", string="Technicians", check_company=True)
    technician_names = fields.Char(
        compute="_compute_technician_names",
        store=True,
        readonly=False,
        precompute=True,
        help="The names as the order carries them; kept when a technician is no user of this system.",
    )
    # Work
    customer_words = fields.Text(
        "Customer's Words", help="What the customer asks for or complains about, in his own words."
    )
    line_ids = fields.One2many("aftersales.repair.order.line", "order_id", "Work and Parts", copy=True)
    work_summary = fields.Text(compute="_compute_work_summary")
    declined_advice = fields.Text(help="What we advised and the customer did not want done this time.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_work = fields.Monetary("Work", compute="_compute_amounts", store=True)
    amount_part = fields.Monetary("Parts", compute="_compute_amounts", store=True)
    amount_total = fields.Monetary("Total", compute="_compute_amount_total", store=True, readonly=False, tracking=True)
    settlement_number = fields.Char(copy=False)
    # Callback
    callback_consent = fields.Selection(
        [("yes", "Accepts"), ("no", "Declines"), ("not_asked", "Not Asked")],
        "Callback",
        required=True,
        default="not_asked",
        copy=False,
        index=True,
        tracking=True,
        help="Asked at hand-over: does the customer accept a callback about this visit?",
    )
    callback_time = fields.Selection(
        [("any", "Any Time"), ("morning", "Morning"), ("afternoon", "Afternoon"), ("evening", "Evening")],
        "Preferred Time",
        required=True,
        default="any",
    )
    callback_phone = fields.Char(
        "Phone to Use",
        copy=False,
        groups="aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_crc,"
        "aftersales_crm.group_aftersales_admin",
    )
    callback_blocked = fields.Boolean(
        compute="_compute_callback_blocked", help="The customer withdrew consent or is on do-not-call."
    )
    is_former_owner = fields.Boolean(
        "Of a Former Owner",
        readonly=True,
        copy=False,
        index=True,
        help="The car has changed hands since: advisors see what was repaired, not for whom.",
    )
    # UX
    can_keep = fields.Boolean(compute="_compute_can_correct")
    can_correct = fields.Boolean(compute="_compute_can_correct")

    _name_uniq = models.UniqueIndex("(company_id, name)", "An order with this number exists already in this company.")
    _date_out_after_in = models.Constraint(
        "CHECK(date_out IS NULL OR date_out >= date_in)", "The car cannot be delivered before it came in."
    )
    _odometer_positive = models.Constraint("CHECK(odometer >= 0)", "The odometer cannot be negative.")
    _due_idx = models.Index("(company_id, date_out) WHERE state = 'delivered'")

    @api.model
    def _default_advisor_id(self):
        return self.env.user if self.env.user.has_group("aftersales_crm.group_aftersales_advisor") else False

    @api.constrains("date_out")
    def _check_date_out(self):
        limit = fields.Datetime.now() + timedelta(days=1)
        for order in self:
            if order.date_out and order.date_out > limit:
                raise ValidationError(
                    self.env._(
                        "Order %(order)s: the delivery time lies in the future. Enter when the car was really handed over.",
                        order=order.name,
                    )
                )

    @api.depends("date_out", "is_cancelled")
    def _compute_state(self):
        for order in self:
            if order.is_cancelled:
                order.state = "cancelled"
            else:
                order.state = "delivered" if order.date_out else "open"

    @api.depends("vehicle_id")
    def _compute_partner_id(self):
        # Not on the vehicle's owner: after a change of ownership the order stays with who brought the car.
        for order in self:
            order.partner_id = order.vehicle_id.partner_id or order.partner_id

    @api.depends("advisor_id")
    def _compute_advisor_name(self):
        for order in self:
            order.advisor_name = order.advisor_id.name or order.advisor_name

    @api.depends("technician_ids")
    def _compute_technician_names(self):
        for order in self:
            order.technician_names = ", ".join(order.technician_ids.mapped("name")) or order.technician_names

    @api.depends("line_ids.name", "customer_words")
    def _compute_work_summary(self):
        for order in self:
            work = order.line_ids.filtered(lambda line: line.line_type == "work") or order.line_ids
            order.work_summary = ", ".join(work.mapped("name")) or order.customer_words

    @api.depends("line_ids.amount", "line_ids.line_type")
    def _compute_amounts(self):
        for order in self:
            work = order.line_ids.filtered(lambda line: line.line_type == "work")
            order.amount_work = sum(work.mapped("amount"))
            order.amount_part = sum((order.line_ids - work).mapped("amount"))

    @api.depends("amount_work", "amount_part")
    def _compute_amount_total(self):
        for order in self:
            # An order without lines (many DMS files carry totals only) keeps the total that was entered.
            order.amount_total = order.amount_work + order.amount_part if order.line_ids else order.amount_total

    @api.depends("partner_id")
    def _compute_callback_blocked(self):
        blocked = self.env["aftersales.consent"]._blocked_partners(self.partner_id._origin)
        for order in self:
            order.callback_blocked = order.partner_id._origin in blocked

    @api.depends_context("uid")
    @api.depends("state")
    def _compute_can_correct(self):
        keep, correct = self.env.su or self._may_keep(), self._may_correct()
        for order in self:
            order.can_keep = keep
            order.can_correct = correct or (keep and order.state in (False, "open"))

    @api.depends("name", "vehicle_id.plate_display")
    def _compute_display_name(self):
        for order in self:
            plate = order.vehicle_id.plate_display
            order.display_name = f"{order.name} ({plate})" if plate else order.name

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = self._prepare_number(vals)
        # Whoever may not correct a delivered order enters its lines before the delivery, also in one call.
        later = [vals.pop("date_out", None) if not self._may_correct() else None for vals in vals_list]
        orders = super().create(vals_list)
        for order, date_out in zip(orders, later, strict=True):
            if date_out:
                order.date_out = date_out
        delivered = orders.browse(
            order.id
            for order, date_out in zip(orders, later, strict=True)
            if not date_out and order.state == "delivered"
        )
        if delivered:
            delivered._order_delivered()
        return orders

    def write(self, vals):
        if isinstance(vals.get("name"), str):
            vals = dict(vals, name=vals["name"].strip())
        self._check_correction(vals)
        vals = date_correction(self, vals, "source_date", IMPORTED_FIELDS)
        if not {"date_out", "is_cancelled", "vehicle_id"}.intersection(vals):
            result = super().write(vals)
            if vals.get("callback_consent") == "no":
                self._without_proof()._order_callback_declined()
            return result
        before = self._without_proof().filtered(lambda order: order.state == "delivered")
        vehicles, moments = before.vehicle_id, {order: order.date_out for order in before}
        result = super().write(vals)
        if vals.get("callback_consent") == "no":
            self._without_proof()._order_callback_declined()
        self._without_proof()._tell_deliveries(before, moments)
        if before:
            (vehicles | before.vehicle_id)._update_last_service_date()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        if self._has_proof():
            return  # an import that is taken back: the order has never been
        raise UserError(
            self.env._("Repair orders are kept for at least six years. Cancel the order instead, with the reason.")
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_deliver(self):
        """Hand the car back now."""
        self.check_access("write")
        for order in self:
            if order.state != "open":
                raise UserError(
                    self.env._("Order %(order)s is not open: it cannot be delivered again.", order=order.name)
                )
        self.write({"date_out": fields.Datetime.now()})

    def action_cancel(self, reason=None):
        """Take the order out of every count. Open the reason dialog when no reason is given."""
        self._check_may_correct()
        if not (reason or "").strip():
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Cancel Order"),
                "res_model": "aftersales.repair.order.cancel",
                "view_mode": "form",
                "target": "new",
                "context": {"default_order_ids": self.ids},
            }
        return self._do_cancel(reason.strip())

    def action_reopen(self):
        """Take a cancelled order back into the counts."""
        self._check_may_correct()
        self.filtered("is_cancelled")._write_protected({"is_cancelled": False, "cancel_reason": False})

    def action_view_import_lines(self):
        """Open the rows of the imports that touched these orders."""
        return self.env["aftersales.import.line"]._view_lines([("order_id", "in", self.ids)])

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_cancel(self, reason):
        self._write_protected({"is_cancelled": True, "cancel_reason": reason})
        return True

    def _may_keep(self):
        return self.env.user.has_groups("aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_admin")

    def _may_correct(self):
        return self.env.su or self.env.user.has_groups(
            "aftersales_crm.group_aftersales_manager,aftersales_crm.group_aftersales_admin"
        )

    def _check_may_correct(self):
        self.check_access("write")
        if not self._may_correct():
            raise AccessError(
                self.env._("Only the service manager or the administrator cancels or reopens a repair order.")
            )

    def _check_correction(self, vals):
        """Refuse the correction of a closed order to those who handed the car over.

        Otherwise an advisor could take his own name off an order, or move its delivery out of the callback's window.
        """
        if not self.env.su and not _CALLBACK_FIELDS.issuperset(vals) and not self._may_keep():
            raise AccessError(
                self.env._(
                    "Only service advisors keep repair orders. You may record the customer's answer on callbacks."
                )
            )
        touched = _DELIVERED_FIELDS.intersection(vals)
        if not touched or self._may_correct():
            return
        closed = self.filtered(lambda order: order.state in ("delivered", "cancelled"))
        if closed:
            raise AccessError(
                self.env._(
                    "Order %(order)s is closed: %(fields)s can only be corrected by the service manager.",
                    order=closed[0].name,
                    fields=", ".join(map(self._field_label, sorted(touched))),
                )
            )

    @api.model
    def _prepare_number(self, vals):
        """Return the number of a new order: what was entered, else the next one of its company."""
        name = vals.get("name")
        name = name.strip() if isinstance(name, str) else name or False
        if name not in (False, "", "/", self.env._("New")):
            return name
        company = self.env["res.company"].browse(vals.get("company_id") or self.env.company.id)
        return self.env["ir.sequence"].with_company(company).next_by_code(self._name)

    def _tell_deliveries(self, before, moments):
        """Call the hooks for what a write has changed about deliveries.

        :param before: those of the orders that were delivered before the write
        :param moments: {order: its delivery time before the write}
        """
        after = self.filtered(lambda order: order.state == "delivered")
        if after - before:
            (after - before)._order_delivered()
        if before - after:
            (before - after)._order_undelivered()
        moved = after.filtered(lambda order: order in moments and moments[order] != order.date_out)
        if moved:
            moved._order_delivery_moved()

    def _order_delivered(self):
        """Hook: the cars of these orders have just been handed back. Upper floors extend it."""
        self._update_vehicle_history()

    def _order_callback_declined(self):
        """Hook: the customer declines a callback about these orders."""

    def _order_undelivered(self):
        """Hook: these orders were delivered and are so no more (cancelled, or the delivery was a mistake)."""

    def _order_delivery_moved(self):
        """Hook: these orders stay delivered, but at another moment than was written before."""

    def _update_vehicle_history(self):
        """Carry the last visit and the odometer over to the vehicle file."""
        delivered = self.filtered("date_out")
        delivered.vehicle_id._update_last_service_date()
        # Sudoed: whoever may deliver the order need not be allowed to keep the vehicle file
        self.env["aftersales.vehicle.odometer"].sudo()._add_readings(
            [
                (order.vehicle_id.id, order.company_id._aftersales_local(order.date_in).date(), order.odometer)
                for order in delivered.filtered("odometer")
            ],
            source="order",
        )

    def _timeline_texts(self, kind):
        """What the timeline says of each visit: what was done, never for whom."""
        texts = {}
        for order in self:
            # Without lines the work is the customer's own words: those are the person's
            work = order.work_summary if kind != "order_former" or order.line_ids else False
            texts[order.id] = " · ".join(
                filter(
                    None,
                    (
                        order.name,
                        order._selection_label("kind"),
                        f"{order.odometer:,} km" if order.odometer else "",
                        work,
                    ),
                )
            )
        return texts
