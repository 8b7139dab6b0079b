from odoo import api, fields, models


class AftersalesVehicle(models.Model):
    """What happens to the car and is no fact of its card: readings, policies, the next inspection, what falls due.

    Open on a filed file, because none of it is what was verified.
    """

    _inherit = "aftersales.vehicle"
    _protected_fields = frozenset({"odometer", "odometer_date", "insurance_end_date"})

    inspection_due_date = fields.Date("Inspection Due", tracking=True)
    insurance_ids = fields.One2many("aftersales.vehicle.insurance", "vehicle_id")
    insurance_end_date = fields.Date(
        "Insurance End",
        compute="_compute_insurance_end_date",
        store=True,
        copy=False,
        help="The day when the first kind of insurance runs out.",
    )
    odometer_ids = fields.One2many("aftersales.vehicle.odometer", "vehicle_id", "Odometer Readings")
    odometer = fields.Integer("Odometer (km)", compute="_compute_odometer", store=True, copy=False, aggregator="avg")
    odometer_date = fields.Date("Odometer Read on", compute="_compute_odometer", store=True, copy=False)
    odometer_warning = fields.Char(compute="_compute_odometer_warning")
    due_summary = fields.Char("What Is Due", compute="_compute_due_summary")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("insurance_ids.date_end", "insurance_ids.kind")
    def _compute_insurance_end_date(self):
        for vehicle in self:
            ends = {}
            for policy in vehicle.insurance_ids.filtered("date_end"):
                ends[policy.kind] = max(policy.date_end, ends.get(policy.kind, policy.date_end))
            vehicle.insurance_end_date = min(ends.values()) if ends else False

    @api.depends("odometer_ids.value", "odometer_ids.date")
    def _compute_odometer(self):
        for vehicle in self:
            latest = vehicle.odometer_ids.sorted(lambda reading: (reading.date, reading.value))[-1:]
            vehicle.odometer = latest.value
            vehicle.odometer_date = latest.date

    @api.depends("odometer_ids.value", "odometer_ids.date")
    def _compute_odometer_warning(self):
        for vehicle in self:
            warning = False
            before = self.env["aftersales.vehicle.odometer"]
            for reading in vehicle.odometer_ids.sorted(lambda reading: (reading.date, reading.value)):
                if before and reading.value < before.value:
                    warning = self.env._(
                        "The odometer went back from %(before)s km (%(date_before)s) to %(after)s km (%(date_after)s).",
                        before=before.value,
                        date_before=before.date,
                        after=reading.value,
                        date_after=reading.date,
                    )
                before = reading
            vehicle.odometer_warning = warning

    @api.depends("inspection_due_date", "insurance_ids.date_end", "warranty_end_date", "loan_due_date")
    @api.depends_context("lang")
    def _compute_due_summary(self):
        for vehicle in self:
            today = vehicle.company_id._aftersales_today()
            soon = fields.Date.add(today, days=30)
            texts = []
            for name, past_too in (
                ("inspection_due_date", True),
                ("insurance_end_date", True),
                ("warranty_end_date", False),
                ("loan_due_date", False),
            ):
                date = vehicle[name]
                if not date or date > soon or (date < today and not past_too):
                    continue
                label = self._field_label(name)
                if date < today:
                    texts.append(self.env._("%(what)s: %(days)s days late", what=label, days=(today - date).days))
                elif date == today:
                    texts.append(self.env._("%(what)s: today", what=label))
                else:
                    texts.append(self.env._("%(what)s: in %(days)s days", what=label, days=(date - today).days))
            vehicle.due_summary = " · ".join(texts)
