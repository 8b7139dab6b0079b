from dateutil.relativedelta import relativedelta

from odoo.tests import HttpCase, tagged

from .common import ROLES
from .common_case import AftersalesCaseCommon

START = (
    "odoo.loader.modules.get('@web/webclient/clickbot/clickbot_loader')"
    ".startClickEverywhere('aftersales_crm.aftersales_menu_root');"
)


@tagged("post_install", "-at_install", "slow")
class TestClickAll(AftersalesCaseCommon, HttpCase):
    """Odoo's own click-everywhere: each role opens each menu, each view and each filter without an error."""

    def setUp(self):
        super().setUp()
        # A view without a record shows less of itself
        self._create_complaint()
        self._create_action()
        month = self.store._aftersales_today() - relativedelta(months=1)
        self.env["aftersales.monthly.report"]._write_month(self.store, month)

    def _click_everywhere(self, user):
        user.password = user.login
        user.tour_enabled = False
        self.browser_js(
            "/odoo",
            START,
            "odoo.isReady === true",
            login=user.login,
            timeout=600,
            success_signal="clickbot test succeeded",
        )

    def test_advisor(self):
        """The service advisor finds no broken screen."""
        self._click_everywhere(self.advisor)

    def test_crc(self):
        """The customer relations consultant finds no broken screen."""
        self._click_everywhere(self.crc)

    def test_archivist(self):
        """The archivist finds no broken screen."""
        self._click_everywhere(self.archivist)

    def test_manager(self):
        """The service manager finds no broken screen."""
        self._click_everywhere(self.manager)

    def test_gm(self):
        """The general manager finds no broken screen."""
        self._click_everywhere(self.gm)

    def test_officer(self):
        """The group officer finds no broken screen."""
        self._click_everywhere(self.officer)

    def test_admin(self):
        """The administrator of the app, who also administers Odoo, finds no broken screen."""
        self.admin.group_ids |= self.env.ref("base.group_system")
        # Imports with rows, refusals and a customer to decide (their forms: tests/test_import_screens.py)
        rows = [
            self._row(),
            self._row(order="WX2", vin="BAD"),
            self._row(order="WX3", name="李四", vin="", plate="沪B1"),
        ]
        self._create_import(self._csv(rows), self.admin).action_apply()
        self._create_import(self._csv(rows[::-1]), self.admin).action_dry_run()
        self._click_everywhere(self.admin)

    def test_every_role_is_clicked(self):
        """A role that is added later gets a test here."""
        self.assertFalse([role for role in ROLES if not hasattr(self, f"test_{role}")])
