from .common_order import AftersalesOrderCommon


class AftersalesCallbackCommon(AftersalesOrderCommon):
    """Customers with cars and delivered orders in store A; helpers that plan and make calls.

    Times are of March 2026: the 2nd is a Monday, so that due days and working days can be reckoned by heart.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outcome = {outcome.code: outcome for outcome in cls.env["aftersales.callback.outcome"].search([])}
        cls.questionnaire = cls.env.ref("aftersales_crm.questionnaire_repair")
        cls.question = {question.code: question for question in cls.questionnaire.question_ids}

    @classmethod
    def _create_customers(cls, count, start=0, company=None):
        """Owners with one car each."""
        company = company or cls.store
        partners = cls.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "phone": f"139{number:08d}", "company_id": company.id}
                for number in range(start, start + count)
            ]
        )
        return cls.env["aftersales.vehicle"].create(
            [
                {
                    "license_plate": f"沪B{start + number:05d}",
                    "partner_id": partner.id,
                    "model_id": cls.car_model.id,
                    "company_id": company.id,
                }
                for number, partner in enumerate(partners)
            ]
        )

    @classmethod
    def _create_delivered(cls, vehicles, date_out="2026-03-02 16:00", **values):
        return cls.env["aftersales.repair.order"].create(
            [
                {
                    "vehicle_id": vehicle.id,
                    "partner_id": vehicle.partner_id.id,
                    "company_id": vehicle.company_id.id,
                    "advisor_id": cls.advisor.id,
                    "date_in": cls.utc("2026-01-05 09:00"),
                    "date_out": cls.utc(date_out),
                    "callback_consent": "yes",
                    **values,
                }
                for vehicle in vehicles
            ]
        )

    @classmethod
    def _create_plan(cls, agents=None, month="2026-03-01", user=None, **values):
        user = user or cls.crc
        plans = cls.env["aftersales.callback.plan"].with_user(user)
        return plans.with_context(allowed_company_ids=user.company_ids.ids).create(
            {"date_from": month, "agent_ids": (agents or cls.crc | cls.crc_2).ids, "include_absent": False, **values}
        )

    @classmethod
    def _create_callback(cls, order=None, **values):
        """A planned callback of an order delivered on 2 March, due on the 5th, until the 17th."""
        order = order or cls._create_delivered(cls.vehicle)
        return cls.env["aftersales.callback"].create(
            {
                "repair_order_id": order.id,
                "company_id": order.company_id.id,
                "user_id": cls.crc.id,
                "date_due": "2026-03-05",
                "date_expiry": "2026-03-17",
                "date_planned": "2026-03-05",
                **values,
            }
        )

    def _answers(self, **values):
        """All answers good, but for the given ones: {question id: value}."""
        good = {code: "yes" for code, question in self.question.items() if question.kind == "yes_no"}
        return {str(self.question[code].id): value for code, value in {**good, "satisfaction": 5, **values}.items()}

    def _call(self, callback, outcome="completed", user=None, **values):
        """Save a call as a consultant does."""
        if outcome in ("completed", "partial"):
            values.setdefault("answers", self._answers())
        return self.as_user(callback, user or self.crc).action_save_call(outcome, **values)
