from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date

from ..tools.measures import MEASURES, rate

GROUP_OFFICER = "aftersales_crm.group_aftersales_officer"
COLUMNS = (
    "due",
    "made_rate",
    "success_rate",
    "satisfied_rate",
    "connect_rate",
    "complaints",
    "grievances",
    "complaints_per_100",
    "handled_in_time",
    "first_time_fix",
    "overdue_measures",
    "exceptions",
)
TREND = ("made_rate", "success_rate", "satisfied_rate", "handled_in_time")
MONTHS = 13


class AftersalesMonthlyGroupMixin(models.AbstractModel):
    """The page of the group officer: the figures of all stores beside each other, and cases without anybody in them.

    Figures are read as the officer: the record rules keep other groups' stores and every person's figures away. Of a case
    the page tells what was frozen of it (day, nature, kind, level, brand, whether it was handled in time): no number, no
    name, no text.
    """

    _name = "aftersales.monthly.group.mixin"
    _description = "Monthly Figures: Group Page"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def get_group_page(self, month=None):
        """The figures of a month of all stores that the officer may see, and of the group as a whole.

        :param month: first day of a month; by default the latest month that has a report
        :return: plain values for the page
        """
        self._check_officer()
        months = [
            value
            for (value,) in self._read_group(
                [("is_current", "=", True), ("dimension", "=", "total"), ("measure", "=", "due")],
                ["month:month"],
                order="month:month desc",
                limit=37,
            )
        ]
        month = fields.Date.to_date(month).replace(day=1) if month else (months[0] if months else None)
        figures = self.search(
            [("is_current", "=", True), ("dimension", "=", "total"), ("measure", "in", COLUMNS), ("month", "=", month)]
        )
        names = dict(self._fields["measure"]._description_selection(self.env))
        by_store = figures.grouped("company_id")
        stores = sorted(by_store, key=lambda company: company.name)
        return {
            "month": fields.Date.to_string(month) if month else False,
            "month_name": self._group_month_name(month) if month else "",
            "months": [
                {"month": fields.Date.to_string(value), "name": self._group_month_name(value)} for value in months
            ],
            "columns": [{"code": code, "name": names[code]} for code in COLUMNS],
            "stores": [
                {
                    "id": company.id,
                    "name": company.name,
                    "cells": [
                        self._group_cell(by_store[company].filtered(lambda row, code=code: row.measure == code))
                        for code in COLUMNS
                    ],
                }
                for company in stores
            ],
            "total": [
                self._group_sum(figures.filtered(lambda row, code=code: row.measure == code), code) for code in COLUMNS
            ],
            "trend": self._group_trend(month, names) if month else {"months": [], "lines": []},
            "cases": self._group_cases(figures.company_id, month) if month else [],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_officer(self):
        if not self.env.user.has_group(GROUP_OFFICER):
            raise AccessError(self.env._("The figures of all stores are for the group officer."))

    def _group_month_name(self, month):
        return format_date(self.env, month, date_format="LLLL yyyy" if self.env.lang != "zh_CN" else "y年M月")

    def _group_cell(self, figure):
        return {
            "id": figure.id or False,
            "value": figure.value_text or "–",
            "number": figure.value if figure.is_defined else False,
            "n": figure.n,
            "unit": figure.unit or "count",
            "change": figure.change_text or "–",
        }

    def _group_sum(self, figures, code):
        """A figure of the group is all counted out of all, never a mean of the stores' rates."""
        numerator, denominator = sum(figures.mapped("numerator")), sum(figures.mapped("denominator"))
        unit = MEASURES[code].unit
        value = rate(numerator, denominator, unit)
        return {
            "value": figures.browse()._format_group_value(value, unit),
            "n": denominator if MEASURES[code].denominator else numerator,
            "unit": unit,
        }

    @api.model
    def _format_group_value(self, value, unit):
        return self.new({"unit": unit})._format_value(value, value is not None)

    def _group_trend(self, month, names):
        """Thirteen months of the group's main rates, weighted by what they are counted out of."""
        months = [month - relativedelta(months=back) for back in reversed(range(MONTHS))]
        sums = {
            (code, value): (numerator, denominator)
            for code, value, numerator, denominator in self._read_group(
                [
                    ("is_current", "=", True),
                    ("dimension", "=", "total"),
                    ("measure", "in", TREND),
                    ("month", ">=", months[0]),
                    ("month", "<=", month),
                ],
                ["measure", "month:month"],
                ["numerator:sum", "denominator:sum"],
            )
        }
        return {
            "months": [f"{value:%y-%m}" for value in months],
            "lines": [
                {
                    "code": code,
                    "name": names[code],
                    "points": [
                        {"index": index, "value": rate(*sums[code, value], "percent"), "n": sums[code, value][1]}
                        for index, value in enumerate(months)
                        if sums.get((code, value), (0, 0))[1]
                    ],
                }
                for code in TREND
            ],
        }

    def _group_cases(self, companies, month):
        """The cases of a month without anybody in them: ``[{store, day, nature, level, kind, brand, in_time}]``.

        Sudoed after the check of the role: the frozen rows themselves carry the ids of staff and of records.
        """
        allowed = companies & self.env.user.company_ids
        rows = self.env.execute_query(
            SQL(
                "SELECT b.company_id, b.day, b.hit, b.level, b.case_kind_id, b.brand_id, h.hit"
                " FROM aftersales_monthly_base b JOIN aftersales_monthly_report r ON r.id = b.report_id"
                " LEFT JOIN aftersales_monthly_base h"
                " ON h.report_id = b.report_id AND h.source = 'handling' AND h.res_id = b.res_id"
                " WHERE r.is_current AND r.month = %s AND b.source = 'complaint' AND b.company_id = ANY(%s)"
                " ORDER BY b.company_id, b.day, b.level, b.case_kind_id LIMIT 2000",
                month,
                allowed.ids,
            )
        )
        levels = dict(self.env["aftersales.complaint"]._fields["level"]._description_selection(self.env))
        sudo = self.sudo().with_context(active_test=False).env
        kinds = sudo["aftersales.complaint.kind"].browse({row[4] for row in rows if row[4]}).exists()
        brands = sudo["fleet.vehicle.model.brand"].browse({row[5] for row in rows if row[5]}).exists()
        kind_names = {kind.id: kind.display_name for kind in kinds}
        brand_names = {brand.id: brand.name for brand in brands}
        in_time = {True: self.env._("Yes"), False: self.env._("No"), None: "–"}
        return [
            {
                "company_id": company,
                "day": fields.Date.to_string(day),
                "nature": self.env._("Complaint") if is_complaint else self.env._("Grievance"),
                "is_complaint": is_complaint,
                "level": levels.get(level, ""),
                "kind": kind_names.get(kind, "–"),
                "brand": brand_names.get(brand, "–"),
                "in_time": in_time[met],
            }
            for company, day, is_complaint, level, kind, brand, met in rows
        ]
