import random
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from .common import AftersalesCommon


class FiguresCommon(AftersalesCommon):
    """A store's month made of raw rows: orders, callbacks in every state, attempts, answers, complaints with clocks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.month = date(2026, 9, 1)
        Brand = cls.env["fleet.vehicle.model.brand"]
        cls.brands = Brand.create([{"name": "North Star"}, {"name": "=cmd|'/c calc'!A1"}])
        cls.car_models = cls.env["fleet.vehicle.model"].create(
            [{"name": f"Model {index}", "brand_id": brand.id} for index, brand in enumerate(cls.brands)]
        )
        Outcome = cls.env["aftersales.callback.outcome"]
        cls.outcomes = {
            step: Outcome.search([("next_step", "=", step)], limit=1)
            for step in ("complete", "partial", "refuse", "retry", "data_check")
        }
        cls.questionnaire = cls.env["aftersales.questionnaire"].search([("kind", "=", "repair")], limit=1)
        cls.questions = cls.questionnaire.question_ids
        cls.categories = cls.env["aftersales.problem.category"].search([], limit=4)

    @classmethod
    def make_month(cls, company=None, month=None, size=40, seed=1):
        """Raw rows of one month of one store; the same seed makes the same month.

        :return: dict of recordsets: orders, callbacks, attempts, answers, complaints
        """
        rng = random.Random(seed)
        company = company or cls.store
        month = month or cls.month
        suffix = "_b" if company == cls.store_b else ""
        advisors = [cls.advisor_b] if suffix else [cls.advisor, cls.advisor_2]
        agents = [cls.crc_b] if suffix else [cls.crc, cls.crc_2]
        days = (month + relativedelta(months=1) - month).days
        number = cls.env["aftersales.vehicle"].search_count([("company_id", "=", company.id)])
        vehicles = cls.env["aftersales.vehicle"].create(
            [
                {
                    "license_plate": f"沪A{number + index:05d}",
                    "model_id": cls.car_models[index % 2].id,
                    "partner_id": cls.env["res.partner"]
                    .create({"name": f"Customer {seed}-{index}", "company_id": company.id})
                    .id,
                    "company_id": company.id,
                }
                for index in range(size)
            ]
        )
        start = datetime.combine(month, datetime.min.time())
        orders = cls.env["aftersales.repair.order"].create(
            [
                {
                    "name": f"RO-{company.id}-{month:%y%m}-{seed}-{index:05d}",
                    "company_id": company.id,
                    "vehicle_id": vehicle.id,
                    "partner_id": vehicle.partner_id.id,
                    "kind": rng.choice(["maintenance", "repair", "warranty"]),
                    "advisor_id": rng.choice(advisors).id,
                    "date_in": start + timedelta(days=index % days, hours=1),
                    "date_out": start + timedelta(days=index % days, hours=6),
                }
                for index, vehicle in enumerate(vehicles)
            ]
        )
        Callback = cls.env["aftersales.callback"]
        callback_values, plans = [], []
        for index, order in enumerate(orders):
            kind = (
                "done"
                if rng.random() < 0.7
                else rng.choice(["planned", "unreachable", "refused", "missed", "cancelled"])
            )
            due = month + timedelta(days=(index * 7 + 2) % days)
            values = {
                "company_id": company.id,
                "kind": "repair",
                "repair_order_id": order.id,
                "user_id": rng.choice(agents).id,
                "date_due": due,
                "date_planned": due,
                "state": kind,
                "is_made": kind in ("done", "unreachable", "refused"),
                "is_completed": kind == "done",
                "questionnaire_id": cls.questionnaire.id,
            }
            if kind == "done":
                values.update(
                    satisfaction=rng.choice("3344555"),
                    outcome_id=cls.outcomes["complete"].id,
                    date_done=datetime.combine(due, datetime.min.time()) + timedelta(hours=3),
                )
            elif kind == "refused":
                values["outcome_id"] = cls.outcomes["refuse"].id
            elif kind == "unreachable":
                values["outcome_id"] = cls.outcomes["retry"].id
            elif kind == "cancelled":
                values["cancel_reason"] = rng.choice(["consent_withdrawn", "other"])
            callback_values.append(values)
            plans.append(kind)
        callbacks = Callback._create_protected(callback_values)
        attempts, answers = [], []
        for callback, kind in zip(callbacks, plans, strict=True):
            if not callback.is_made:
                continue
            moment = datetime.combine(callback.date_due, datetime.min.time()) + timedelta(hours=2)
            tries = 5 if kind == "unreachable" else rng.randint(1, 2)
            for attempt in range(tries):
                last = attempt == tries - 1
                outcome = callback.outcome_id if last else cls.outcomes["retry"]
                attempts.append(
                    {
                        "callback_id": callback.id,
                        "date_attempt": moment + timedelta(minutes=attempt),
                        "user_id": callback.user_id.id,
                        "channel": "phone",
                        "duration": 60,
                        "outcome_id": outcome.id,
                    }
                )
            if kind == "done":
                for question in cls.questions.filtered(lambda row: row.kind == "yes_no"):
                    good = rng.random() < 0.85
                    answers.append(
                        {
                            "callback_id": callback.id,
                            "question_id": question.id,
                            "value_yes_no": "yes" if good else "no",
                            "is_answered": True,
                            "is_good": good,
                            "is_problem": not good,
                            "problem_category_id": False if good else rng.choice(cls.categories).id,
                        }
                    )
        attempts = cls.env["aftersales.callback.attempt"]._create_protected(attempts)
        answers = cls.env["aftersales.callback.answer"]._create_protected(answers)
        complaints = cls.make_complaints(company, callbacks.filtered("is_completed")[: max(4, size // 10)], start, rng)
        return {
            "orders": orders,
            "callbacks": callbacks,
            "attempts": attempts,
            "answers": answers,
            "complaints": complaints,
        }

    @classmethod
    def make_complaints(cls, company, callbacks, start, rng):
        Complaint = cls.env["aftersales.complaint"].with_context(tracking_disable=True)
        complaints = Complaint._create_protected(
            [
                {
                    "name": f"CP-{callback.id:06d}",
                    "company_id": company.id,
                    "nature": "complaint" if index % 2 else "grievance",
                    "level": ("general", "important", "urgent")[index % 3],
                    "source": "callback",
                    "description": "Too slow",
                    "partner_id": callback.partner_id.id,
                    "vehicle_id": callback.vehicle_id.id,
                    "repair_order_id": callback.repair_order_id.id,
                    "callback_id": callback.id,
                    "date_event": start + timedelta(days=3 + index % 20, hours=4),
                    "date_received": start + timedelta(days=3 + index % 20, hours=4),
                }
                for index, callback in enumerate(callbacks)
            ]
        )
        cls.env.flush_all()
        # The ledger is not what is tested here: the handling clock of each complaint is set as it would have ended
        cls.env["aftersales.clock"].search(
            [("res_model", "=", "aftersales.complaint"), ("res_id", "in", complaints.ids), ("code", "=", "handle")]
        ).invalidate_recordset()
        cls.env.cr.execute(
            "DELETE FROM aftersales_clock_event WHERE clock_id IN (SELECT id FROM aftersales_clock"
            " WHERE res_model = 'aftersales.complaint' AND res_id = ANY(%s) AND code = 'handle')",
            [complaints.ids],
        )
        cls.env.cr.execute(
            "DELETE FROM aftersales_clock WHERE res_model = 'aftersales.complaint' AND res_id = ANY(%s)"
            " AND code = 'handle'",
            [complaints.ids],
        )
        cls.env.invalidate_all()
        clocks = cls.env["aftersales.clock"]._create_protected(
            [
                {
                    "name": "Handle",
                    "code": "handle",
                    "company_id": company.id,
                    "res_model": "aftersales.complaint",
                    "res_id": complaint.id,
                    "state": "stopped" if index % 4 else "running",
                    "date_start": complaint.date_received,
                    "date_deadline": complaint.date_received + timedelta(hours=48),
                    "date_stop": complaint.date_received + timedelta(hours=40 if index % 3 else 60)
                    if index % 4
                    else False,
                    "is_breached": not index % 3,
                }
                for index, complaint in enumerate(complaints)
            ]
        )
        events = []
        for clock in clocks:
            moments = {"start": clock.date_start, "stop": clock.date_stop}
            moments["breach"] = clock.is_breached and clock.date_deadline
            events += [
                {"clock_id": clock.id, "kind": kind, "date_event": moment} for kind, moment in moments.items() if moment
            ]
        cls.env["aftersales.clock.event"]._create_protected(events)
        return complaints

    def write_report(self, month=None, company=None):
        Report = self.env["aftersales.monthly.report"]
        return Report._write_month(company or self.store, month or self.month)

    def figure(self, report, measure, dimension="total", key=""):
        return self.env["aftersales.monthly.figure"].search(
            [
                ("report_id", "=", report.id),
                ("measure", "=", measure),
                ("dimension", "=", dimension),
                ("key", "=", str(key)),
            ]
        )
