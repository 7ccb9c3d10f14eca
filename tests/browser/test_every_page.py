"""Every page in both colour schemes and widths: accessibility, console errors, overflow."""

import re
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.files]
MOST = 120           # kinds of pages; links that lead to ever new ones would never end


def kind_of(address):
    """Pages that differ only by a number are one kind."""
    parts = urlsplit(address)
    return re.sub(r"\d+", "N", parts.path)


def links(window):
    """Where the page leads within the back office."""
    found = window.run("[...document.querySelectorAll('a[href]:not([download])')].map(link => link.href)")
    return [
        address for address in found
        if urlsplit(address).path.startswith("/admin") and not re.search(r"\.\w+$", urlsplit(address).path)
    ]


@pytest.mark.timeout(600)
def test_every_linked_page_has_no_errors(window):
    one = window()
    seen, waiting, wrong = set(), ["/login", "/admin/", "/admin/keys/new", "/admin/nothing-here"], []
    while waiting:
        address = waiting.pop(0)
        if kind_of(address) in seen:
            continue
        seen.add(kind_of(address))
        wrong += one.faults_of(address)
        waiting += links(one)
        assert len(seen) <= MOST, sorted(seen)
    assert wrong == []
    for needed in ("/admin/customers/N", "/admin/budgets/N/edit", "/admin/keys/N", "/admin/users/N", "/admin/audit"):
        assert needed in seen, sorted(seen)
