from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _aftersales_consent_withdrawn(self, purpose, channel):
        # A call that is planned, or open on a screen, is stopped at once, in every store that must not call any more.
        super()._aftersales_consent_withdrawn(purpose, channel)
        if purpose != "callback" or channel not in ("phone", False, None):
            return
        planned = (
            self.env["aftersales.callback"].sudo().search([("partner_id", "in", self.ids), ("state", "=", "planned")])
        )
        blocked = planned._blocked()
        barred = blocked.filtered("partner_id.aftersales_do_not_call")
        barred._do_cancel("do_not_call")
        (blocked - barred)._do_cancel("consent_withdrawn")
        rechecks = (
            self.env["aftersales.callback.recheck"]
            .sudo()
            .search([("callback_id.partner_id", "in", self.ids), ("state", "=", "drawn")])
        )
        rechecks.filtered(lambda recheck: recheck.callback_id._blocked())._close({"state": "dropped"})
