"""The set-up on machines that lack something: one sentence each, and no half-made state."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import __main__ as cli
from harness import odoo_source, paths, postgres, system, venv
from harness.errors import SetupError
from harness.lock import locked


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, apart from the one that the other tests use."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("AFTERSALES_HOME", str(home))
    for name in ("ODOO_HOME", "DATABASE_URL", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``fake(name, script)`` puts a program of that name before all others on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def add(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return add


def one_sentence(error: pytest.ExceptionInfo) -> str:
    """Return the message after checking that it is one line that ends like a sentence."""
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith((".", ")."))
    return text


def test_without_root_the_command_to_type_is_named(monkeypatch):
    monkeypatch.setattr(system, "is_root", lambda: False)
    with pytest.raises(SetupError) as error:
        system.install_packages(["chromium", "wkhtmltopdf"])
    assert "sudo apt-get install chromium wkhtmltopdf" in one_sentence(error)


def test_a_package_list_out_of_reach_is_a_network_sentence(monkeypatch, fake):
    monkeypatch.setattr(system, "is_root", lambda: True)
    fake("apt-get", "echo 'Temporary failure resolving'; exit 100")
    with pytest.raises(SetupError) as error:
        system.install_packages(["chromium"])
    assert "check the network" in one_sentence(error)


def test_the_package_list_is_updated_only_when_an_install_fails(monkeypatch, fake, tmp_path):
    monkeypatch.setattr(system, "is_root", lambda: True)
    calls = tmp_path / "calls"
    fake("apt-get", f'echo "$@" >> {calls}')
    system.install_packages(["chromium"])
    assert "update" not in calls.read_text()


def test_an_install_that_fails_after_the_update_names_the_command(monkeypatch, fake):
    monkeypatch.setattr(system, "is_root", lambda: True)
    fake("apt-get", 'for word; do [ "$word" = update ] && exit 0; done; exit 100')
    with pytest.raises(SetupError) as error:
        system.install_packages(["no-such-package"])
    assert "apt-get install no-such-package" in one_sentence(error)


def test_nothing_missing_runs_nothing(fake):
    fake("apt-get", "exit 1")
    system.install_packages([])


def test_sources_without_a_debian_mirror_point_to_odoo_home(fake, tmp_path):
    fake("apt-get", "exit 0")
    with pytest.raises(SetupError) as error:
        odoo_source._download(tmp_path, lambda text: None)
    assert "ODOO_HOME" in one_sentence(error)


def test_a_mirror_without_the_suite_points_to_odoo_home(fake, tmp_path, monkeypatch):
    keyring = tmp_path / "keyring"
    keyring.touch()
    monkeypatch.setattr(odoo_source, "_KEYRING", keyring)
    fake(
        "apt-get",
        'case "$1" in indextargets) echo "http://mirror.invalid/debian/|Debian|Debian";; *) exit 100;; esac',
    )
    with pytest.raises(SetupError) as error:
        odoo_source._download(tmp_path, lambda text: None)
    assert "ODOO_HOME" in one_sentence(error)
    assert "network" in str(error.value)


def test_the_private_package_state_leaves_the_systems_alone(tmp_path):
    environment = odoo_source._private_apt(tmp_path, "http://mirror.invalid/debian", ("sid",))
    config = Path(environment["APT_CONFIG"]).read_text()
    for line in config.splitlines():
        if line.startswith("Dir::") and "-" not in line:
            assert str(tmp_path) in line
    assert "/etc/apt" not in config


def test_mirrors_are_read_from_the_sources_before_the_first_update(fake):
    fake(
        "apt-get",
        'case "$*" in *print-uris*)\n'
        "echo \"'http://mirror.invalid/debian/dists/bookworm/InRelease' x 0\"\n"
        "echo \"'http://mirror.invalid/debian-security/dists/bookworm-security/InRelease' x 0\";; esac",
    )
    assert odoo_source.debian_mirrors() == ["http://mirror.invalid/debian"]


def make_odoo(root: Path, version: str) -> Path:
    """Write the two files that tell an Odoo."""
    (root / "odoo" / "addons" / "web").mkdir(parents=True)
    (root / "odoo" / "release.py").write_text(f"version_info = ({version}, FINAL, 0, '')\n")
    return root


def test_odoo_home_without_odoo(tmp_path):
    with pytest.raises(SetupError) as error:
        odoo_source.find_odoo(str(tmp_path))
    assert "ODOO_HOME" in one_sentence(error)


def test_odoo_home_of_another_version(tmp_path):
    make_odoo(tmp_path, "18, 0, 0")
    with pytest.raises(SetupError) as error:
        odoo_source.find_odoo(str(tmp_path))
    assert "18.0.0" in one_sentence(error)


def test_odoo_home_is_preferred(tmp_path, monkeypatch):
    make_odoo(tmp_path, "19, 0, 0")
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    assert odoo_source.find_odoo().root == tmp_path


def test_a_checkout_keeps_its_addons_beside_the_package(tmp_path):
    (tmp_path / "odoo" / "addons" / "base").mkdir(parents=True)
    (tmp_path / "odoo" / "release.py").write_text("version_info = (19, 0, 0, FINAL, 0, '')\n")
    (tmp_path / "addons" / "web").mkdir(parents=True)
    assert odoo_source.describe(tmp_path, "test").addons == (tmp_path / "odoo" / "addons", tmp_path / "addons")


def test_a_half_unpacked_odoo_is_unpacked_anew(own_home, fake, monkeypatch):
    """A set-up that was interrupted while unpacking leaves nothing that looks complete."""
    package = Path("usr/lib/python3/dist-packages")
    fake("apt-get", "exit 0")
    fake("dpkg", f'make() {{ mkdir -p "$1/odoo/addons/web"; }}; make "$3/{package}"')
    half = own_home / "odoo" / package
    half.mkdir(parents=True)
    (half / "leftover").touch()

    def download(work: Path, show) -> list[Path]:
        return [work / "odoo.deb"]

    monkeypatch.setattr(odoo_source, "_download", download)
    odoo_source._fetch(own_home / "odoo")
    assert (own_home / "odoo" / "complete").exists()
    assert (half / odoo_source.STUB).exists()
    assert not (half / "leftover").exists()
    assert [path.name for path in own_home.glob("odoo-fetch-*")] == []


def test_a_full_disk_while_unpacking_leaves_no_odoo(own_home, fake, monkeypatch):
    fake("apt-get", "exit 0")
    fake("dpkg", "echo 'No space left on device'; exit 2")
    monkeypatch.setattr(odoo_source, "_download", lambda work, show: [work / "odoo.deb"])
    with pytest.raises(SetupError) as error:
        odoo_source._fetch(own_home / "odoo")
    assert "disk space" in one_sentence(error)
    assert not (own_home / "odoo").exists()


@pytest.mark.parametrize("version", [(3, 9), (3, 14)])
def test_a_python_that_odoo_does_not_run_on(version):
    with pytest.raises(SetupError) as error:
        venv.check_python(version)
    assert f"{version[0]}.{version[1]}" in one_sentence(error)


def test_an_environment_of_older_requirements_is_not_ready(own_home, monkeypatch, tmp_path):
    marker = venv.venv_dir() / "complete"
    marker.parent.mkdir()
    marker.touch()
    assert venv.is_ready()
    changed = tmp_path / "requirements.txt"
    changed.write_text("six==1.17.0\n")
    monkeypatch.setattr(venv, "REQUIREMENTS", changed)
    assert not venv.is_ready()


def test_packages_out_of_reach_leave_no_ready_environment(own_home, monkeypatch, tmp_path):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("six==1.17.0\n")
    monkeypatch.setattr(venv, "REQUIREMENTS", wanted)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(SetupError) as error:
        venv.ensure_venv()
    assert "check the network" in one_sentence(error)
    assert not venv.is_ready()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "localhost:5432", "postgresql:///x"])
def test_a_database_url_that_is_none(url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SetupError) as error:
        postgres.external_server()
    assert "postgresql://user:password@host:port/" in one_sentence(error)


def test_database_url_and_pghost_are_honoured(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:s%40crab@db.invalid:5444/postgres")
    assert postgres.external_server() == postgres.Server("db.invalid", 5444, "me", "s@crab")
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("PGHOST", "other.invalid")
    monkeypatch.setenv("PGUSER", "you")
    assert postgres.external_server() == postgres.Server("other.invalid", 5432, "you", os.environ.get("PGPASSWORD", ""))


def test_a_server_that_does_not_answer(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me@127.0.0.1:{postgres.free_port()}/")
    with pytest.raises(SetupError) as error:
        postgres.ensure_server()
    assert "DATABASE_URL" in one_sentence(error)


def test_a_home_that_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("AFTERSALES_HOME", str(blocked / "home"))
    with pytest.raises(SetupError) as error, locked("setup"):
        pass
    assert "AFTERSALES_HOME" in one_sentence(error)


def test_a_second_set_up_waits_and_says_so(own_home):
    """Two set-ups at once: the second does nothing until the first has ended."""
    code = "from harness.lock import locked\nwith locked('setup'):\n print('in', flush=True)"
    with locked("setup"):
        second = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=paths.REPO,
            env={**os.environ, "AFTERSALES_HOME": str(own_home)},
        )
        assert second.stderr is not None
        assert "waiting" in second.stderr.readline()
        time.sleep(0.3)
        assert second.poll() is None
    out, _ = second.communicate(timeout=20)
    assert out == "in\n"


def test_a_killed_set_up_takes_its_commands_with_it(own_home, tmp_path):
    """Nothing of a set-up that was killed goes on writing where the next one starts."""
    code = (
        "import pathlib; from harness.say import run_logged; "
        f"run_logged(['sleep', '61.5'], pathlib.Path({str(tmp_path / 'log')!r}))"
    )
    first = subprocess.Popen([sys.executable, "-c", code], cwd=paths.REPO)
    children = Path(f"/proc/{first.pid}/task/{first.pid}/children")
    limit = time.monotonic() + 20
    while not children.read_text().split() and time.monotonic() < limit:
        time.sleep(0.05)
    (child,) = children.read_text().split()
    first.kill()
    first.wait()
    while Path(f"/proc/{child}").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_the_command_line_prints_the_sentence_alone(monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    monkeypatch.setattr(venv, "is_ready", lambda: True)
    monkeypatch.setattr(venv, "continue_in_venv", lambda arguments: None)
    monkeypatch.setattr(system, "missing_packages", lambda **kwargs: [])
    assert cli.main(["env", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("harness: ")
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_every_command_explains_itself(capsys):
    summaries = cli.summaries()
    assert {"env", "shell", "demo", "test"} <= set(summaries)
    assert all(summaries.values())
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert summaries["demo"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["env", "--json"], (["env"], ["--json"])),
        (["--odoo", "/x", "odoo", "--", "-d", "a"], (["--odoo", "/x", "odoo"], ["--", "-d", "a"])),
        (["--odoo=/x", "test"], (["--odoo=/x", "test"], [])),
        ([], ([], [])),
    ],
)
def test_the_commands_own_arguments_reach_it(words, expected):
    assert cli.split(words) == expected


def test_the_way_to_the_environment_needs_the_standard_library_alone():
    """On a bare machine nothing but Python's own modules can be imported."""
    code = (
        "import sys; import harness.__main__; "
        "names = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names); "
        "print(sorted(name for name in names if not name.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=paths.REPO)
    assert done.stdout.strip() == "['harness']", done.stderr
