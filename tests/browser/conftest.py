"""Fixtures of the browser tests: a server with demo data, and chromium."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect, sync_playwright
from werkzeug.serving import make_server

from tests import cast
from tests.stripe_paying import stand_in  # noqa: F401 (a fixture)

ROOT = Path(__file__).resolve().parents[2]
# The headless shell is the same browser without windows and menus: it takes a sixth less of the processor.
CHROMIUM = Path(shutil.which("chromium-headless-shell") or "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
# A refused form answers 4xx on purpose; everything else in the console is a fault.
REFUSED = "Failed to load resource: the server responded with a status of 4"
WIDTHS = (390, 1440)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]        # all others find the same in both colour schemes
# The new scheme takes effect at once: axe must not measure a colour half-way between two.
# Bars that stay at the window's edges hide what comes into sight as one scrolls: no target is too small for that.
LET_BARS_GO = (
    "scrollTo(0, 0); document.querySelectorAll('.save-bar').forEach(bar => { bar.style.position = 'static'; });")
END_TRANSITIONS = "document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())"

PATIENCE = 30_000           # milliseconds: a busy machine takes its time, and what never comes fails all the same
expect.set_options(timeout=PATIENCE)


@dataclass
class Place:
    """Where the server is, and who may sign in."""

    base: str
    email: str
    password: str


FLASK = [sys.executable, "-m", "flask", "--app", "app"]


def environment_of(instance):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COUNTINGHOUSE_")}
    return plain | {"COUNTINGHOUSE_INSTANCE": str(instance)}


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A folder with the demo's data and its login; the first worker that needs it makes it for all."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    instance, login = shared / "demo", shared / "demo.json"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not login.exists():
            shutil.rmtree(instance, ignore_errors=True)
            settings = {"cwd": ROOT, "env": environment_of(instance), "capture_output": True}
            subprocess.run([*FLASK, "db", "upgrade"], check=True, **settings)
            login.write_bytes(subprocess.run([*FLASK, "demo", "--json"], check=True, **settings).stdout)
    return instance, json.loads(login.read_text())["login"]


@pytest.fixture(scope="session")
def place(tmp_path_factory, demo):
    """A server of its own with a copy of the demo's data, on a port that the system chooses."""
    instance, login = tmp_path_factory.mktemp("browser") / "instance", demo[1]
    shutil.copytree(demo[0], instance)
    said = tmp_path_factory.mktemp("server") / "said.txt"
    with said.open("w") as output:
        server = subprocess.Popen(
            [*FLASK, "serve", "--port", "0", "--no-worker"], cwd=ROOT, env=environment_of(instance),
            stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Place(listening(server, said), login["email"], login["password"])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def listening(server, said, patience=120):
    """The address that the server prints once it listens; a server that died is an error at once."""
    deadline = time.monotonic() + patience
    while not (found := re.search(r"Listening on (http://\S+) ", said.read_text())):
        assert server.poll() is None, said.read_text()[-2000:]
        assert time.monotonic() < deadline, "the server does not listen"
        time.sleep(0.05)
    return found[1]


@pytest.fixture(scope="session")
def chromium():
    """The system's browser."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Window:
    """One browser window, and its errors and warnings."""

    page: object
    complaints: list = field(default_factory=list)

    def watch(self):
        self.page.on("console", lambda message: self.hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def hear(self, kind, text):
        if kind in ("error", "warning") and REFUSED not in text:
            self.complaints.append(text)

    def run(self, script):
        """Evaluate past the content policy, which forbids eval to everybody else; once the page is loaded."""
        self.page.wait_for_load_state()
        session = self.page.context.new_cdp_session(self.page)
        try:
            reply = session.send(
                "Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True})
        finally:
            session.detach()
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def faults(self, rules=RULES):
        """What axe finds, one line each."""
        self.run(f"if (!window.axe) {{{AXE}}} {LET_BARS_GO}")
        # Without a selector for each element of the page, which takes a third of the time: the markup is what is shown.
        options = json.dumps({"runOnly": rules, "resultTypes": ["violations"], "selectors": False})
        found = self.run(f"axe.run(document, {options}).then(all => all.violations)")
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def show(self, scheme, width):
        """The page that is open, in a colour scheme and a width, without loading it again."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)
        self.run(END_TRANSITIONS)

    def faults_of(self, address):
        """The faults of a page, loaded once at the width of a phone: in both widths, its colours in both schemes."""
        self.show("light", WIDTHS[0])
        self.page.goto(address)
        found = []
        for width in WIDTHS:
            self.show("light", width)
            wrong = self.faults()
            if self.overflow() > 0:
                wrong.append(f"{self.overflow()} px too wide")
            self.show("dark", width)
            wrong += [f"in dark, {fault}" for fault in self.faults(COLOUR_RULES)]
            found += [f"{address} at {width} px: {fault}" for fault in wrong]
        return found

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.run("document.documentElement.scrollWidth - innerWidth")


def press_in_turn(page, keys, arrived):
    """Press keys one after the other until what they do has arrived.

    The page forgets a key after 0.9 s, and on a busy machine the next may come later.
    """
    for _ in range(10):
        for key in keys:
            page.keyboard.press(key)
        try:
            return arrived(PATIENCE / 10)
        except Error:
            continue
    raise AssertionError(f"{keys} did nothing")


@contextmanager
def serving(app):
    """The address of a server of this application, which runs in threads of the test's process."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def opening(chromium, base):
    """A function that opens windows, of a telephone's size by default; what they complained about fails the test."""
    opened = []

    def make(width=390, height=844, **more):
        context = chromium.new_context(base_url=base, viewport={"width": width, "height": height}, **more)
        context.set_default_timeout(PATIENCE)
        one = Window(context.new_page())
        one.watch()
        opened.append((context, one))
        return one

    yield make
    for context, _ in opened:
        context.close()
    assert [text for _, one in opened for text in one.complaints] == []


def sign_in(page, email, password=cast.PASSWORD):
    """Sign a user of the dashboard in."""
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/admin/")


def enter_test_mode(page):
    """Switch the dashboard to the test world."""
    page.get_by_role("switch", name="Test mode").check()
    page.get_by_text("You are viewing test data.").wait_for()


@pytest.fixture(scope="session")
def kept(chromium, place):
    """The cookie of somebody who has signed in."""
    context = chromium.new_context(base_url=place.base)
    sign_in(context.new_page(), place.email, place.password)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def window(chromium, place, kept):
    """Opens windows: window(theme, width); errors and warnings fail the test at its end."""
    with opening(chromium, place.base) as make:
        yield lambda theme="light", width=1440, *, signed_in=True: make(
            width, 900, color_scheme=theme, storage_state=kept if signed_in else None)
