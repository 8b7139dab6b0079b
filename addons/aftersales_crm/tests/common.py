from datetime import datetime, timedelta

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

ROLES = {
    "advisor": "group_aftersales_advisor",
    "crc": "group_aftersales_crc",
    "archivist": "group_aftersales_archivist",
    "manager": "group_aftersales_manager",
    "gm": "group_aftersales_gm",
    "officer": "group_aftersales_officer",
    "admin": "group_aftersales_admin",
}


class AftersalesCommon(TransactionCase):
    """One user a role in each of two stores.

    ======================  ======================
    Store A (Shanghai)      Store B (Shanghai)
    ======================  ======================
    advisor, advisor_2      advisor_b
    crc, crc_2              crc_b
    archivist               archivist_b
    manager, manager_2      manager_b
    gm                      gm_b
    admin                   admin_b
    officer (both stores)
    ======================  ======================

    Both stores work Monday to Friday 8:00-12:00 and 13:00-17:00 in Asia/Shanghai.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "Asia/Shanghai"
        cls.store = cls._create_store("Store A")
        cls.store_b = cls._create_store("Store B")
        cls.env.user.company_ids |= cls.store | cls.store_b
        cls.env.user.company_id = cls.store
        for role in ROLES:
            setattr(cls, role, cls._create_user(role, role, cls.store))
            if role != "officer":
                setattr(cls, f"{role}_b", cls._create_user(f"{role}_b", role, cls.store_b))
        for role in ("advisor", "crc", "manager"):
            setattr(cls, f"{role}_2", cls._create_user(f"{role}_2", role, cls.store))
        cls.officer.company_ids = cls.store | cls.store_b
        cls.brand = cls.env["fleet.vehicle.model.brand"].create({"name": "Test Brand"})
        cls.car_model = cls.env["fleet.vehicle.model"].create({"name": "Model One", "brand_id": cls.brand.id})

    @classmethod
    def _create_store(cls, name):
        company = cls.env["res.company"].create({"name": name, "country_id": cls.env.ref("base.cn").id})
        calendar = cls.env["resource.calendar"].create(
            {
                "name": f"{name} hours",
                "company_id": company.id,
                "tz": "Asia/Shanghai",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": f"{day} {start}",
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": end,
                            "day_period": period,
                        }
                    )
                    for day in range(5)
                    for start, end, period in ((8, 12, "morning"), (13, 17, "afternoon"))
                ],
            }
        )
        company.resource_calendar_id = calendar
        return company

    @classmethod
    def _create_user(cls, login, role, company):
        return new_test_user(
            cls.env,
            login=f"test_{login}",
            name=login.replace("_", " ").title(),
            groups=f"aftersales_crm.{ROLES[role]}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
            tz="Asia/Shanghai",
            email=f"{login}@example.com",
        )

    @staticmethod
    def utc(text):
        """Naive UTC datetime of a Shanghai wall clock time ``YYYY-MM-DD HH:MM`` (UTC+8, no DST)."""
        return datetime.strptime(text, "%Y-%m-%d %H:%M") - timedelta(hours=8)

    def as_user(self, record, user):
        """The records as `user` sees them, in a clean environment of that user's own store."""
        return record.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
