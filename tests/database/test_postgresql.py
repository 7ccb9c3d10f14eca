"""Failures of PostgreSQL: 503 in time, no hanging thread, recovery soon after."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from app import create_app
from blueprints.api.rate_limits import rate_limits
from database import db
from database.faults import faults
from database.postgresql import PING_TIMEOUT
from domain.access.key_access import verified_hashes
from tests import cast
from tests.admin.conftest import Visitor
from tests.conftest import make_settings
from tests.database.proxy import proxying

pytestmark = pytest.mark.files
IN_TIME, BACK = 8.0, 20.0        # it takes two seconds, on a busy machine more; without the check there is no end
FAULTS = {
    "hung": lambda proxy: proxy.silent(),
    "slow": lambda proxy: proxy.slow(1.5),
    "cut": lambda proxy: proxy.cut(),
}
SPOKEN = ("countinghouse.database", "countinghouse.faults", "app", "sqlalchemy.pool")


@pytest.fixture
def proxied(request, tmp_path, on_postgresql):
    """An application that reaches its database through a proxy; a key and a person of it."""
    if not on_postgresql:
        pytest.skip("needs PostgreSQL: COUNTINGHOUSE_TEST_DATABASE_URL is not set")
    request.getfixturevalue("app")
    request.getfixturevalue("restore")()
    url = sa.make_url(request.getfixturevalue("database_url"))
    with proxying(url.host, url.port or 5432) as proxy:
        through = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        app = create_app(make_settings(tmp_path, DATABASE_URL=through), sink=lambda record: None)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        with app.app_context():
            rate_limits.forget()
            verified_hashes.forget()
            merchant = cast.make_merchant()
            key = cast.make_key(merchant)[1]
            cast.make_user("ada@example.org", merchant_ids=[merchant])
            db.session.remove()
        faults.forget()
        yield app, key, proxy
        proxy.well()
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def call(app, key):
    return app.test_client().get("/v1/api/public/customers", headers={"Authorization": f"Bearer {key}"})


def timed(work):
    began = time.perf_counter()
    reply = work()
    return reply, time.perf_counter() - began


@pytest.mark.parametrize("fault", FAULTS)
def test_calls_pages_and_sign_in_fail_in_time_and_log_it_once(proxied, caplog, fault):
    app, key, proxy = proxied
    person = Visitor(app)
    with app.app_context():
        assert person.sign_in("ada@example.org").status_code == 303
    assert call(app, key).status_code == 200
    FAULTS[fault](proxy)
    with caplog.at_level(logging.INFO):
        asked = [lambda: call(app, key), lambda: app.test_client().get("/login"),
                 lambda: person.client.get("/admin/"), lambda: person.client.get("/admin/customers")] * 2
        with ThreadPoolExecutor(len(asked)) as threads:
            answers = list(threads.map(timed, asked))
        again = [timed(lambda: call(app, key)) for _ in range(10)]
    for reply, seconds in answers + again:
        assert (reply.status_code, int(reply.headers["Retry-After"]) >= 1, seconds < IN_TIME) == (503, True, True)
    assert "The database does not answer. Try again in a moment." in answers[2][0].text
    said = [(one.name, one.message) for one in caplog.records if one.name.startswith(SPOKEN)]
    assert 1 <= len(said) <= 3, said
    assert timed(lambda: app.test_client().get("/healthz"))[1] < IN_TIME


@pytest.mark.parametrize("fault", FAULTS)
def test_readiness_of_two_databases_on_one_server_is_one_question(proxied, fault):
    app, _, proxy = proxied
    assert app.test_client().get("/readyz").status_code == 200
    FAULTS[fault](proxy)
    with patch("blueprints.health.REMEMBERED", 0):
        reply, seconds = timed(lambda: app.test_client().get("/readyz"))
    assert (reply.status_code, reply.json["checks"]["log_database"]) == (503, "cannot be reached")
    assert seconds < IN_TIME


@pytest.mark.parametrize("fault", ["hung", "slow"])
def test_all_is_well_soon_after(proxied, fault):
    app, key, proxy = proxied
    assert call(app, key).status_code == 200
    FAULTS[fault](proxy)
    assert call(app, key).status_code == 503
    proxy.well()
    began = time.monotonic()
    while call(app, key).status_code != 200:
        assert time.monotonic() - began < BACK


def test_connections_that_were_lost_unnoticed_are_replaced(proxied):
    app, key, proxy = proxied
    assert call(app, key).status_code == 200
    proxy.half_open()
    reply, seconds = timed(lambda: call(app, key))
    assert (reply.status_code, seconds < IN_TIME) == (200, True)
    assert min(timed(lambda: call(app, key))[1] for _ in range(3)) < PING_TIMEOUT      # which a lost one costs again


def test_a_statement_may_take_its_time_while_the_server_answers(proxied):
    app, _, _ = proxied
    with app.app_context():
        assert db.session.execute(sa.text("SELECT 1 FROM pg_sleep(2.2)")).scalar_one() == 1
        db.session.remove()
