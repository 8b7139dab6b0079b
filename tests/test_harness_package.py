"""The addon as a package that an existing Odoo installs with pip."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from harness import paths


def test_the_addon_installs_into_odoos_namespace(tmp_path: Path, odoo_env):
    """pip puts every file of the addon where Odoo looks, and nothing into the source."""
    before = sorted(path.name for path in paths.ADDON_DIR.iterdir())
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    command += ["--target", str(tmp_path), str(paths.ADDON_DIR)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    placed = tmp_path / "odoo" / "addons" / paths.ADDON
    for path in paths.ADDON_DIR.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.name != "pyproject.toml":
            assert (placed / path.relative_to(paths.ADDON_DIR)).exists(), path
    assert not list((tmp_path / "odoo").glob("*.py")), "the namespace must stay open for Odoo's own package"
    assert sorted(path.name for path in paths.ADDON_DIR.iterdir()) == before
    code = (
        "import odoo.modules; odoo.modules.module.initialize_sys_path();"
        f"print(odoo.modules.get_module_path('{paths.ADDON}'))"
    )
    found = subprocess.run(
        [odoo_env.python, "-c", code],
        env={"PYTHONPATH": f"{odoo_env.odoo.root}:{tmp_path}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip().splitlines()[-1] == str(placed), found.stderr


def test_the_packages_version_is_the_manifests(tmp_path: Path):
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    command += ["-w", str(tmp_path), str(paths.ADDON_DIR)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    version = wheel.name.split("-")[1]
    assert f'"version": "{version}"' in (paths.ADDON_DIR / "__manifest__.py").read_text()
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if "__pycache__" in name]
