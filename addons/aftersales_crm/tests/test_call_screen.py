from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common_callback import AftersalesCallbackCommon


@tagged("post_install", "-at_install")
class TestCallScreen(AftersalesCallbackCommon, HttpCase):
    """The call screen in a browser, by keyboard alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = cls.store._aftersales_today()
        delivered = fields.Datetime.now() - timedelta(days=4)
        orders = cls._create_delivered(cls._create_customers(21))
        orders.write({"date_out": delivered})
        cls.calls = cls.env["aftersales.callback"].create(
            [
                {
                    "repair_order_id": order.id,
                    "company_id": cls.store.id,
                    "user_id": cls.crc.id,
                    "date_due": today - timedelta(days=1),
                    "date_planned": today,
                    "date_expiry": today + timedelta(days=11),
                }
                for order in orders
            ]
        )

    def test_call_screen_keyboard(self):
        """A consultant makes twenty calls by keyboard alone; the next one comes by itself."""
        self.browser_js(
            "/odoo/aftersales-call",
            """
            const wait = async (test) => {
                for (let i = 0; i < 400; i++) {
                    const found = test();
                    if (found) return found;
                    await new Promise((resolve) => setTimeout(resolve, 25));
                }
                throw new Error("timeout: " + test);
            };
            const press = async (key, options = {}) => {
                (document.activeElement || document.body).dispatchEvent(
                    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
                await new Promise((resolve) => setTimeout(resolve, 15));
            };
            const current = () => document.querySelector(".o_call_grid .o_call_who .text-muted")?.textContent;
            (async () => {
                for (let call = 0; call < 20; call++) {
                    const name = await wait(current);
                    if (call === 5) {
                        await press("a");
                    } else {
                        for (let question = 0; question < 8; question++) {
                            await press(call === 7 && question === 4 ? "n" : "y");
                        }
                        await press(String(call === 7 ? 2 : 5));
                        if (call === 7) {
                            document.activeElement.blur();
                            await press("m");
                        }
                    }
                    await press("Enter", { ctrlKey: true });
                    await wait(() => current() !== name || document.querySelector(".o_call_error"));
                    const error = document.querySelector(".o_call_error");
                    if (error) throw new Error(error.textContent);
                }
                if (Object.keys(localStorage).some((key) => key.startsWith("aftersales_call_draft"))) {
                    throw new Error("a draft was left behind");
                }
                console.log("test successful");
            })().catch((error) => console.error(error.message));
            """,
            ready="Boolean(document.querySelector('.o_call_grid'))",
            login="test_crc",
            timeout=120,
        )
        self.env.invalidate_all()
        made = self.calls.filtered("is_made")
        self.assertEqual(len(made), 20)
        self.assertEqual(len(made.filtered("is_completed")), 19)
        problem = made.filtered("has_problem")
        self.assertRecordValues(problem, [{"satisfaction": "2", "customer_demands": True}])

    def test_call_screen_draft(self):
        """What is typed and not saved is there again when the screen is opened again."""
        self.browser_js(
            "/odoo/aftersales-call",
            """
            const press = async (key) => {
                (document.activeElement || document.body).dispatchEvent(
                    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
                await new Promise((resolve) => setTimeout(resolve, 30));
            };
            const wait = async (test) => {
                for (let i = 0; i < 400; i++) {
                    if (test()) return;
                    await new Promise((resolve) => setTimeout(resolve, 25));
                }
                throw new Error("timeout: " + test);
            };
            (async () => {
                const action = odoo.__WOWL_DEBUG__.root.env.services.action;
                const name = document.querySelector(".o_call_who .text-muted").textContent;
                await press("y");
                await press("n");
                await action.doAction("aftersales_crm.aftersales_callback_action");
                await wait(() => document.querySelector(".o_list_view"));
                await action.doAction("aftersales_crm.aftersales_call_screen_action");
                await wait(() => document.querySelector(".o_call_grid"));
                const same = document.querySelector(".o_call_who .text-muted").textContent === name;
                const answered = document.querySelectorAll(".o_call_question.o_answered").length;
                const problems = document.querySelectorAll(".o_call_question.o_problem").length;
                if (!same || answered !== 2 || problems !== 1) throw new Error(`${answered} answers, ${problems} problems`);
                console.log("test successful");
            })().catch((error) => console.error(error.message));
            """,
            ready="Boolean(document.querySelector('.o_call_grid'))",
            login="test_crc",
        )
