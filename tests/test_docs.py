"""What the documentation says of the project itself is true."""

from __future__ import annotations

import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]


def test_every_proof_of_iso_10002_is_a_test():
    """Each test that the table of the standard names as proof exists, and each line names a proof or says who meets it."""
    tests = {
        path.stem: set(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
        for folder in ("tests", "addons/aftersales_crm/tests")
        for path in (REPO / folder).glob("test_*.py")
    }
    table = (REPO / "docs" / "iso10002.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)(?:\.(test_\w+))?`", table)
    assert len(named) > 30
    gone = [
        f"{module}.{name}"
        for module, name in named
        if name not in tests.get(module, ()) and (name or module not in tests)
    ]
    assert not gone
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| **")][1:]
    assert [row for row in rows if not re.search(r"\| (T `|by design|–)", row)] == []


def test_every_picture_of_the_manual_is_there():
    """Pages show pictures that exist, and no picture lies about that no page shows, itself or its English twin."""
    pages = [*(REPO / "docs").rglob("*.md"), REPO / "README.md"]
    shown = {
        (page.parent / name).resolve()
        for page in pages
        for name in re.findall(r"\[[^]]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
        for name in filter(None, name)
        if "://" not in name
    }
    kept = {path.resolve() for path in (REPO / "docs").rglob("*.png")}
    assert kept
    assert not [path for path in shown if path.suffix in (".png", ".jpg", ".svg") and not path.exists()]
    twins = {path for path in kept if path.with_stem(re.sub(r"_zh$", "_en", path.stem)) in shown}
    assert kept - twins == set()
