from odoo import fields, models


class AftersalesMonthlyReportDialog(models.TransientModel):
    """Asks which month to write, or why a report is revised or sent back."""

    _name = "aftersales.monthly.report.dialog"
    _description = "Monthly Report Dialog"

    mode = fields.Selection(
        [("write", "Write a Report"), ("revise", "Write a Revision"), ("send_back", "Send Back")],
        required=True,
        default="write",
    )
    report_id = fields.Many2one("aftersales.monthly.report")
    month = fields.Date(default=fields.Date.context_today, help="Any day of the month.")
    reason = fields.Text()

    def action_confirm(self):
        self.ensure_one()
        if self.mode == "send_back":
            self.report_id.send_back(self.reason)
            return {"type": "ir.actions.act_window_close"}
        Report = self.env["aftersales.monthly.report"]
        report_id = self.report_id.revise(self.reason) if self.mode == "revise" else Report.write_month(self.month)
        return Report.browse(report_id)._get_records_action()
