from odoo import api, fields, models
from odoo.tools import format_date

READERS = (
    "aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_crc,"
    "aftersales_crm.group_aftersales_gm,aftersales_crm.group_aftersales_admin"
)


class AftersalesVehicle(models.Model):
    _inherit = "aftersales.vehicle"

    data_check_reason = fields.Selection(
        [("wrong_number", "Wrong phone number"), ("car_sold", "Said to be sold")],
        "Check at the Next Visit",
        copy=False,
        help="Found out on a callback. Ask at reception, mend the file and clear this field.",
    )
    callback_ids = fields.One2many("aftersales.callback", "vehicle_id", "Callbacks", readonly=True, groups=READERS)
    callback_count = fields.Integer(compute="_compute_callback_count", groups=READERS)

    @api.depends("callback_ids")
    def _compute_callback_count(self):
        counts = dict(
            self.env["aftersales.callback"]._read_group([("vehicle_id", "in", self.ids)], ["vehicle_id"], ["__count"])
        )
        for vehicle in self:
            vehicle.callback_count = counts.get(vehicle._origin, 0)

    def action_view_callbacks(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_callback_action"),
            "domain": [("vehicle_id", "=", self.id)],
            "context": {},
        }

    def _ownership_changed(self, previous):
        # Whoever sold the car is not asked about it any more.
        result = super()._ownership_changed(previous)
        self.data_check_reason = False
        self.env["aftersales.callback"].sudo().search(
            [
                ("vehicle_id", "in", self.ids),
                ("partner_id", "in", previous.ids),
                ("kind", "!=", "second"),
                ("state", "=", "planned"),
            ]
        )._do_cancel("ownership_changed")
        return result

    def _get_troubles(self):
        troubles = super()._get_troubles()
        seen = set()
        # Sudoed: that a call went badly is said at the counter; what was answered stays with who may read the callback
        for callback in (
            self.env["aftersales.callback"]
            .sudo()
            .search([("vehicle_id", "in", self.ids), ("date_done", "!=", False)], order="date_done desc, id desc")
        ):
            vehicle = callback.vehicle_id
            if vehicle.id in seen or callback.partner_id not in vehicle._get_people():
                continue
            seen.add(vehicle.id)
            if callback.has_problem:
                date = format_date(self.env, callback.company_id._aftersales_local(callback.date_done).date())
                if callback.satisfaction:
                    text = self.env._(
                        "Not content on the callback of %(date)s: %(score)s of 5",
                        date=date,
                        score=callback.satisfaction,
                    )
                else:
                    text = self.env._("Not content on the callback of %(date)s", date=date)
                troubles.setdefault(vehicle.id, []).insert(0, text)
        return troubles
