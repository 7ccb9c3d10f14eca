"""An export shows one state of the database, whatever is committed meanwhile."""

import threading
from typing import Any

import pytest

from domain.pages import Query
from domain.people import customers
from tests import cast

pytestmark = pytest.mark.files


def elsewhere(installation: Any, what: Any) -> None:
    """Do it in another thread, as another request does."""
    def run() -> None:
        with installation.app.app_context():
            what()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_what_is_committed_meanwhile_is_not_in_an_export(installation: Any) -> None:
    def change() -> None:
        cast.make_customer(1, "Aa")
        cast.make_customer(1, "Zz")

    elsewhere(installation, lambda: [cast.make_customer(cast.make_merchant(), "B"), *(
        cast.make_customer(1, name) for name in ("C", "D"))])
    by_name = Query(sort="name", descending=False)
    with installation.app.app_context():
        rows = customers.LISTING.stream(cast.actor_for(1), by_name, chunk=1)
        found = [next(rows)]
        elsewhere(installation, change)
        found += rows
        assert [(one.name, one.children["addresses"]) for one in found] == [("B", []), ("C", []), ("D", [])]
    with installation.app.app_context():
        assert [one.name for one in customers.LISTING.stream(cast.actor_for(1), by_name)] == ["Aa", "B", "C", "D", "Zz"]
