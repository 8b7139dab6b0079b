from odoo import fields, models


class AftersalesWorkingDay(models.Model):
    """A make-up working day (调休上班日): a day that is worked although the calendar says that it is free."""

    _name = "aftersales.working.day"
    _inherit = ["aftersales.calendar.part.mixin"]
    _description = "Make-up Working Day"
    _order = "date desc, id desc"

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True, index=True)
    dayofweek = fields.Selection(
        [
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        string="Worked Like a",
        required=True,
        default="0",
        help="The day is worked with the hours of this weekday.",
    )
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, index=True, help="Empty: for every store."
    )

    _date_uniq = models.UniqueIndex("(date, COALESCE(company_id, 0))", "This day is already a make-up working day.")
