"""Lighthouse's scores of five pages of the dashboard, with the demo's data, on a desk and on a telephone.

Lighthouse (npm) is no part of the program: without its command, `npm install --global lighthouse`, the part says so.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.installation import ROOT, environment
from bench.performance.p11_starting import CONSOLE, started

PAGES = {"overview": "", "API keys": "keys", "customers": "customers", "orders": "orders", "analytics": "analytics"}
SCORES = ("performance", "accessibility", "best-practices")
DEVICES: dict[str, tuple[str, ...]] = {"desk": ("--preset=desktop",), "telephone": ()}
GOAL = 95
ROUNDS = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LINE = "Lighthouse's worst of performance, accessibility and best practices"
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def run(rounds: int = ROUNDS) -> list[Figure]:
    command, browser = shutil.which("lighthouse"), next(filter(None, map(shutil.which, BROWSERS)), None)
    if command is None or browser is None:
        missing = "lighthouse (npm install --global lighthouse)" if command is None else "chromium"
        return [Figure("lighthouse", LINE, f"not measured: no {missing}", "-", f">= {GOAL}", None)]
    with tempfile.TemporaryDirectory(prefix="countinghouse-bench-") as name:
        folder = Path(name)
        settings = {**os.environ, **environment(folder), "PYTHONPATH": str(ROOT), "CHROME_PATH": browser}
        login = demo(settings)
        with started([*CONSOLE, "serve", "--port", "0", "--no-worker"], settings, folder) as server:
            headers = folder / "headers.json"
            headers.write_text(json.dumps({"Cookie": signed_in(server.base, login)}))
            return list(figures([command, f"--extra-headers={headers}"], server.base, settings, rounds))


def demo(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Load the demo's data; who may sign in."""
    subprocess.run([*CONSOLE, "db", "upgrade"], cwd=ROOT, env=settings, check=True, capture_output=True)
    made = subprocess.run([*CONSOLE, "demo", "--json"], cwd=ROOT, env=settings, check=True, capture_output=True)
    login: Mapping[str, str] = json.loads(made.stdout)["login"]
    return login


def signed_in(base: str, login: Mapping[str, str]) -> str:
    """The cookies of somebody who has signed in."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(f"{base}/login", timeout=60) as page:
        token = TOKEN.findall(page.read().decode())[0]
    form = {"csrf_token": token, "email": login["email"], "password": login["password"]}
    browser.open(f"{base}/login", urllib.parse.urlencode(form).encode(), timeout=60).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def figures(command: list[str], base: str, settings: Mapping[str, str], rounds: int) -> Iterator[Figure]:
    """A line for each page and device, with the median of its scores."""
    for title, path in PAGES.items():
        for device, more in DEVICES.items():
            words = [*command, f"{base}/admin/{path}", *more]
            rows = [scores(words, settings) for _ in range(rounds)]
            found = [median(column) for column in zip(*rows, strict=True)]
            said = ", ".join(f"{name} {score:.0f}" for name, score in zip(SCORES, found, strict=True))
            yield Figure("lighthouse", f"{title}, on a {device}", said, "-", f">= {GOAL}", min(found) >= GOAL)


def scores(command: list[str], settings: Mapping[str, str]) -> list[float]:
    """The scores of one visit, of 100."""
    words = [*command, "--quiet", "--chrome-flags=--headless --no-sandbox", "--output=json", "--output-path=stdout",
             f"--only-categories={','.join(SCORES)}"]
    ran = subprocess.run(words, env=settings, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode:
        raise RuntimeError(f"lighthouse ended with {ran.returncode}: {ran.stderr[-1000:]}")
    categories = json.loads(ran.stdout)["categories"]
    return [categories[name]["score"] * 100 for name in SCORES]
