"""Real sales as invoices, with payments and credit notes: every sum is the data's own."""

import pytest

from bench.invoicing.retail_books import trial
from bench.replay_retail import DATA


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="needs the retail data of COUNTINGHOUSE_SHARED_DATA")
def test_the_first_sales_their_payments_and_returns_add_up_to_the_cent(app):
    assert trial(DATA, 60) == []
