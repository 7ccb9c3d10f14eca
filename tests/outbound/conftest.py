"""Fixtures of the outbox's tests: a receiver, and a function that delivers what is due."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from database import transaction
from domain import inputs
from domain.integrations import webhooks
from domain.vault import vault
from outbound.gateways.test_bank import FILE, test_bank
from outbound.runner import Runner
from tests import cast
from tests.databases import new_database
from tests.stripe_paying import stand_in  # noqa: F401 (a fixture)

ROOT = Path(__file__).parent.parent.parent


def make_endpoint(merchant_id, url, **more):
    """An endpoint's id and secret."""
    with transaction():
        new = inputs.parse(webhooks.EndpointInput, {"url": url, **more})
        endpoint, secret = webhooks.create(cast.actor_for(merchant_id), new)
        return endpoint.id, secret


class Receiver:
    """What the receiver's process has seen."""

    def __init__(self, port, file):
        self.port, self.file = port, file

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def seen(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    @contextmanager
    def holding(self):
        """What is sent to /hold is answered at the end of the block."""
        held = self.file.parent / "held"
        held.touch()
        try:
            yield
        finally:
            held.unlink()


@contextmanager
def receiving(folder, *more):
    """A receiver's process."""
    file = folder / "seen.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.outbound.receiver", str(file), *map(str, more)], cwd=ROOT,
        stdout=subprocess.PIPE, text=True,
    )
    try:
        yield Receiver(int(process.stdout.readline()), file)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def receiver_process(tmp_path_factory):
    with receiving(tmp_path_factory.mktemp("receiver")) as made:
        yield made


@pytest.fixture
def receiver(receiver_process, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("127.0.0.1",))
    receiver_process.file.unlink(missing_ok=True)
    return receiver_process


@pytest.fixture
def work(context):
    """A function that delivers until nothing is due."""
    runner = Runner()

    def run(patience=20):
        deadline = time.monotonic() + patience
        while runner.turn():
            assert time.monotonic() < deadline, "the outbox does not come to an end"

    yield run
    runner.stop()


@pytest.fixture
def own_database(on_postgresql, settings, monkeypatch):
    """Settings of an empty database for an application with processes of its own."""
    for name in ("WEBHOOK_ALLOWED_HOSTS", "INSTANCE"):
        monkeypatch.delenv(f"COUNTINGHOUSE_{name}", raising=False)
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ())        # the application made here sets these: put back
    with new_database() if on_postgresql else nullcontext() as url:
        yield {"COUNTINGHOUSE_DATABASE_URL": url} if url else {}
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)
    test_bank.book.configure(settings.instance / FILE)
