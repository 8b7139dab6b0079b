"""``-k`` for Odoo's runner: turn a pytest-like expression into Odoo's test tags."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .errors import SetupError
from .paths import ADDON


def addon_tags(directory: Path, expression: str) -> list[str]:
    """Return a test tag for every test below ``directory`` that the expression selects.

    The words of the expression (joined by ``and``, ``or``, ``not``, brackets) are looked for,
    without regard to case, in ``file::Class::method``.
    """
    tags = []
    for path in sorted(directory.rglob("test_*.py")):
        for class_name, method in _tests(path):
            if matches(expression, f"{path.stem}::{class_name}::{method}"):
                tags.append(f"/{ADDON}:{class_name}.{method}")
    return tags


def _tests(path: Path) -> list[tuple[str, str]]:
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found += [
                (node.name, item.name)
                for item in node.body
                if isinstance(item, ast.FunctionDef) and item.name.startswith("test")
            ]
    return found


def matches(expression: str, name: str) -> bool:
    """Tell whether ``name`` satisfies the expression; ``SetupError`` for a malformed one."""
    try:
        tree = ast.parse(re.sub(r"[\w-]+", _as_name, expression), mode="eval")
    except SyntaxError as error:
        raise SetupError(f"'-k {expression}' is no expression: write words joined by 'and', 'or', 'not'.") from error
    return _evaluate(tree.body, name.lower())


def _as_name(word: re.Match[str]) -> str:
    """Return a word as a Python name, also one like ``import`` or ``2024``."""
    text = word[0].replace("-", "_")
    return text if text in ("and", "or", "not") else f"word_{text}"


def _evaluate(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Name(id=word):
            return word.removeprefix("word_").lower() in name
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_evaluate(value, name) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_evaluate(value, name) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate(operand, name)
    raise SetupError("An expression after -k holds words, 'and', 'or', 'not' and brackets only.")
