import random
from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common import AftersalesCommon

WORKING = [(8, 12), (13, 17)]


@tagged("aftersales_engine")
class TestClockLives(AftersalesCommon):
    """Random lives of clocks through the document's own methods: what is stored is always what the ledger says, and
    the deadline is where a walk over the minutes of the store's week ends."""

    LIVES = 40

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policies = {
            level: cls.env["aftersales.sla.policy"].create(
                {
                    "name": level,
                    "res_model": "aftersales.approval",
                    "code": "life",
                    "level": level,
                    "amount": amount,
                    "unit": unit,
                    "time_kind": time_kind,
                }
            )
            for level, amount, unit, time_kind in (
                ("hours", 13, "hour", "working"),
                ("half", 0.5, "day", "working"),
                ("days", 2.5, "day", "working"),
                ("calendar", 48, "hour", "calendar"),
            )
        }
        owner = cls.env["res.partner"].create({"name": "Owner"})
        vehicles = (
            cls.env["aftersales.vehicle"]
            .with_user(cls.advisor)
            .create(
                [
                    {"vin": f"LSVAB41E7E4{number:06}", "model_id": cls.car_model.id, "partner_id": owner.id}
                    for number in range(cls.LIVES)
                ]
            )
        )
        vehicles.action_submit()
        cls.documents = vehicles.sudo().approval_ids

    def walk(self, ledger, policy):
        """Minute by minute from Monday 2026-03-02 (Shanghai): when the last policy's time is used up, or False."""
        running, used, queue = False, 0.0, list(ledger)
        base = self.utc("2026-03-02 00:00")
        minutes = round(policy.amount * (60 if policy.unit == "hour" else 480))
        for minute in range(60 * 1440):
            while queue and queue[0][1] <= base + timedelta(minutes=minute):
                running = {"start": True, "resume": True, "reopen": True, "pause": False, "stop": False}.get(
                    queue.pop(0)[0], running
                )
            weekday, hour = (minute // 1440) % 7, minute % 1440 / 60
            works = policy.time_kind == "calendar" or (
                weekday < 5 and any(start <= hour < end for start, end in WORKING)
            )
            if running and works:
                used += 1
                if used == minutes:
                    return base + timedelta(minutes=minute + 1)
        return False

    def test_random_lives(self):
        """Start, pause, resume, change of level, stop and reopen in any legal order."""
        chance = random.Random(20260302)
        for document in self.documents:
            moment = self.utc("2026-03-02 00:00") + timedelta(minutes=chance.randrange(7 * 1440))
            level = chance.choice(list(self.policies))
            ledger, state = [], None
            for _event in range(chance.randrange(1, 9)):
                moves = {
                    None: ["start"],
                    "running": ["pause", "stop", "change"],
                    "paused": ["resume", "change", "stop"],
                    "stopped": ["reopen"],
                }[state]
                move = chance.choice(moves)
                with freeze_time(moment):
                    if move == "start":
                        document._clock_start("life", level=level)
                    elif move == "pause":
                        document._clock_pause("Waiting", "life")
                    elif move == "resume":
                        document._clock_resume("life")
                    elif move == "stop":
                        document._clock_stop("life")
                    elif move == "reopen":
                        document._clock_reopen("life")
                    else:
                        level = chance.choice([name for name in self.policies if name != level])
                        document._clock_change(level)
                state = {"start": "running", "resume": "running", "reopen": "running", "pause": "paused",
                         "stop": "stopped"}.get(move, state)  # fmt: skip
                ledger.append((move, moment))
                clock = document._clocks("life")
                with freeze_time(moment):
                    for name, value in clock._reckon()[clock.id].items():
                        self.assertEqual(clock[name], value, (name, ledger))
                moment += timedelta(minutes=chance.randrange(1, 1500))
            expected = self.walk(ledger, self.policies[level])
            if state == "running":
                self.assertEqual(clock.date_deadline, expected, ledger)
            elif state == "stopped":
                late = bool(expected) and expected < clock.date_stop
                # A breach stays, whatever a later level grants
                self.assertTrue(clock.is_breached or not late, ledger)
