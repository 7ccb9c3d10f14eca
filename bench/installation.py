"""Creates a temporary installation with a merchant, a key and products, and runs servers on free ports."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from flask_migrate import upgrade

from app import create_app
from config import Settings, from_environment
from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.catalog import products
from domain.integrations import api_keys
from domain.people import merchants
from domain.permissions import EVERYTHING

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
LIMIT = 1_000_000                # calls an hour of the key: the limit is counted, and never reached
PATH = "/v1/api/public/products?limit=20"


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with databases, and an API key for them."""

    folder: Path
    key: str
    merchant_id: int
    more: Mapping[str, str] = field(default_factory=dict)       # settings besides the folder

    @property
    def environment(self) -> dict[str, str]:
        return {**environment(self.folder), **self.more}

    @property
    def settings(self) -> Settings:
        return from_environment(self.environment)


def environment(folder: Path) -> dict[str, str]:
    """The settings of an installation on SQLite in this folder."""
    return {"COUNTINGHOUSE_INSTANCE": str(folder)}


@contextlib.contextmanager
def installation(product_count: int = 20) -> Iterator[Installation]:
    """An installation in a temporary folder, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="countinghouse-bench-") as name:
        yield prepare(Path(name), product_count)


def prepare(folder: Path, product_count: int, more: Mapping[str, str] | None = None) -> Installation:
    """Migrated databases, a merchant with products, a key with every scope; `more` are settings."""
    app = create_app(from_environment({**environment(folder), **(more or {})}))
    with app.app_context():
        upgrade()
        operator = Actor.operator()
        with transaction():
            merchant = merchants.create(operator, inputs.parse(merchants.MerchantInput, {"name": "Bench"}))
            merchant_id = merchant.id
        own = Actor(label="bench", merchant_ids=frozenset({merchant_id}), scopes=EVERYTHING)
        wanted = {"name": "Bench", "rate_limit_per_hour": LIMIT}
        new = api_keys.fresh(operator.narrowed(merchant_id), inputs.parse(api_keys.KeyInput, wanted))
        with transaction():
            _, key = api_keys.create(operator.narrowed(merchant_id), new)
            for number in range(product_count):
                products.create(own, inputs.parse(products.ProductInput, product(number)))
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return Installation(folder, key, merchant_id, more or {})


def product(number: int) -> dict[str, object]:
    """One product, the same here and in the application that we compare with."""
    return {
        "name": f"Product {number}", "description": f"What product {number} is good for", "price": number + 1,
        "sku": f"SKU-{number:05d}", "category": "Bench", "unit": "piece",
    }


class Server:
    """A server process on a free port: `python -m bench.serve KIND`, or any command that prints its port."""

    def __init__(
        self, command: list[str], extra: Mapping[str, str], log: IO[bytes] | None = None, source: Path = ROOT
    ):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUNTINGHOUSE_")}
        self.process = subprocess.Popen(
            command, cwd=source, env={**inherited, **extra}, stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        if not line.strip().isdigit():
            self.stop()
            raise RuntimeError(f"{' '.join(command)} did not start")
        self.port = int(line)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        """The process and the children that it forked."""
        return [self.process.pid, *children(self.process.pid)]

    def cpu(self) -> float:
        """CPU seconds, user and system, of all its processes so far."""
        return sum(cpu_seconds(pid) for pid in self.pids())

    def memory(self) -> int:
        """Resident bytes of the largest of its processes."""
        return max(resident(pid) for pid in self.pids())

    def kill(self) -> None:
        """kill -9, parent and children at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._hang_up()

    def stop(self) -> None:
        """Stop gracefully; kill after ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self._hang_up()

    def _hang_up(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def serving(kind: str, extra: Mapping[str, str]) -> Iterator[Server]:
    """One of our own servers (see serve.py), stopped at the end."""
    server = Server([sys.executable, "-m", "bench.serve", kind], extra)
    try:
        yield server
    finally:
        server.stop()


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time of a process; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid: int) -> int:
    """Resident memory in bytes."""
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def eventually(holds: object, seconds: float, what: str) -> None:
    """Poll `holds()` until it is true; raises when it never is."""
    deadline = time.monotonic() + seconds
    while not holds():              # type: ignore[operator]
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(0.02)
