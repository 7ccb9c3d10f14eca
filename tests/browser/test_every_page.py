"""Every page in both colour schemes and widths: accessibility, console errors, overflow."""

import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.files]
BEGIN = ("/login", "/admin/", "/admin/keys/new", "/admin/nothing-here")
MOST = 170           # kinds of pages; links that lead to ever new ones would never end
# Links of drawings too, whose href is no text.
LINKS = """[...document.querySelectorAll('a[href]:not([download])')]
    .map(link => new URL(link.getAttribute('href'), location).href)"""
PARTS = 10           # tests that share the pages, so that workers can


def kind_of(address):
    """Pages that differ only by a number are one kind."""
    return re.sub(r"\d+", "N", urlsplit(address).path)


def is_page(address):
    path = urlsplit(address).path
    return path.startswith("/admin") and not re.search(r"\.\w+$", path)


class Links(HTMLParser):
    """Where a page leads."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a" and "download" not in given and given.get("href"):
            self.found.append(given["href"])


@pytest.fixture(scope="module")
def addresses(place, kept):
    """The first address of every kind of page that links lead to."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in kept["cookies"])
    found, waiting = {}, list(BEGIN)
    while waiting:
        address = waiting.pop(0)
        if kind_of(address) not in found:
            found[kind_of(address)] = address
            links = [urljoin(address, one) for one in Links(fetch(place.base + address, cookies)).found]
            waiting += [one for one in links if is_page(one)]
            assert len(found) <= MOST, sorted(found)
    return found


def fetch(address, cookies):
    """The page, also where it is an error."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookies}), timeout=60) as reply:
            return reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_linked_page_has_no_errors(window, addresses, part):
    one, wrong = window(), []
    for address in list(addresses.values())[part::PARTS]:
        wrong += one.faults_of(address)
        links = one.run(LINKS)
        new = {kind_of(link) for link in links if is_page(link)} - set(addresses)
        assert not new, f"{address} leads by a script to pages that nobody looked at: {new}"
    assert wrong == []


def test_the_links_lead_to_the_pages_that_matter(addresses):
    needed = {"/admin/customers/N", "/admin/budgets/N/edit", "/admin/keys/N", "/admin/users/N", "/admin/audit"}
    assert needed <= set(addresses), sorted(addresses)
