"""Pages of webhooks: endpoints, their secrets, the result of each delivery."""

import re
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from database import db, transaction
from domain import clock
from domain.integrations import events, webhooks
from models.audit import AuditEntry
from models.outbox import Task, TaskStatus
from models.webhook import Delivery, Endpoint, EndpointStatus
from tests import cast

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{20,}")
FORM = {"url": "https://93.184.216.34/hook", "description": "The shop", "events": ["", "budget.created"]}


@pytest.fixture(autouse=True)
def reachable(monkeypatch):
    """Endpoints on this machine, as an operator may allow them."""
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("127.0.0.1", "93.184.216.34"))


@pytest.fixture
def listener():
    """A receiver that answers 204 or, below /broken, 500; its address."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500 if self.path.startswith("/broken") else 204)
            self.send_header("X-Receiver", "<b>mine</b>")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def make_endpoint(merchant_id, url="https://93.184.216.34/hook", names=()):
    with transaction():
        new = webhooks.EndpointInput(url=url, events=list(names))
        return webhooks.create(cast.actor_for(merchant_id), new)[0].id


def make_delivery(merchant_id, endpoint_id, status=TaskStatus.FAILED, age=timedelta()):
    with transaction():
        endpoint = db.session.get(Endpoint, endpoint_id)
        delivery = events.deliver(endpoint, "budget.created", "budget_7", {"total": 5}, source="admin")
        db.session.flush()
        delivery.task.status, delivery.task.last_error = status, "HTTP 500"
        delivery.task.finished_at = clock.now() if status is TaskStatus.FAILED else None
        delivery.created_at = clock.now() - age
        return delivery.id


def endpoint():
    db.session.expire_all()
    return db.session.query(Endpoint).order_by(Endpoint.id.desc()).first()


def actions():
    return [entry.action for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)]


def test_an_endpoint_is_made_and_its_secret_is_not_shown_unasked(admin):
    reply = admin.post("/admin/webhooks", FORM)
    assert reply.status_code == 303
    assert endpoint().events == ["budget.created"]
    page = admin.get(reply.headers["Location"])
    assert "The shop" in page.text
    assert not SECRET.search(page.text)
    assert not SECRET.search(admin.get("/admin/audit").text)


def test_the_form_offers_every_event_with_its_meaning(admin):
    page = admin.get("/admin/webhooks/new").text
    for one in events.EVENTS:
        assert f'value="{one.name}"' in page
        assert one.meaning.split("`")[0].replace("'", "&#39;") in page


def test_a_refused_address_is_shown_with_what_was_typed(admin):
    reply = admin.post("/admin/webhooks", FORM | {"url": "http://10.0.0.1/inside"})
    assert reply.status_code == 422
    assert "http://10.0.0.1/inside" in reply.text
    assert 'value="budget.created" checked' in reply.text
    assert endpoint() is None


def test_no_event_ticked_means_all_of_them(admin, alder):
    key = make_endpoint(alder, names=["budget.created"])
    assert admin.post(f"/admin/webhooks/{key}", FORM | {"events": "", "version": "1"}).status_code == 303
    assert endpoint().events == []


def test_the_secret_is_revealed_by_a_post_and_noted(admin, alder):
    key = make_endpoint(alder)
    assert admin.get(f"/admin/webhooks/{key}/secret").status_code == 405
    whole = admin.post(f"/admin/webhooks/{key}/secret", headers={"Accept-Encoding": "br, gzip"})
    assert SECRET.search(whole.text)
    assert whole.headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in whole.headers
    part = admin.post(f"/admin/webhooks/{key}/secret", headers=HTMX)
    assert SECRET.search(part.text)
    assert "<html" not in part.text
    assert actions().count("webhook.secret_revealed") == 2


def test_a_rotation_explains_the_overlap_and_shows_the_new_secret(admin, alder):
    key = make_endpoint(alder)
    before = SECRET.search(admin.post(f"/admin/webhooks/{key}/secret").text)[0]
    assert "24 hours" in admin.get(f"/admin/webhooks/{key}/rotate").text
    rotated = admin.post(f"/admin/webhooks/{key}/rotate", {"version": "1"})
    assert SECRET.search(rotated.text)[0] != before
    assert "both secrets sign" in rotated.text
    assert "Rotated. Until" in admin.get(f"/admin/webhooks/{key}").text


def test_a_rotation_after_another_users_change_is_refused(admin, alder):
    key = make_endpoint(alder)
    assert admin.post(f"/admin/webhooks/{key}/rotate", {"version": "99"}).status_code == 409


def test_an_endpoint_is_paused_and_resumed(admin, alder):
    key = make_endpoint(alder)
    assert admin.post(f"/admin/webhooks/{key}/archive").status_code == 303
    assert endpoint().status is EndpointStatus.PAUSED
    assert "Paused." in admin.get(f"/admin/webhooks/{key}").text
    admin.post(f"/admin/webhooks/{key}/activate")
    assert endpoint().status is EndpointStatus.ACTIVE


def test_a_disabled_endpoint_says_why_and_what_to_do(admin, alder):
    key = make_endpoint(alder)
    with transaction():
        webhooks.disable(db.session.get(Endpoint, key), "The receiver responded with 410 Gone.")
    for path in ("/admin/webhooks", f"/admin/webhooks/{key}"):
        page = admin.get(path).text
        assert 'role="alert"' in page, path
        assert "send a test event" in page, path
    assert "The receiver responded with 410 Gone." in page


def test_an_endpoint_that_was_asked_to_wait_says_why_and_until_when(admin, alder):
    key = make_endpoint(alder)
    with transaction():
        row = db.session.get(Endpoint, key)
        row.waits_until, row.wait_reason = clock.now() + timedelta(hours=2), "The receiver answered 429."
    page = admin.get(f"/admin/webhooks/{key}").text
    assert "Nothing is sent until" in page
    assert "The receiver answered 429." in page
    assert "Waits until" in admin.get("/admin/webhooks").text
    with transaction():
        db.session.get(Endpoint, key).waits_until = clock.now() - timedelta(seconds=1)
    assert "Nothing is sent until" not in admin.get(f"/admin/webhooks/{key}").text


def test_deleting_asks_first(admin, alder):
    key = make_endpoint(alder)
    make_delivery(alder, key, TaskStatus.PENDING)
    asked = admin.part(f"/admin/webhooks/{key}/delete")
    assert asked.text.lstrip().startswith("<dialog")
    assert "1 pending delivery will be cancelled" in asked.text
    assert endpoint().deleted_at is None
    assert admin.post(f"/admin/webhooks/{key}/delete").status_code == 303
    assert endpoint().deleted_at is not None
    assert admin.get(f"/admin/webhooks/{key}").status_code == 404
    assert "No webhooks yet" in admin.get("/admin/webhooks").text


def test_a_test_event_is_sent_while_one_waits_and_shown_in_full(admin, alder, listener):
    key = make_endpoint(alder, listener + "/hook")
    reply = admin.post(f"/admin/webhooks/{key}/test")
    assert reply.status_code == 303
    page = admin.get(reply.headers["Location"]).text
    assert "webhook.test" in page
    assert "HTTP 204" in page
    assert "webhook-signature" in page
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    assert "<b>mine" not in page


def test_a_test_event_that_is_refused_says_so(admin, alder, listener):
    key = make_endpoint(alder, listener + "/broken")
    page = admin.get(admin.post(f"/admin/webhooks/{key}/test").headers["Location"]).text
    assert "HTTP 500" in page
    assert "The test event failed" in page


def test_more_tests_than_a_merchant_has_a_minute_are_refused_in_a_sentence(admin, alder, listener):
    key = make_endpoint(alder, listener + "/hook")
    replies = [admin.post(f"/admin/webhooks/{key}/test") for _ in range(11)]
    assert [one.status_code for one in replies] == [303] * 10 + [429]
    assert "Rate limit exceeded. Try again in" in replies[-1].text
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 60


def test_deliveries_are_filtered_by_the_address(admin, alder):
    one, other = make_endpoint(alder), make_endpoint(alder, "https://93.184.216.34/second")
    failed = make_delivery(alder, one)
    waiting = make_delivery(alder, other, TaskStatus.PENDING)
    old = make_delivery(alder, one, age=timedelta(days=40))

    def found(query):
        page = admin.get("/admin/webhooks/deliveries?" + query).text
        return {int(number) for number in re.findall(r'id="row-(\d+)"', page)}

    assert found("") == {failed, waiting, old}
    assert found(f"endpoint_id={one}") == {failed, old}
    assert found("status=failed") == {failed, old}
    assert found("event=customer.created") == set()
    assert found("event=budget.created&status=pending") == {waiting}
    week_ago = (clock.now() - timedelta(days=7)).date().isoformat()
    assert found(f"created_after={week_ago}") == {failed, waiting}
    assert found(f"created_before={week_ago}") == {old}
    assert found("endpoint_id=x&status=nothing&created_after=never") == {failed, waiting, old}


def test_one_delivery_is_sent_again(admin, alder):
    key = make_delivery(alder, make_endpoint(alder))
    page = admin.get(f"/admin/webhooks/deliveries/{key}").text
    assert "&#34;total&#34;: 5" in page
    assert "No attempts yet" in page
    assert admin.post(f"/admin/webhooks/deliveries/{key}/redeliver").status_code == 303
    db.session.expire_all()
    assert db.session.get(Delivery, key).task.status is TaskStatus.PENDING


def test_all_failed_of_a_period_are_sent_again(admin, alder):
    key = make_endpoint(alder)
    recent, old = make_delivery(alder, key), make_delivery(alder, key, age=timedelta(days=40))
    assert admin.get("/admin/webhooks/deliveries/redeliver").status_code == 422
    query = f"created_after={(clock.now() - timedelta(days=7)).date()}&endpoint_id={key}"
    assert "1 failed delivery" in admin.get(f"/admin/webhooks/deliveries/redeliver?{query}").text
    assert admin.post(f"/admin/webhooks/deliveries/redeliver?{query}").status_code == 303
    db.session.expire_all()
    assert db.session.get(Delivery, recent).task.status is TaskStatus.PENDING
    assert db.session.get(Delivery, old).task.status is TaskStatus.FAILED


def test_the_chart_counts_each_day_of_the_readers_zone(admin, alder):
    key = make_endpoint(alder)
    for age in (0, 0, 3, 40):
        make_delivery(alder, key, age=timedelta(days=age))
    page = admin.get("/admin/webhooks/deliveries").text
    assert "Deliveries of 30 days by status: 3 in all, 3 failed." in page


def test_another_merchants_webhooks_are_out_of_reach(admin, birch):
    key = make_endpoint(birch)
    delivery = make_delivery(birch, key)
    for path in (f"/admin/webhooks/{key}", f"/admin/webhooks/{key}/edit", f"/admin/webhooks/{key}/rotate",
                 f"/admin/webhooks/{key}/delete", f"/admin/webhooks/deliveries/{delivery}"):
        assert admin.get(path).status_code == 404, path
    for path in ("", "/secret", "/rotate", "/test", "/archive", "/activate", "/delete"):
        assert admin.post(f"/admin/webhooks/{key}{path}", FORM).status_code == 404, path
    assert admin.post(f"/admin/webhooks/deliveries/{delivery}/redeliver").status_code == 404
    query = f"created_after=2020-01-01&endpoint_id={key}"
    admin.post(f"/admin/webhooks/deliveries/redeliver?{query}")
    db.session.expire_all()
    assert db.session.get(Delivery, delivery).task.status is TaskStatus.FAILED
    for path in ("/admin/webhooks", "/admin/webhooks/deliveries", f"/admin/webhooks/deliveries?endpoint_id={key}",
                 "/admin/webhooks.csv", "/admin/webhooks/deliveries.csv"):
        assert "93.184.216.34" not in admin.get(path).text, path
    assert db.session.get(Endpoint, key).deleted_at is None
    assert db.session.query(Task).count() == 1


def test_the_key_of_an_endpoint_decides_its_address(admin, alder):
    cast.make_key(alder, webhook_url="https://93.184.216.34/of-the-key")
    key = endpoint().id
    assert "belongs to an API key" in admin.get(f"/admin/webhooks/{key}/edit").text
    assert admin.post(f"/admin/webhooks/{key}/delete").headers["Location"] == f"/admin/webhooks/{key}"
    assert "Remove the webhook URL from the key instead." in admin.get(f"/admin/webhooks/{key}").text
    assert endpoint().deleted_at is None


def test_what_people_and_receivers_write_is_text(admin, alder):
    hostile = "<img src=x onerror=alert(1)>"
    admin.post("/admin/webhooks", FORM | {"description": hostile})
    key = endpoint().id
    for path in ("/admin/webhooks", f"/admin/webhooks/{key}", f"/admin/webhooks/{key}/edit"):
        page = admin.get(path).text
        assert "&lt;img src=x" in page, path
        assert "<img" not in page, path


def test_empty_lists_say_what_they_are_for(admin):
    assert "No webhooks yet" in admin.get("/admin/webhooks").text
    assert "No deliveries yet" in admin.get("/admin/webhooks/deliveries").text
    assert "Nothing matches" in admin.get("/admin/webhooks/deliveries?status=failed").text
    assert "X-Billoget-Signature" in admin.get("/admin/webhooks/receivers").text
