"""The compiled requirements: every version is fixed by hashes, and no file names a registry."""

import re

import pytest

from tests.architecture.source import ROOT

COMPILED = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"[A-Za-z0-9._-]+==[^\s\\]+")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(name: str) -> list[str]:
    """The entries of a requirements file, each with its continued lines, without comments."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", COMPILED)
def test_every_requirement_has_a_version_and_hashes(name: str) -> None:
    found = entries(name)
    assert len(found) > 40
    wrong = [one for one in found if not (PIN.match(one) and HASH.search(one))]
    assert not wrong, f"{name}: run `make lock`"


@pytest.mark.parametrize("name", COMPILED)
def test_requirements_name_no_registry_and_leave_nothing_open(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "# WARNING" not in text, f"{name}: pip would refuse it; run `make lock`"


def test_what_runs_has_the_same_versions_in_development() -> None:
    pins = [dict(PIN.match(one)[0].split("==") for one in entries(name)) for name in COMPILED]  # type: ignore[index]
    running, developing = pins
    assert running.items() <= developing.items()
