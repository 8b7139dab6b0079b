"""Odoo's shell as a process: a script in, what it prints out."""

from __future__ import annotations

import subprocess

from .environment import Environment


def command(env: Environment, name: str, *, log_level: str = "error") -> list[str]:
    """Return the command line of Odoo's shell on the database ``name``."""
    return [
        *(str(env.python), "-m", "odoo", "shell", "-c", str(env.odoo_conf), "-d", name, "--no-http"),
        f"--log-level={log_level}",
    ]


def start(env: Environment, name: str, script: str, *, log_level: str = "error") -> subprocess.Popen[str]:
    """Start Odoo's shell on a script and return at once; it can be read from, waited for and killed."""
    process = subprocess.Popen(
        command(env, name, log_level=log_level),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env.process_env(),
    )
    process.stdin.write(script)
    process.stdin.close()
    # It has been written whole: whoever waits for the process must not try to write it again
    process.stdin = None
    return process


def run(
    env: Environment, name: str, script: str, *, log_level: str = "error", timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end; the caller looks at its return code, output and errors.

    :raises subprocess.TimeoutExpired: after `timeout` seconds
    """
    return subprocess.run(
        command(env, name, log_level=log_level),
        input=script,
        text=True,
        capture_output=True,
        env=env.process_env(),
        timeout=timeout,
    )
