"""Fixtures of the tests of customers' pages: a merchant, and a customer's browser without cookies."""

import pytest

from blueprints.shared_counters import counters
from tests import cast
from tests.pay import mailed
from tests.stripe_paying import stand_in  # noqa: F401 (a fixture)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


@pytest.fixture
def browser(app):
    counters.forget()
    return app.test_client(use_cookies=False)


@pytest.fixture
def order(alder):
    """A live order, whose first payment was paid."""
    return mailed.make_order(alder)
