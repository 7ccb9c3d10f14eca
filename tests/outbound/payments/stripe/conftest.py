"""The merchant of these tests has keys of the stand-in of Stripe."""

import pytest

from tests.stripe_paying import enter_keys


@pytest.fixture
def merchant(merchant, stand_in):
    enter_keys(merchant)
    return merchant
