"""The ground of a simulated store: company, calendar with holidays, people, cars and their owners."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .stage import Stage, utc

#: Zones with and without summer time, on both sides of the date line, and one of half an hour.
ZONES = ("Asia/Shanghai", "America/New_York", "Pacific/Auckland", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo")
ROLES = ("advisor", "advisor", "crc", "crc", "manager", "gm", "user", "user")
HOURS = ((8.5, 12.0, "morning"), (13.0, 17.5, "afternoon"))


@dataclass
class Store:
    """One store with its people, by role, and its cars."""

    number: int
    company: Any
    zone: ZoneInfo
    people: dict[str, list[Any]] = field(default_factory=dict)
    cars: Any = None
    #: Cars that have not been here for long, and are called for that.
    absent: Any = None
    days: set[date] = field(default_factory=set)
    workshop: list[tuple[datetime, Any, int]] = field(default_factory=list)
    plans: dict[date, Any] = field(default_factory=dict)
    numbers: int = 0

    def first(self, role: str) -> Any:
        """Return the first person of a role."""
        return self.people[role][0]

    def moment(self, day: date, hour: float) -> datetime:
        """Return the moment of the store's wall clock."""
        return utc(day, self.zone, hour)

    def local(self, moment: datetime) -> datetime:
        """Return the store's wall clock of a moment."""
        return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(self.zone).replace(tzinfo=None)

    def next_working(self, moment: datetime, hours: float) -> datetime:
        """Return a moment when somebody is at work, about so many hours later."""
        local = self.local(moment + timedelta(hours=hours))
        for _day in range(40):
            if local.date() in self.days and local.hour < 17:
                hour = max(local.hour + local.minute / 60, 8.7)
                return self.moment(local.date(), hour)
            local = datetime.combine(local.date() + timedelta(days=1), datetime.min.time()) + timedelta(hours=9)
        return moment + timedelta(days=40)


def found(stage: Stage, number: int, months: list[date], cars: int) -> Store:
    """Found a store: its company with a calendar of its own, eight people, cars that were here before."""
    root, zone = stage.root, ZoneInfo(ZONES[number % len(ZONES)])
    company = root["res.company"].create({"name": f"Store {number + 1}", "aftersales_callback_spread_days": 4})
    company.partner_id.tz = str(zone)
    store = Store(number, company, zone)
    # Every third store is a small one that may set an independence rule aside, with a reason.
    company.aftersales_allow_exceptions = number % 3 == 2
    calendar(stage, store, months)
    people(stage, store)
    garage(stage, store, cars)
    return store


def calendar(stage: Stage, store: Store, months: list[date]) -> None:
    """Six working days a week; each month a holiday of two days, and a Sunday that makes up for one of them."""
    root, company = stage.root, store.company
    attendances = [
        (
            0,
            0,
            {
                "name": f"{day} {period}",
                "dayofweek": str(day),
                "hour_from": start,
                "hour_to": end,
                "day_period": period,
            },
        )
        for day in range(6)
        for start, end, period in HOURS
    ]
    company.resource_calendar_id = root["resource.calendar"].create(
        {
            "name": f"{company.name} hours",
            "company_id": company.id,
            "tz": str(store.zone),
            "attendance_ids": [(5, 0, 0), *attendances],
        }
    )
    for month in months:
        holiday = month + timedelta(days=stage.dice.randrange(2, 24))
        root["resource.calendar.leaves"].create(
            {
                "name": "Public holiday",
                "company_id": company.id,
                "calendar_id": company.resource_calendar_id.id,
                "date_from": store.moment(holiday, 0),
                "date_to": store.moment(holiday + timedelta(days=1), 23.9),
            }
        )
        sunday = holiday + timedelta(days=6 - holiday.weekday() + 7)
        root["aftersales.working.day"].create(
            {"name": "Make-up day", "date": sunday, "dayofweek": "1", "company_id": company.id}
        )
    store.days = set(company._aftersales_working_days(months[0] - timedelta(days=60), months[-1] + timedelta(days=70)))


def people(stage: Stage, store: Store) -> None:
    """Two advisors, two consultants, manager, general manager, two technicians."""
    users = stage.root["res.users"].with_context(no_reset_password=True)
    for position, role in enumerate(ROLES):
        group = stage.root.ref(f"aftersales_crm.group_aftersales_{role}")
        user = users.create(
            {
                "login": f"sim{store.number + 1}_{role}{position}",
                "name": f"{role.capitalize()} {position} of store {store.number + 1}",
                "email": f"sim{store.number + 1}.{position}@example.com",
                "company_id": store.company.id,
                "company_ids": [(6, 0, store.company.ids)],
                "group_ids": [(6, 0, group.ids)],
                "tz": str(store.zone),
                "notification_type": "inbox",
            }
        )
        store.people.setdefault(role, []).append(user)


def garage(stage: Stage, store: Store, count: int) -> None:
    """Cars of three brands with an owner each; a fifth was here long ago and not since."""
    dice, root, company = stage.dice, stage.root, store.company
    brands = root["fleet.vehicle.model.brand"].search([("name", "like", "Sim brand")], order="id")
    if not brands:
        brands = brands.create([{"name": f"Sim brand {name}"} for name in "ABC"])
        root["fleet.vehicle.model"].create([{"name": f"Model {brand.name}", "brand_id": brand.id} for brand in brands])
    models = root["fleet.vehicle.model"].search([("brand_id", "in", brands.ids)], order="id")
    advisor = store.first("advisor")
    env = stage.env(advisor)
    owners = env["res.partner"].create(
        [
            {
                "name": f"Owner {store.number + 1}-{n}",
                "phone": f"+86 138 0000 {store.number:02d}{n:02d}",
                "company_id": company.id,
            }
            for n in range(count)
        ]
    )
    store.cars = env["aftersales.vehicle"].create(
        [
            {
                "license_plate": f"沪{'ABCDEFGHJK'[store.number % 10]}{store.number:01d}{n:04d}",
                "model_id": dice.choice(models).id,
                "partner_id": owner.id,
                "contact_id": owner.id,
                "company_id": company.id,
            }
            for n, owner in enumerate(owners)
        ]
    )
    env["aftersales.consent"].create(
        [
            {
                "partner_id": owner.id,
                "purpose": "callback",
                "channel": "phone",
                "basis": "signed",
                "wording_version": "1",
            }
            for owner in owners
        ]
    )
    store.absent = store.cars[: count // 5]
    opened = store.local(stage.now).date()
    manager = store.first("manager")
    stage.env(manager)["aftersales.repair.order"].create(
        [
            {
                "name": f"OLD-{store.number + 1}-{n}",
                "company_id": company.id,
                "vehicle_id": car.id,
                "partner_id": car.partner_id.id,
                "kind": "maintenance",
                "advisor_id": advisor.id,
                "date_in": store.moment(opened - timedelta(days=190 + 7 * n), 9),
                "date_out": store.moment(opened - timedelta(days=190 + 7 * n), 15),
                "callback_consent": "not_asked",
            }
            for n, car in enumerate(store.absent)
        ]
    )
