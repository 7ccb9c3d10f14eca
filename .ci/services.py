"""PostgreSQL, Redis and chromium as the tests want them: are they here, and start them.

usage: services.py url      the address of a PostgreSQL that lets us in (exit 1: none does)
       services.py report   one line for each component that tests will have to do without
       services.py start    start PostgreSQL and Redis, in folders of their own, where none answer
"""
# ruff: noqa: T201, S603  (a program that speaks to a terminal and starts programs of the system)

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

SCHEME = "postgresql+psycopg://"
OWN_PORT = 54329                                 # of a cluster that we start beside a foreign one
CANDIDATES = (
    os.environ.get("COUNTINGHOUSE_TEST_POSTGRESQL", ""),
    f"{SCHEME}127.0.0.1:5432/test",
    f"{SCHEME}127.0.0.1:5432/postgres",
    f"{SCHEME}/postgres?host=/var/run/postgresql",
    f"{SCHEME}127.0.0.1:{OWN_PORT}/postgres",
)
REDIS_URL = "redis://127.0.0.1:6379/0"
FOLDER = Path(tempfile.gettempdir()) / f"countinghouse-services-{os.getuid()}"


def why_no_postgresql(url: str) -> str | None:
    """None when we may create databases there, else the reason."""
    plain = url.replace("+psycopg", "", 1)
    try:
        with psycopg.connect(plain, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as problem:
        return str(problem).strip().splitlines()[0]
    return None if row and row[0] else "our role may not create databases"


def postgresql() -> tuple[str | None, str]:
    """The first PostgreSQL that lets us in, or the first reason why none does."""
    reasons = []
    for url in filter(None, CANDIDATES):
        reason = why_no_postgresql(url)
        if reason is None:
            return _with_user(url), ""
        reasons.append(reason)
    return None, reasons[0]


def _with_user(url: str) -> str:
    rest = url.removeprefix(SCHEME)
    return url if "@" in rest else f"{SCHEME}{getpass.getuser()}@{rest}"


def why_no_redis() -> str | None:
    try:
        redis.Redis.from_url(REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError as problem:
        return str(problem)
    return None


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def url() -> int:
    found, reason = postgresql()
    print(found or reason, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


def report() -> int:
    _, no_postgresql = postgresql()
    missing = {
        "PostgreSQL": no_postgresql,
        "Redis": why_no_redis(),
        "chromium": None if chromium() else "no such program; the browser tests need it",
    }
    for name, reason in missing.items():
        if reason:
            print(f"Skipped for want of {name}: {reason}")
    return 0


def start() -> int:
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    results = [
        _ensure("PostgreSQL", lambda: postgresql()[1] or None, start_postgresql),
        _ensure("Redis", why_no_redis, start_redis),
    ]
    return 0 if all(results) else 1


def _ensure(name: str, missing: Callable[[], str | None], begin: Callable[[], None]) -> bool:
    if missing() is None:
        print(f"{name} answers.")
        return True
    try:
        begin()
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"{name} cannot be started: {problem}")
        return False
    reason = missing()
    print(f"{name} started." if reason is None else f"{name} does not answer: {reason}")
    return reason is None


def start_postgresql() -> None:
    """A cluster of our own that trusts this machine; as root it runs as the user postgres."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = str(programs[0] / "pg_ctl") if programs else shutil.which("pg_ctl")
    if not found:
        raise FileNotFoundError("no PostgreSQL server is installed (apt-get install postgresql)")
    port = OWN_PORT if _taken(5432) else 5432
    folder, owner = FOLDER / "postgresql", ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if not (folder / "PG_VERSION").exists():
        folder.mkdir(exist_ok=True)
        if owner:
            shutil.chown(folder, "postgres", "postgres")
        _run([*owner, found, "initdb", "-D", str(folder), "-o", f"-A trust -U {getpass.getuser()} -E UTF8"])
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    _run([*owner, found, "start", "-w", "-D", str(folder), "-l", str(folder / "log"), "-o", options])


def start_redis() -> None:
    found = shutil.which("redis-server")
    if not found:
        raise FileNotFoundError("no Redis server is installed (apt-get install redis-server)")
    _run([found, "--bind", "127.0.0.1", "--port", "6379", "--save", "", "--dir", str(FOLDER), "--daemonize", "yes"])
    for _ in range(100):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", 6379)) == 0:
                return
        time.sleep(0.05)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


if __name__ == "__main__":
    commands = {"url": url, "report": report, "start": start}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]]())
