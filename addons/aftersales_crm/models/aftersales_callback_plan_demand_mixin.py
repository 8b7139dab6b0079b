from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from ..tools.candidates import Judge, new_row


class AftersalesCallbackPlanDemandMixin(models.AbstractModel):
    """Who is due in the month of a callback plan: its own planned calls, delivered orders, absent cars.

    Each source is one query. Who is in and why is said by `tools/candidates.py`, from consents and other calls.
    """

    _name = "aftersales.callback.plan.demand.mixin"
    _description = "Callback Plan: Who Is Due"

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _standing_rows(self):
        """The callbacks of this plan that are not yet done, with what may be moved of them."""
        today = self.company_id._aftersales_today()
        rows = []
        for record in self.env.execute_query_dict(
            SQL(
                """SELECT callback.id AS callback_id, callback.kind, callback.absent_stage, callback.repair_order_id,
                          callback.vehicle_id, callback.partner_id, callback.time_preference, callback.date_due,
                          callback.date_expiry, callback.user_id, callback.date_planned,
                          (callback.call_later IS NULL OR callback.call_later < %s)
                              AND (callback.claimed_by_id IS NULL OR callback.date_claimed < %s) AS is_movable,
                          callback.date_last_attempt, %s AS involved
                     FROM aftersales_callback AS callback
                     LEFT JOIN aftersales_repair_order AS repair_order ON repair_order.id = callback.repair_order_id
                    WHERE callback.plan_id = %s AND callback.state = 'planned'
                    ORDER BY callback.date_due, callback.id""",
                self.company_id._aftersales_day_start(today),
                fields.Datetime.now() - timedelta(minutes=self.company_id.aftersales_callback_claim_minutes),
                self._involved_sql(),
                self.id,
            )
        ):
            last = record.pop("date_last_attempt")
            first = max(today, record["date_due"])
            if last and self.company_id._aftersales_local(last).date() >= first:
                first = self.company_id._aftersales_local(last).date() + timedelta(days=1)
            rows.append(
                new_row(
                    **{**record, "involved": frozenset(record["involved"] or ())},
                    first=first,
                    reason_code="in_planned",
                    is_included=True,
                )
            )
        return rows

    def _involved_sql(self):
        technicians = self.env["aftersales.repair.order"]._fields["technician_ids"]
        return SQL(
            "ARRAY(SELECT %s FROM %s AS technician WHERE technician.%s = repair_order.id) || repair_order.advisor_id",
            SQL.identifier("technician", technicians.column2),
            SQL.identifier(technicians.relation),
            SQL.identifier(technicians.column1),
        )

    def _repair_rows(self):
        """Delivered orders without a callback whose window touches the month."""
        company = self.company_id
        due_days, expiry_days = company.aftersales_callback_due_days, company.aftersales_callback_expiry_days
        records = self.env.execute_query_dict(
            SQL(
                """SELECT repair_order.id AS repair_order_id, repair_order.vehicle_id, repair_order.partner_id,
                          repair_order.callback_consent, repair_order.callback_time AS time_preference,
                          repair_order.name AS note,
                          NULLIF(TRIM(COALESCE(NULLIF(repair_order.callback_phone, ''), partner.phone, '')), '')
                              IS NOT NULL AS has_phone,
                          local.day AS delivered, %(involved)s AS involved
                     FROM aftersales_repair_order AS repair_order
                     JOIN LATERAL (
                          SELECT (repair_order.date_out AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day
                          ) AS local ON TRUE
                     LEFT JOIN res_partner AS partner ON partner.id = repair_order.partner_id
                    WHERE repair_order.company_id = %(company)s
                      AND repair_order.state = 'delivered'
                      AND repair_order.date_out >= %(after)s
                      AND repair_order.date_out < %(before)s
                      AND local.day + %(due)s <= %(date_to)s
                      AND local.day + %(expiry)s >= %(date_from)s
                      AND NOT EXISTS (SELECT 1 FROM aftersales_callback AS callback
                                       WHERE callback.repair_order_id = repair_order.id
                                         AND callback.kind = 'repair')
                    ORDER BY repair_order.date_out, repair_order.id""",
                involved=self._involved_sql(),
                tz=str(company._aftersales_tz()),
                company=company.id,
                after=company._aftersales_day_start(self.date_from - timedelta(days=expiry_days + 1)),
                before=company._aftersales_day_start(self.date_to + timedelta(days=1)),
                due=due_days,
                expiry=expiry_days,
                date_from=self.date_from,
                date_to=self.date_to,
            )
        )
        for record in records:
            delivered = record.pop("delivered")
            record["involved"] = frozenset(filter(None, record["involved"] or ()))
            record["time_preference"] = record["time_preference"] or "any"
            record["date_due"] = delivered + timedelta(days=due_days)
            record["date_expiry"] = delivered + timedelta(days=expiry_days)
            record["delivered"] = delivered
        return [new_row(**record) for record in records]

    def _absent_rows(self):
        """Cars that cross a stage of absence in the month and have not been called in that stage."""
        company = self.company_id
        window = company.aftersales_callback_expiry_days - company.aftersales_callback_due_days
        records = self.env.execute_query_dict(
            SQL(
                """SELECT vehicle.id AS vehicle_id, vehicle.partner_id, stage.name AS absent_stage,
                          GREATEST(stage.day, %(date_from)s) AS date_due, local.day AS delivered,
                          NULLIF(TRIM(COALESCE(partner.phone, '')), '') IS NOT NULL AS has_phone
                     FROM aftersales_vehicle AS vehicle
                     JOIN LATERAL (
                          SELECT (vehicle.last_service_date AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day
                          ) AS local ON TRUE
                     JOIN LATERAL (
                          SELECT threshold.name, (local.day + threshold.months * INTERVAL '1 month')::date AS day
                            FROM (VALUES ('warning', %(warning)s), ('lost', %(lost)s), ('pool', %(pool)s))
                                 AS threshold (name, months)
                           WHERE (local.day + threshold.months * INTERVAL '1 month')::date <= %(date_to)s
                           ORDER BY threshold.months DESC
                           LIMIT 1) AS stage ON TRUE
                     LEFT JOIN res_partner AS partner ON partner.id = vehicle.partner_id
                    WHERE vehicle.company_id = %(company)s
                      AND vehicle.active
                      AND vehicle.last_service_date IS NOT NULL
                      AND NOT EXISTS (SELECT 1 FROM aftersales_repair_order AS repair_order
                                       WHERE repair_order.vehicle_id = vehicle.id AND repair_order.state = 'open')
                      AND NOT EXISTS (SELECT 1 FROM aftersales_callback AS callback
                                       WHERE callback.vehicle_id = vehicle.id
                                         AND callback.kind = 'absent'
                                         AND callback.date_due > local.day
                                         AND (callback.absent_stage = stage.name OR callback.plan_id = %(plan)s))
                    ORDER BY stage.day DESC, vehicle.id""",
                tz=str(company._aftersales_tz()),
                company=company.id,
                plan=self.id,
                date_from=self.date_from,
                date_to=self.date_to,
                warning=company.aftersales_absent_warning_months,
                lost=company.aftersales_absent_lost_months,
                pool=company.aftersales_absent_pool_months,
            )
        )
        for record in records:
            record["date_expiry"] = record["date_due"] + timedelta(days=window)
        return [new_row(kind="absent", **record) for record in records]

    def _judge(self, rows):
        """Say of each candidate whether it is in, and why."""
        company = self.company_id
        partners = self.env["res.partner"].sudo().browse({row["partner_id"] for row in rows if row["partner_id"]})
        consent = self.env["aftersales.consent"].with_company(company)
        months, busy = self._other_calls(partners)
        Judge(
            today=company._aftersales_today(),
            cooldown=timedelta(days=company.aftersales_callback_cooldown_days),
            absent_left=self._get_absent_left() if self.absent_limit else len(rows),
            blocked=set(consent._blocked_partners(partners).ids),
            given=set(consent._given_partners(partners).ids),
            months=months,
            busy=busy,
        ).judge(rows)

    def _get_absent_left(self):
        """How many absent customers the plan may still take in: its limit is for the month, not for each run."""
        taken = self.env["aftersales.callback"].search_count(
            [("plan_id", "=", self.id), ("kind", "=", "absent"), ("state", "!=", "cancelled")]
        )
        return self.absent_limit - taken

    def _other_calls(self, partners):
        """Return the months in which customers have a call of a kind, and the last day of any call of theirs."""
        months, busy = set(), {}
        for partner, kind, due, planned, attempted in self.env.execute_query(
            SQL(
                """SELECT partner_id, kind, date_due, CASE WHEN state = 'planned' THEN date_planned END,
                          (date_last_attempt AT TIME ZONE 'UTC' AT TIME ZONE %s)::date
                     FROM aftersales_callback
                    WHERE company_id = %s AND partner_id = ANY(%s) AND state <> 'cancelled' AND date_due >= %s""",
                str(self.company_id._aftersales_tz()),
                self.company_id.id,
                partners.ids,
                self.date_from - relativedelta(months=2),
            )
        ):
            months.add((partner, kind, due.year, due.month))
            for day in (planned, attempted):
                if day:
                    busy[partner] = max(day, busy.get(partner, date.min))
        return months, busy
