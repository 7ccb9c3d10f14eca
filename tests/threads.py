"""An application for tests of many threads: a database in a file, or the PostgreSQL of this run."""

import pytest

from outbound.gateways.test_bank import FILE, test_bank


@pytest.fixture
def workshop(request, on_postgresql):
    """An application that threads can use at once, with empty databases and a test bank that knows no payment."""
    if on_postgresql:
        app = request.getfixturevalue("app")
        request.getfixturevalue("restore")()
        test_bank.book.configure(request.getfixturevalue("settings").instance / FILE)
        test_bank.book.forget()
    else:
        app = request.getfixturevalue("install")(sink=lambda record: None)
        app.config["PROPAGATE_EXCEPTIONS"] = False
    return app
