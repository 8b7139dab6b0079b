"""The call screen in Chromium: a day by keyboard alone, a lost line, an expired login, a withdrawn consent, a phone."""

from __future__ import annotations

import datetime

import pytest
from playwright.sync_api import expect

from harness import database
from harness.browser import log_in
from harness.chain_store import ZONE
from tests.store import make_store

CALLS = 26
NO_PHONE = """document.addEventListener("click",
    (event) => event.target.closest("a[href^='tel:']") && event.preventDefault(), true);"""
CURRENT = ".o_call_grid .o_call_who .text-muted >> nth=0"


@pytest.fixture
def store(server, rpc):
    """A store with calls for today that belong to nobody yet: every consultant takes from the same heap."""
    admin = rpc(server)
    made = make_store(admin, "Day")
    admin.write("res.users", [2], {"company_ids": [[4, made.company]], "company_id": made.company})
    today = datetime.datetime.now(ZONE).date()
    people = admin.create(
        "res.partner",
        [{"name": f"Customer {n}", "phone": f"139{n:08d}", "company_id": made.company} for n in range(CALLS)],
    )
    cars = admin.create(
        "aftersales.vehicle",
        [{"license_plate": f"沪D{n:05d}", "partner_id": p, "company_id": made.company} for n, p in enumerate(people)],
    )
    delivered = f"{today - datetime.timedelta(days=5)} 06:00:00"
    orders = admin.create(
        "aftersales.repair.order",
        [
            {
                "vehicle_id": car,
                "partner_id": person,
                "company_id": made.company,
                "advisor_id": made.users["advisor"],
                "date_in": delivered.replace("06:", "01:"),
                "date_out": delivered,
                "callback_consent": "yes",
            }
            for car, person in zip(cars, people, strict=True)
        ],
    )
    rpc(server, "day.crc").create(
        "aftersales.callback",
        [
            {
                "repair_order_id": order,
                "company_id": made.company,
                "date_due": f"{today - datetime.timedelta(days=2)}",
                "date_planned": f"{today}",
                "date_expiry": f"{today + datetime.timedelta(days=10)}",
            }
            for order in orders
        ],
    )
    made.admin = admin
    return made


@pytest.fixture
def consultant(open_page, server, store):
    """``consultant(login)``: a page of that person on the call screen."""

    def open_screen(login="crc", **options):
        page = open_page(**options)
        # No phone program on the machine: Chromium would look for one, and swallow keys meanwhile.
        page.add_init_script(NO_PHONE)
        log_in(page, server.url, f"day.{login}")
        page.goto(f"{server.url}/odoo/aftersales-call")
        page.wait_for_selector(".o_call_screen")
        return page

    return open_screen


class Requests:
    """The calls of methods that a page sends to the server."""

    def __init__(self, page):
        self.sent = []
        page.on("request", self._note)

    def _note(self, request):
        # What the chat of the web client says to the server by itself is none of the screen's.
        if "/web/dataset/call_" in request.url and "/aftersales." in request.url:
            self.sent.append(request.url.rsplit("/", 1)[-1])


def answer_all(page, score="5"):
    """Answer the questionnaire by keys: eight times yes, and the score of the repair."""
    for _question in range(8):
        page.keyboard.press("y")
    page.keyboard.press(score)
    # The next question takes text: leave its field, once the screen has put the cursor there.
    page.locator(".o_call_question textarea:focus").wait_for()
    page.keyboard.press("Escape")


def dial(page):
    """Dial by key, and wait for the answer of the server: the clock of the call runs."""
    with page.expect_response(lambda answer: answer.url.endswith("/keep_call")):
        page.keyboard.press("t")
    page.wait_for_selector(".o_call_timer")


def save(page):
    """Save and go on by one key; wait for the next call."""
    name = page.locator(CURRENT).inner_text()
    page.keyboard.press("Control+Enter")
    expect(page.locator(CURRENT)).not_to_have_text(name, timeout=30_000)


def attempts(odoo_env, server):
    """[(state of the callback, its attempts, its answers)] of those that were called."""
    with database.connect(odoo_env, server.database) as cursor:
        cursor.execute(
            """SELECT c.state, (SELECT COUNT(*) FROM aftersales_callback_attempt a WHERE a.callback_id = c.id),
                      (SELECT COUNT(*) FROM aftersales_callback_answer a WHERE a.callback_id = c.id)
                 FROM aftersales_callback c WHERE c.is_made ORDER BY c.date_last_attempt"""
        )
        return cursor.fetchall()


def test_a_day_by_keyboard(consultant, server, odoo_env, store, allow_log):
    """Twenty calls without a mouse, one request each; then the line drops, the login expires, a consent is withdrawn."""
    page = consultant()
    page.wait_for_selector(".o_call_question")
    # The screen's heartbeat is not part of a save: it comes once a minute.
    requests = Requests(page)
    for call in range(20):
        if call == 0:
            dial(page)
        before = len([name for name in requests.sent if name != "keep_call"])
        if call % 5 == 4:
            page.keyboard.press("a")  # no answer
        else:
            answer_all(page, "4" if call % 3 else "5")
        save(page)
        sent = [name for name in requests.sent if name != "keep_call"][before:]
        assert sent == ["action_save_call"], f"call {call}: {sent}"
    done = attempts(odoo_env, server)
    assert [row[1] for row in done] == [1] * 20
    assert [row[0] for row in done].count("done") == 16
    assert {row[2] for row in done if row[0] == "done"} == {9}
    assert not page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('aftersales_call_draft'))")

    lose_the_line(page)
    assert len(attempts(odoo_env, server)) == 21
    lose_the_answer(page)
    done = attempts(odoo_env, server)
    assert len(done) == 22
    assert done[-1][1] == 1, "saved twice, counted once"
    lose_the_login(page, server)
    assert len(attempts(odoo_env, server)) == 23
    assert attempts(odoo_env, server)[-1][2] == 9
    withdraw(page, store)


def lose_the_line(page):
    """What is keyed in while the line is down is there when it is back."""
    answer_all(page)
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".o_call_screen .alert-warning", has_text="connection is lost")).to_be_visible()
    assert page.locator(".o_call_question.o_answered").count() == 9
    page.context.set_offline(False)
    save(page)
    page.errors[:] = [error for error in page.errors if "ERR_INTERNET_DISCONNECTED" not in error]


def lose_the_answer(page):
    """The server saves, its answer gets lost on the way, the consultant saves again."""
    answer_all(page)

    def swallow(route):
        route.fetch()
        route.abort()

    page.route("**/action_save_call", swallow, times=1)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".o_call_screen .alert-warning", has_text="connection is lost")).to_be_visible()
    save(page)
    page.errors[:] = [error for error in page.errors if "ERR_FAILED" not in error]


def lose_the_login(page, server):
    """The login expires in the middle of a call: after the next login the call stands there as it was left."""
    name = page.locator(CURRENT).inner_text()
    answer_all(page, "2")
    page.keyboard.press("e")
    page.keyboard.type("Asked about the bill")
    page.context.clear_cookies()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".o_dialog .modal-content")
    log_in(page, server.url, "day.crc")
    page.goto(f"{server.url}/odoo/aftersales-call")
    page.wait_for_selector(".o_call_question")
    assert page.locator(CURRENT).inner_text() == name
    assert page.locator(".o_call_question.o_answered").count() == 9
    assert page.locator(".o_call_screen textarea[name='note']").input_value() == "Asked about the bill"
    save(page)
    page.errors.clear()


def withdraw(page, store):
    """The customer withdraws while the call is on the screen: it says so by itself, the number goes, saving is refused."""
    name = page.locator(".o_call_who h1").inner_text()
    orders = store.admin("aftersales.repair.order", "search", domain=[["partner_id.name", "=", name]])
    store.admin.write("aftersales.repair.order", orders, {"callback_consent": "no"})
    expect(page.locator(".o_call_screen .alert-danger", has_text="do not call")).to_be_visible(timeout=20_000)
    expect(page.locator("a.o_call_dial")).to_have_count(0)
    answer_all(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".o_call_error, .o_call_screen .alert-danger").first).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".o_call_who h1")).not_to_have_text(name)


def test_two_consultants_and_a_phone(consultant, odoo_env, server):
    """Two consultants on one heap never see the same call; on a phone the screen is as wide as the phone, and works."""
    first, second = consultant("crc"), consultant("crc_2")
    seen = set()
    for _call in range(3):
        for page in (first, second):
            page.wait_for_selector(".o_call_question")
            name = page.locator(CURRENT).inner_text()
            assert name not in seen, "one call on two screens"
            seen.add(name)
        for page in (first, second):
            page.keyboard.press("a")
            save(page)
    second.set_viewport_size({"width": 390, "height": 844})
    second.reload()
    second.wait_for_selector(".o_call_question")
    overflow = "document.documentElement.scrollWidth - window.innerWidth"
    assert second.evaluate(overflow) <= 0
    wide = second.evaluate(
        """[...document.querySelectorAll('.o_call_screen *')].filter((element) =>
            element.getBoundingClientRect().right > window.innerWidth + 1).map((element) => element.className)"""
    )
    assert not wide, wide
    name = second.locator(CURRENT).inner_text()
    for question in second.locator(".o_call_question").all()[:8]:
        question.locator("button").first.click()
    second.locator(".o_call_question button.o_call_score").last.click()
    second.locator(".o_call_save .btn-primary").click()
    expect(second.locator(CURRENT)).not_to_have_text(name)
    assert attempts(odoo_env, server)[-1][0] == "done"
