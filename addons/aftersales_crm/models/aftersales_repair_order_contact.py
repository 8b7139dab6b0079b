from odoo import fields, models


class AftersalesRepairOrder(models.Model):
    _inherit = "aftersales.repair.order"

    callback_ids = fields.One2many(
        "aftersales.callback",
        "repair_order_id",
        "Callbacks",
        readonly=True,
        groups="aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_crc,"
        "aftersales_crm.group_aftersales_gm,aftersales_crm.group_aftersales_admin",
    )

    def _order_callback_declined(self):
        # Said after the plan was made: the planned call is taken back at once.
        result = super()._order_callback_declined()
        self._cancel_callbacks("consent_withdrawn")
        return result

    def _order_delivered(self):
        result = super()._order_delivered()
        # The absent customer came back by himself: nobody asks any more why he stays away.
        returned = (
            self.env["aftersales.callback"]
            .sudo()
            .search([("vehicle_id", "in", self.vehicle_id.ids), ("kind", "=", "absent"), ("state", "=", "planned")])
        )
        if returned:
            returned._do_cancel("returned")
            returned._callback_returned()
        return result

    def _order_undelivered(self):
        result = super()._order_undelivered()
        self._cancel_callbacks("order_cancelled")
        return result

    def _order_delivery_moved(self):
        result = super()._order_delivery_moved()
        callbacks_sudo = (
            self.env["aftersales.callback"]
            .sudo()
            .search([("repair_order_id", "in", self.ids), ("kind", "=", "repair"), ("state", "=", "planned")])
        )
        for callback in callbacks_sudo.filtered(lambda c: not c.attempt_count):
            callback._follow_delivery()
        return result

    def _cancel_callbacks(self, reason):
        self.env["aftersales.callback"].sudo().search(
            [("repair_order_id", "in", self.ids), ("kind", "=", "repair"), ("state", "=", "planned")]
        )._do_cancel(reason)
