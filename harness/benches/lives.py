# Random lives of complaints, drawn by hypothesis, which shortens the one that breaks a rule. After every move: the graph,
# the chain of custody, every clock against an independent walk over the store's hours, the ends, the lanes; at the end the
# counts by state. Run by `python3 -m harness bench lives` in Odoo's shell (`env`, `SIZE`); other lives come with another
# number in LIVES_SEED.
import json
import os
import time
from collections import Counter

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from odoo.addons.aftersales_crm.tests.complaint_lives import Life
from odoo.addons.aftersales_crm.tests.test_complaint_lives import TestComplaintLives

size = SIZE or 2_000  # noqa: F821
MOVES = 14

TestComplaintLives.setUpClass()
case = TestComplaintLives("test_random_lives")
case.setUp()
ends, moves, problems = Counter(), Counter(), []


@seed(int(os.environ.get("LIVES_SEED", "2026")))
@settings(max_examples=size, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def live(chance):
    """One life, taken back afterwards."""
    savepoint = case.cr.savepoint(flush=False)
    try:
        life = Life(case, lambda options: chance.choice(list(options)))
        complaint = life.run(MOVES)
        groups = complaint._read_group([("id", "=", complaint.id)], ["state"], ["__count"])
        assert groups == [(complaint.state, 1)], life.log
        ends[complaint.state] += 1
        moves.update(line[2] for line in life.log)
    finally:
        case.env.clear()
        savepoint.close(rollback=True)


began = time.perf_counter()
try:
    live()
except Exception as error:
    problems.append(f"a life broke a rule: {str(error)[:1500]}")
seconds = time.perf_counter() - began
done = sum(ends.values())
refused = sum(count for move, count in moves.items() if move.endswith("refused"))
never = sorted({*Life.MOVES, "confirm", "close"} - set(moves))
if never and size >= 500:
    problems.append(f"moves that never succeeded: {', '.join(never)}")
rows = [
    ["lives", f"{done} in {seconds:.0f} s"],
    ["moves", f"{sum(moves.values())}, of which {refused} refused"],
    ["ended as", ", ".join(f"{state} {count}" for state, count in ends.most_common())],
]
TestComplaintLives.doClassCleanups()
print("BENCH-RESULT " + json.dumps({"rows": rows, "figure": done, "bar": size, "problems": problems}))
