from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class AftersalesRepairOrder(models.Model):
    """Work that had to be done again: which order it was, and which orders were fixed at the first visit.

    An order is fixed at the first visit when it was delivered and the car did not come back for the same work within the
    days of the store (`res.company.aftersales_comeback_days`).
    """

    _inherit = "aftersales.repair.order"

    comeback_of_id = fields.Many2one(
        "aftersales.repair.order",
        copy=False,
        index="btree_not_null",
        check_company=True,
        tracking=True,
        domain="[('vehicle_id', '=', vehicle_id), ('id', '!=', id), ('date_out', '!=', False)]",
        help="The earlier order whose work had to be done again.",
    )
    comeback_ids = fields.One2many("aftersales.repair.order", "comeback_of_id", "Comebacks")
    is_comeback = fields.Boolean(compute="_compute_is_comeback", store=True)
    comeback_date = fields.Datetime(
        "First Comeback",
        compute="_compute_comeback_date",
        store=True,
        help="When the car first came back for this work.",
    )
    is_first_time_fix = fields.Boolean(
        "Fixed at First Visit",
        compute="_compute_is_first_time_fix",
        store=True,
        help="Delivered, and the car did not come back for the same work within the days set in the settings.",
    )
    comeback_suggestion_id = fields.Many2one("aftersales.repair.order", compute="_compute_comeback_suggestion_id")

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("comeback_of_id", "vehicle_id", "date_in")
    def _check_comeback_of_id(self):
        for order in self.filtered("comeback_of_id"):
            earlier = order.comeback_of_id
            if earlier == order:
                raise ValidationError(self.env._("Order %(order)s cannot be a comeback of itself.", order=order.name))
            if earlier.vehicle_id != order.vehicle_id:
                raise ValidationError(
                    self.env._(
                        "Order %(order)s cannot be a comeback of %(earlier)s: that order is of another car.",
                        order=order.name,
                        earlier=earlier.name,
                    )
                )
            if earlier.date_in > order.date_in:
                raise ValidationError(
                    self.env._(
                        "Order %(order)s cannot be a comeback of %(earlier)s: that order is the later one.",
                        order=order.name,
                        earlier=earlier.name,
                    )
                )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("comeback_of_id")
    def _compute_is_comeback(self):
        for order in self:
            order.is_comeback = bool(order.comeback_of_id)

    @api.depends("comeback_ids.date_in", "comeback_ids.state")
    def _compute_comeback_date(self):
        for order in self:
            dates = [comeback.date_in for comeback in order.comeback_ids if comeback.state != "cancelled"]
            order.comeback_date = min(dates) if dates else False

    @api.depends("state", "date_out", "comeback_date")
    def _compute_is_first_time_fix(self):
        for order in self:
            window = timedelta(days=order.company_id.aftersales_comeback_days)
            back = order.comeback_date and order.date_out and order.comeback_date <= order.date_out + window
            order.is_first_time_fix = order.state == "delivered" and not back

    @api.depends("vehicle_id", "date_in", "comeback_of_id")
    def _compute_comeback_suggestion_id(self):
        self.comeback_suggestion_id = False
        todo = self.filtered(lambda order: order.vehicle_id and order.date_in and not order.comeback_of_id)
        if not todo:
            return
        earlier_by_vehicle = self.search(
            Domain("vehicle_id", "in", todo.vehicle_id.ids) & Domain("state", "=", "delivered"), order="date_out desc"
        ).grouped("vehicle_id")
        for order in todo:
            window = timedelta(days=order.company_id.aftersales_comeback_days)
            candidates = earlier_by_vehicle.get(order.vehicle_id._origin, self.browse())
            order.comeback_suggestion_id = candidates.filtered(
                lambda earlier, order=order, window=window: (
                    earlier != order._origin
                    and earlier.date_in < order.date_in
                    and earlier.date_out >= order.date_in - window
                )
            )[:1]

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_mark_comeback(self):
        """Link the order to the earlier one that the system proposes."""
        self.check_access("write")
        for order in self.filtered("comeback_suggestion_id"):
            order.comeback_of_id = order.comeback_suggestion_id

    def action_view_comebacks(self):
        return self.comeback_ids._get_records_action(name=self.env._("Comebacks"))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _first_time_fix_counts(self, domain):
        """Count the orders that were fixed at the first visit.

        :return: (fixed, orders) over the delivered orders of the domain
        """
        delivered = Domain(domain) & Domain("state", "=", "delivered")
        return (
            self.search_count(delivered & Domain("is_first_time_fix", "=", True)),
            self.search_count(delivered),
        )
