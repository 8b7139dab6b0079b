"""The database server: the one that the environment names, else a private cluster."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from .errors import SetupError
from .lock import locked
from .paths import home, home_key, setup_log
from .say import run_logged, say, step, tail
from .system import find_postgres_bin, is_root

#: Odoo refuses to work as the superuser "postgres".
ROLE = "odoo"
EXTENSIONS = ("pg_trgm", "unaccent")
#: Everything in this cluster can be made anew, so speed comes before safety against a power
#: cut: nothing is synced to disk.  Never use these settings for data that matters.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
shared_buffers = 512MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_connections = 300
max_locks_per_transaction = 256
jit = off
timezone = 'UTC'
log_min_duration_statement = -1
logging_collector = off
"""
#: The superuser comes in through the private socket only; over TCP only the test role does.
ACCESS = f"""
local all all trust
host all {ROLE} 127.0.0.1/32 trust
"""


@dataclass(frozen=True)
class Server:
    """How to reach the database server as the role that owns Odoo's databases."""

    host: str
    port: int
    user: str
    password: str = ""
    private: bool = False


def external_server() -> Server | None:
    """Return the server named by ``DATABASE_URL`` or ``PGHOST``, if any."""
    url = os.environ.get("DATABASE_URL")
    if url:
        parts = urlparse(url)
        if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
            raise SetupError(
                "DATABASE_URL is not a PostgreSQL address: write it as "
                "postgresql://user:password@host:port/ or unset it."
            )
        return Server(
            parts.hostname,
            parts.port or 5432,
            unquote(parts.username or "") or ROLE,
            unquote(parts.password or ""),
        )
    host = os.environ.get("PGHOST")
    if host:
        port = os.environ.get("PGPORT") or "5432"
        if not port.isdigit():
            raise SetupError(f"PGPORT is '{port}': set it to a number or unset it.")
        user = os.environ.get("PGUSER") or ROLE
        return Server(host, int(port), user, os.environ.get("PGPASSWORD", ""))
    return None


def base_dir() -> Path:
    """Return the directory of the private cluster.

    PostgreSQL refuses root, and the user it runs as may not enter root's home; so for root
    the cluster lives in the system's state directory under a name made from the home.
    """
    if is_root():
        return Path("/var/lib/aftersales_crm") / home_key()
    return home() / "postgres"


def ensure_server() -> Server:
    """Return a running server, starting (and first creating) the private one when needed."""
    server = external_server()
    if server:
        _check_external(server)
        return server
    running = _running_port()
    if running:
        return Server("127.0.0.1", running, ROLE, private=True)
    with locked("postgres"):
        running = _running_port()
        if not running:
            running = _start()
    return Server("127.0.0.1", running, ROLE, private=True)


def stop(*, remove: bool = False) -> bool:
    """Stop the private cluster; with ``remove`` delete it.  Tells whether one was running."""
    was_running = _running_port() is not None
    if was_running:
        _as_owner([_bin() / "pg_ctl", "-D", base_dir() / "data", "-m", "fast", "-w", "stop"])
    if remove:
        shutil.rmtree(base_dir(), ignore_errors=True)
    return was_running


class OwnCluster:
    """A cluster beside the shared one, for whoever has to stop and start a database server.

    It keeps its port from one start to the next, as a server that is restarted does, and it commits to its log before it
    answers: what a client was told to be committed is there after a crash.
    """

    def __init__(self, name: str) -> None:
        self.base = base_dir().with_name(f"{name}-{os.getpid()}")
        self.data = self.base / "data"
        self.server = Server("127.0.0.1", free_port(), ROLE, private=True)

    def start(self) -> None:
        """Start the server, made first when it is new; ``SetupError`` when it does not come up."""
        if not self.data.exists():
            _create(self.base, self.data)
            with (self.data / "postgresql.conf").open("a") as conf:
                conf.write("synchronous_commit = on\nshared_buffers = 64MB\n")
        if not _launch(self.data, self.server.port):
            raise SetupError(f"PostgreSQL does not start:\n{tail(self.base / 'log')}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server and wait for its end; ``immediate`` is a crash: the next start recovers from the log."""
        _as_owner([_bin() / "pg_ctl", "-D", self.data, "-m", mode, "-w", "stop"])

    def remove(self) -> None:
        """Stop the server and delete all that it held."""
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)


@contextmanager
def own_cluster(name: str) -> Iterator[OwnCluster]:
    """Yield a running cluster of the caller's own; it is removed at the end."""
    cluster = OwnCluster(name)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _check_external(server: Server) -> None:
    import psycopg2

    try:
        connection = psycopg2.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password or None,
            dbname="postgres",
            connect_timeout=10,
        )
    except psycopg2.OperationalError as error:
        raise SetupError(
            f"PostgreSQL at {server.host}:{server.port} does not let '{server.user}' in "
            f"({str(error).strip().splitlines()[0]}): correct DATABASE_URL or PGHOST, PGPORT, "
            "PGUSER, PGPASSWORD, or unset them for a private server."
        ) from error
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        may_create = cursor.fetchone()[0]
        cursor.execute("SELECT name FROM pg_available_extensions WHERE name IN %s", (EXTENSIONS,))
        lacking = set(EXTENSIONS) - {row[0] for row in cursor.fetchall()}
    connection.close()
    if server.user == "postgres":
        raise SetupError("Odoo refuses the database user 'postgres': name another one in PGUSER.")
    if not may_create:
        raise SetupError(
            f"The database user '{server.user}' may not create databases: run "
            f"'ALTER ROLE {server.user} CREATEDB' as a superuser."
        )
    if lacking:
        raise SetupError(
            f"The PostgreSQL server lacks the extension(s) {', '.join(sorted(lacking))}: install its contrib package."
        )


def _bin() -> Path:
    path = find_postgres_bin()
    if not path:
        raise SetupError("PostgreSQL is missing: run 'apt-get install postgresql'.")
    return path


def _owner() -> pwd.struct_passwd | None:
    """Return the user that the cluster runs as when we are root; None means ourselves."""
    if not is_root():
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError as error:
        raise SetupError(
            "The operating system has no user 'postgres': run 'adduser --system postgres' "
            "(PostgreSQL refuses to run as root)."
        ) from error


def _as_owner_prefix() -> list[str]:
    """Return the words before a command that make it run as the cluster's owner."""
    owner = _owner()
    if not owner:
        return []
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def _as_owner(command: Sequence[str | Path]) -> int:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment.update(HOME="/", LC_ALL="C.UTF-8")
    return run_logged([*_as_owner_prefix(), *command], setup_log(), env=environment, cwd=Path("/"))


def _running_port() -> int | None:
    """Return the port of the private cluster when its postmaster lives."""
    try:
        lines = (base_dir() / "data" / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
        os.kill(pid, 0)
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return port
    except PermissionError:
        return None
    except (OSError, ValueError, IndexError):
        return None


def _start() -> int:
    base = base_dir()
    data = base / "data"
    if not (data / "aftersales-complete").exists():
        _create(base, data)
    if not _launch(data):
        # Without syncing, a machine that lost its power can leave a cluster that does not
        # start.  All of it can be made anew, so keep it aside for a look and start afresh.
        say(f"The private PostgreSQL does not start; the end of its log:\n{tail(base / 'log')}")
        aside = base / "data.broken"
        shutil.rmtree(aside, ignore_errors=True)
        data.rename(aside)
        say(f"It is kept in {aside}; a new one is being made.")
        _create(base, data)
        if not _launch(data):
            raise SetupError(
                f"PostgreSQL does not start: see {base / 'log'}, mend the cause it names (often "
                "a full disk or too little shared memory) and run this again."
            )
    port = _running_port()
    if not port:
        raise SetupError(f"PostgreSQL started but does not answer: see {base / 'log'}.")
    return port


def _launch(data: Path, port: int | None = None) -> bool:
    say("Starting the private PostgreSQL")
    base = data.parent
    # A socket's path may have 107 characters; a deep home goes without one, TCP remains.
    socket_dir = base / "socket" if len(str(base)) < 80 else "''"
    options = f"-p {port or free_port()} -k {socket_dir} -c listen_addresses=127.0.0.1"
    code = _as_owner(
        [
            _bin() / "pg_ctl",
            "-D",
            data,
            "-l",
            base / "log",
            "-w",
            "-t",
            "60",
            "-o",
            options,
            "start",
        ]
    )
    return code == 0


def _create(base: Path, data: Path) -> None:
    owner = _owner()
    with step("Creating the private PostgreSQL"):
        try:
            base.mkdir(parents=True, exist_ok=True)
            (base / "home").write_text(f"{home()}\n")
            (base / "socket").mkdir(exist_ok=True)
            building = base / "data.building"
            shutil.rmtree(building, ignore_errors=True)
            shutil.rmtree(data, ignore_errors=True)
            if owner:
                base.parent.chmod(0o755)
                for path in (base, base / "socket"):
                    os.chown(path, owner.pw_uid, owner.pw_gid)
            (base / "socket").chmod(0o700)
        except OSError as error:
            raise SetupError(
                f"The directory {base} for PostgreSQL cannot be prepared ({error.strerror}): make "
                "it writable or name a server in DATABASE_URL."
            ) from error
        code = _as_owner(
            [
                _bin() / "initdb",
                "-D",
                building,
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ]
        )
        if code != 0:
            raise SetupError(f"PostgreSQL's initdb failed: see the end of {setup_log()}.")
        with (building / "postgresql.conf").open("a") as conf:
            conf.write(SETTINGS)
        (building / "pg_hba.conf").write_text(ACCESS)
        sql = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\n"
        _single_user(building, sql)
        marker = building / "aftersales-complete"
        marker.touch()
        building.rename(data)


def _single_user(data: Path, sql: str) -> None:
    """Run SQL on a cluster that is not running, as its superuser."""
    done = subprocess.run(
        [*_as_owner_prefix(), str(_bin() / "postgres"), "--single", "-D", str(data), "postgres"],
        input=sql,
        text=True,
        capture_output=True,
        cwd="/",
    )
    if done.returncode != 0 or "ERROR" in done.stderr:
        raise SetupError(f"The database role cannot be created: {done.stderr.strip()[-200:]}")
