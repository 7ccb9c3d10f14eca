"""Test events: only a few may wait for receivers at once."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest

from blueprints.api.rate_limits import rate_limits
from database import db
from domain.errors import LimitExceeded
from domain.integrations import webhooks
from outbound import probe
from tests import cast
from tests.outbound.conftest import make_endpoint
from tests.outbound.silence import silence

PATH = "/v1/api/public/webhooks/test"


@pytest.fixture
def silent(monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("127.0.0.1",))
    with silence() as made:
        yield made


@pytest.mark.files
def test_thirty_tests_of_a_silent_receiver_hold_two_threads(workshop, silent):
    app = workshop
    with app.app_context():
        rate_limits.forget()
        merchant = cast.make_merchant()
        url = f"http://127.0.0.1:{silent.port}/"
        keys = [cast.make_key(merchant, webhook_url=url)[1] for _ in range(3)]
        db.session.remove()
    answers = []

    def ask(number):
        answers.append(app.test_client().post(PATH, headers={"Authorization": f"Bearer {keys[number % 3]}"}))

    with ThreadPoolExecutor(30) as threads:
        asked = [threads.submit(ask, number) for number in range(30)]
        silent.wait_for(2)
        assert len(list(islice(as_completed(asked, timeout=8), 28))) == len(answers) == 28
        began = time.perf_counter()
        other = app.test_client().get("/v1/api/public/customers", headers={"Authorization": f"Bearer {keys[0]}"})
        assert (other.status_code, time.perf_counter() - began < 5) == (200, True)
        assert {one.status_code for one in answers} == {429}
        assert {one.json["error"] for one in answers} == {"rate_limit_exceeded"}
        assert all(1 <= int(one.headers["Retry-After"]) <= 60 for one in answers)
        silent.end()
        for one in asked:
            one.result(timeout=20)
    assert sorted(one.status_code for one in answers) == [200, 200] + [429] * 28
    assert len(silent.waiting) == 2


def test_a_place_is_free_again_whatever_became_of_the_test(alder):
    actor = cast.actor_for(alder)
    for _ in range(5):
        with pytest.raises(Exception, match="There is no"):
            probe.probe_endpoint(actor, 999)
    assert probe.probe_key(actor, "webhook.test", None).delivery_id is None


def test_without_a_free_slot_the_refusal_says_when_to_retry(alder):
    with probe._place(), probe._place():
        with pytest.raises(LimitExceeded, match="2 test events are already being sent") as refused:
            probe.probe_key(cast.actor_for(alder), "webhook.test", None)
        assert refused.value.details["retry_after"] == 10


def test_keys_and_pages_of_a_merchant_share_ten_a_minute(app, alder, receiver):
    keys = [cast.make_key(alder, webhook_url=receiver.url("/200"))[1] for _ in range(2)]
    answers = [
        app.test_client().post(PATH, headers={"Authorization": f"Bearer {keys[number % 2]}"}).status_code
        for number in range(11)
    ]
    assert answers == [200] * 10 + [429]
    with pytest.raises(LimitExceeded):
        rate_limits.spend(webhooks.TESTS_PER_MINUTE, "minute", webhooks.TEST_OPERATION, str(alder))
    elsewhere = cast.make_merchant("Birch")
    make_endpoint(elsewhere, receiver.url("/200"))
    left = rate_limits.spend(webhooks.TESTS_PER_MINUTE, "minute", webhooks.TEST_OPERATION, str(elsewhere))
    assert left.remaining == 9
