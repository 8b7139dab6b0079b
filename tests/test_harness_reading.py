"""How the harness reads logs, reports and expressions: a failure must never be overlooked."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import selection, stages
from harness.commands import test as command
from harness.errors import SetupError
from harness.server import log_problems
from harness.stages import Result

HEAD = "2026-03-01 10:00:00,123 4711"
GOOD = f"{HEAD} INFO db odoo.tests.result: 0 failed, 0 error(s) of 7 tests when loading database 'db'\n"


def test_an_error_is_found_with_its_traceback():
    text = (
        f"{HEAD} INFO db odoo: fine\n"
        f"{HEAD} ERROR db odoo.http: Exception during request\n"
        "Traceback (most recent call last):\n  File x\nValueError: no\n"
        f"{HEAD} INFO db odoo: on we go\n"
    )
    (problem,) = log_problems(text)
    assert problem.endswith("ValueError: no")


def test_a_warning_is_no_problem_and_an_allowed_error_neither():
    text = f"{HEAD} WARNING db odoo: hm\n{HEAD} ERROR db odoo.sql_db: bad query: SELECT 1\n"
    assert log_problems(text, allowed=["bad query"]) == []
    assert len(log_problems(text)) == 1


def test_a_program_that_dies_before_it_logs_is_a_problem():
    assert log_problems("Traceback (most recent call last):\nImportError: x\n")


def read(text: str, code: int = 0) -> Result:
    result = Result("addon tests")
    stages.read_odoo_log(result, text, code)
    return result


def test_counts_of_a_good_run():
    result = read(GOOD)
    assert (result.passed, result.failed) == (7, 0)


def test_counts_of_a_failed_run():
    text = (
        f"{HEAD} ERROR db odoo.addons.x.tests.test_a: FAIL: TestA.test_one\nTraceback (most recent call last):\n"
        f"{HEAD} ERROR db odoo.addons.x.tests.test_a: ERROR: TestA.test_two\nTraceback (most recent call last):\n"
        f"{HEAD} ERROR db odoo.tests.result: 1 failed, 1 error(s) of 7 tests when loading database 'db'\n"
    )
    result = read(text, 1)
    assert (result.passed, result.failed) == (5, 2)
    assert "TestA.test_one" in result.failures[0]


def test_an_error_line_without_a_failed_test_fails_the_run():
    result = read(f"{HEAD} ERROR db odoo.addons.x: something broke\n" + GOOD)
    assert result.failed == 1
    assert any("something broke" in failure for failure in result.failures)


def test_an_exit_code_alone_fails_the_run():
    assert read(GOOD, 255).failed == 1


def test_a_log_without_a_result_fails_the_run():
    assert read(f"{HEAD} INFO db odoo: hello\n").failed == 1


def test_a_skipped_test_is_not_passed():
    text = f"{HEAD} INFO db odoo.addons.x.tests.test_a: skipped TestA.test_one : no browser\n" + GOOD
    result = read(text)
    assert (result.passed, result.skipped) == (6, 1)


def test_counts_of_a_junit_report(tmp_path: Path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">'
        '<testcase classname="t" name="a"/><testcase classname="t" name="b"><failure/></testcase>'
        '<testcase classname="t" name="c"><error/></testcase><testcase classname="t" name="d"><skipped/></testcase>'
        "</testsuite></testsuites>"
    )
    result = Result("tests")
    stages.read_junit(result, report)
    assert (result.passed, result.failed, result.skipped) == (1, 2, 1)
    assert result.failures == ["t.b", "t.c"]


def test_the_closing_line(capsys):
    assert command.conclude([Result("a", passed=5), Result("b", passed=2, skipped=1)], 3.21) == 0
    assert " 7 passed, 0 failed, 1 skipped in 3.2s " in capsys.readouterr().out.splitlines()[-1]
    assert command.conclude([Result("a", passed=5, failed=1)], 3.21) == 1


def test_a_run_without_a_test_fails(capsys):
    assert command.conclude([Result("a")], 1) == 1
    assert "No test ran." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("clock", True),
        ("CLOCK and pause", True),
        ("clock and not pause", False),
        ("approval or pause", True),
        ("not (approval or import)", True),
    ],
)
def test_expressions(expression, expected):
    assert selection.matches(expression, "test_clock::TestClock::test_pause") is expected


@pytest.mark.parametrize("expression", ["clock and", "f(x)", "1 + 1"])
def test_a_malformed_expression_is_a_sentence(expression):
    with pytest.raises(SetupError):
        selection.matches(expression, "x")


def test_tags_of_the_selected_tests(tmp_path: Path):
    (tmp_path / "test_clock.py").write_text(
        "class TestClock:\n def test_pause(self): pass\n def test_stop(self): pass\n def helper(self): pass\n"
    )
    assert selection.addon_tags(tmp_path, "pause") == ["/aftersales_crm:TestClock.test_pause"]
    assert len(selection.addon_tags(tmp_path, "clock")) == 2
