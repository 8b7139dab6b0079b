from odoo import models

from .aftersales_monthly_step_mixin import GROUP_GM, GROUP_MANAGER


class AftersalesMonthlyOpeningMixin(models.AbstractModel):
    """What a click on a monthly report opens: its files, its figures, and exactly the records that a figure counts."""

    _name = "aftersales.monthly.opening.mixin"
    _description = "Monthly Report: Opening"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_download_pdf_en(self):
        return self._action_download("pdf", "en")

    def action_download_pdf_zh(self):
        return self._action_download("pdf", "zh")

    def action_download_xlsx_en(self):
        return self._action_download("xlsx", "en")

    def action_download_xlsx_zh(self):
        return self._action_download("xlsx", "zh")

    def _action_download(self, kind, language):
        self.ensure_one()
        self.check_access("read")
        # Who handles the cases needs to know whose they are; everybody else gets the store's copy, which is masked
        needs_names = kind == "xlsx" and any(self.env.user.has_group(group) for group in (GROUP_MANAGER, GROUP_GM))
        if needs_names:
            self._check_output_language(language)
        attachment = self._own_copy(language) if needs_names else self._output(kind, language)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    def action_open_figures(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_monthly_figure_action")
        action["domain"] = [("report_id", "=", self.id)]
        action["context"] = {"fill_temporal": False, "search_default_group_measure": 1, "search_default_rates": 1}
        return action

    def action_open_base(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_monthly_base_action")
        action["domain"] = [("report_id", "=", self.id)]
        return action

    def action_open_actions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Corrective and Preventive Actions"),
            "res_model": "aftersales.corrective.action",
            "domain": [("report_id", "=", self.id)],
            "views": [(False, "list"), (False, "form")],
        }

    def action_open_due(self):
        return self._open_total("due")

    def action_open_successful(self):
        return self._open_total("successful")

    def action_open_made(self):
        return self._open_total("made")

    def action_open_complaints(self):
        return self._open_total("complaints")

    def action_open_satisfied(self):
        return self._open_total("satisfied_rate")

    def action_open_handled(self):
        return self._open_total("handled_in_time")

    def _open_total(self, measure):
        self.ensure_one()
        figure = self.headline_ids.filtered(lambda row: row.measure == measure)
        return figure.action_open_counted()
