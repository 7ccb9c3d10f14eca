"""Effects of receivers' responses on endpoints, and what merchants can do with them."""

import json
import socketserver
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from database import db, transaction
from domain import clock
from domain.errors import Conflict, Invalid
from domain.integrations import deliveries, signatures, webhooks
from domain.people import customers
from domain.vault import vault
from models.audit import AuditEntry
from models.outbox import Task, TaskStatus
from models.webhook import Attempt, Delivery, Endpoint, EndpointStatus
from outbound import client
from outbound.mail import mailer
from outbound.runner import Runner
from tests import cast
from tests.outbound.conftest import make_endpoint

SECRET_KEY = "a secret for tests that is long enough"


def endpoint(key=1):
    db.session.expire_all()
    return db.session.get(Endpoint, key)


def hooks():
    db.session.expire_all()
    return db.session.scalars(select(Task).where(Task.kind == "webhook").order_by(Task.id)).all()


def act(alder, action, key=1, **more):
    with transaction():
        actor = cast.actor_for(alder)
        return action(actor, webhooks.LISTING.get(actor, key, lock=True), **more)


def rename(alder, key, name):
    with transaction():
        actor = cast.actor_for(alder)
        customers.update(actor, customers.LISTING.get(actor, key, lock=True), {"name": name})


def names(receiver, path=None):
    return [json.loads(one["body"])["data"]["name"] for one in receiver.seen if path in (None, one["path"])]


def everything_is_due():
    with transaction():
        for task in db.session.scalars(select(Task).where(Task.status == TaskStatus.PENDING)):
            task.due_at = clock.now() - timedelta(seconds=1)


# Answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(alder, receiver, work, status):
    make_endpoint(alder, receiver.url(f"/status/{status}"))
    cast.make_customer(alder)
    work()
    assert hooks()[0].status is TaskStatus.DONE


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 502, 503])
def test_other_answers_are_tried_again(alder, receiver, work, status):
    make_endpoint(alder, receiver.url(f"/status/{status}"))
    cast.make_customer(alder)
    work()
    (task,) = hooks()
    assert (task.status, task.attempts, task.last_error) == (TaskStatus.PENDING, 1, f"HTTP {status}")
    assert endpoint().failures_in_row == 1


@pytest.mark.parametrize("path", ["/close", "/garbage"])
def test_no_answer_is_tried_again(alder, receiver, work, path):
    make_endpoint(alder, receiver.url(path))
    cast.make_customer(alder)
    work()
    assert hooks()[0].status is TaskStatus.PENDING
    assert db.session.scalars(select(Attempt)).one().status_code is None


def test_a_redirect_is_given_up_and_not_followed(alder, receiver, work):
    make_endpoint(alder, receiver.url("/redirect/307"))
    cast.make_customer(alder)
    work()
    (task,) = hooks()
    assert task.status is TaskStatus.FAILED
    assert "redirects are not followed" in task.last_error
    assert len(receiver.seen) == 1


@pytest.mark.parametrize(("answer", "seconds"), [
    ("/status/503?retry=7200", 7200), ("/status/429?retry=7200", 7200), ("/status/503?retry=5", 5),
    ("/status/429", 60), ("/status/429?retry=soon", 60), ("/status/429?retry=-5", 60), ("/status/429?retry=0", 1),
    ("/status/503?retry=999999999", 43200), ("/status/503?retry=12345678901", 43200),
    ("/status/429?retry=" + "9" * 1900, 43200), ("/status/429?retry=Fri,+31+Dec+9999+23:59:59+GMT", 43200),
    ("/status/429?retry=Fri,+31+Dec+1999+23:59:59+GMT", 1),
])
def test_a_receiver_may_ask_for_time(alder, receiver, work, answer, seconds):
    make_endpoint(alder, receiver.url(answer))
    cast.make_customer(alder)
    work()
    wait = endpoint().waits_until - clock.now()
    assert seconds - 30 <= wait.total_seconds() <= seconds
    (task,) = hooks()
    assert task.due_at == endpoint().waits_until
    assert (task.attempts, endpoint().failures_in_row) == (0, 0)
    assert endpoint().wait_reason == f"The receiver responded with {answer[8:11]}."


@pytest.mark.parametrize("answer", ["/status/503", "/status/503?retry=soon", "/status/500?retry=7200"])
def test_a_failure_that_asks_for_no_time_is_a_failure(alder, receiver, work, answer):
    make_endpoint(alder, receiver.url(answer))
    cast.make_customer(alder)
    work()
    assert endpoint().waits_until is None
    assert endpoint().failures_in_row == hooks()[0].attempts == 1


def test_a_receiver_may_ask_for_time_by_a_date(alder, receiver, work):
    when = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True).replace(" ", "+")
    make_endpoint(alder, receiver.url(f"/status/503?retry={when}"))
    cast.make_customer(alder)
    work()
    assert timedelta(hours=2, minutes=55) < hooks()[0].due_at - clock.now() < timedelta(hours=3, minutes=5)


def test_the_whole_endpoint_waits_also_for_what_happens_meanwhile(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/429?retry=600"))
    for number in range(5):
        cast.make_customer(alder, f"Customer {number}")
    work()
    called = len(receiver.seen)
    assert called <= 2                                 # what was under way at the same time
    cast.make_customer(alder, "A later one")
    work()
    assert len(receiver.seen) == called
    assert {task.due_at for task in hooks()} == {endpoint().waits_until}
    assert len(hooks()) == 6


def test_waiting_is_over_when_the_endpoint_gets_another_address(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/503?retry=99999999999"))
    cast.make_customer(alder)
    work()
    act(alder, webhooks.update, changes={"description": "The shop"})
    assert endpoint().waits_until is not None
    act(alder, webhooks.update, changes={"url": receiver.url("/status/200")})
    assert (endpoint().waits_until, endpoint().wait_reason) == (None, None)
    work()
    assert [task.status for task in hooks()] == [TaskStatus.DONE]


def test_a_paused_endpoint_sends_nothing_when_it_gets_another_address(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/503?retry=600"))
    cast.make_customer(alder)
    work()
    act(alder, webhooks.pause)
    act(alder, webhooks.update, changes={"url": receiver.url("/status/200")})
    work()
    assert [task.status for task in hooks()] == [TaskStatus.HELD]


@pytest.mark.parametrize("is_paused_first", [True, False])
def test_waiting_is_over_when_a_person_resumes_the_endpoint(alder, receiver, work, is_paused_first):
    make_endpoint(alder, receiver.url("/status/429?retry=600"))
    cast.make_customer(alder)
    work()
    if is_paused_first:
        act(alder, webhooks.pause)
    act(alder, webhooks.activate)
    assert endpoint().waits_until is None
    work()
    assert len(receiver.seen) == 2
    assert [one.number for one in db.session.scalars(select(Attempt).order_by(Attempt.id))] == [1, 2]


def test_410_disables_at_once_and_the_rest_is_held(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/410"))
    for number in range(4):
        cast.make_customer(alder, f"Customer {number}")
    work()
    assert endpoint().status is EndpointStatus.DISABLED
    assert "410" in endpoint().disabled_reason
    assert len(receiver.seen) <= 2                     # what was under way at the same time
    assert TaskStatus.HELD in {task.status for task in hooks()}


def failing_since(moment):
    with transaction():
        endpoint().failing_since = moment


def test_twenty_failures_in_a_row_over_a_day_disable(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/500"))
    cast.make_customer(alder)
    work()
    failing_since(clock.now() - timedelta(hours=25))
    for number in range(25):
        cast.make_customer(alder, f"Customer {number}")
    work()
    assert endpoint().status is EndpointStatus.DISABLED
    assert endpoint().disabled_reason.startswith("20 attempts failed in a row; the last: HTTP 500")
    assert len(receiver.seen) in (20, 21)
    assert {task.status for task in hooks()} == {TaskStatus.HELD}


def test_failures_of_less_than_a_day_disable_nothing(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/500"))
    for number in range(25):
        cast.make_customer(alder, f"Customer {number}")
    work()
    assert (endpoint().status, endpoint().failures_in_row) == (EndpointStatus.ACTIVE, 25)
    assert clock.now() - timedelta(minutes=5) < endpoint().failing_since <= clock.now()


def test_a_success_starts_the_count_anew(alder, receiver, work):
    make_endpoint(alder, receiver.url("/unruly/broken"))
    marker = receiver.file.parent / "broken"
    marker.touch()
    for number in range(10):
        cast.make_customer(alder, f"Customer {number}")
    work()
    assert endpoint().failures_in_row == 10
    marker.unlink()
    cast.make_customer(alder, "The one that arrives")
    work()
    assert (endpoint().failures_in_row, endpoint().failing_since) == (0, None)
    assert endpoint().status is EndpointStatus.ACTIVE


def test_an_attempt_is_kept_with_what_was_sent_and_what_came_back(alder, receiver, work):
    make_endpoint(alder, receiver.url("/nul"))
    cast.make_customer(alder)
    work()
    attempt = db.session.scalars(select(Attempt)).one()
    assert (attempt.number, attempt.status_code, attempt.address) == (1, 500, "127.0.0.1")
    assert attempt.request_headers["webhook-id"].startswith("msg_")
    assert "\x00" not in attempt.response_body
    assert attempt.response_body.startswith("<b>")
    assert "\x00" not in json.dumps(attempt.response_headers)


def test_of_a_long_answer_a_thousand_characters_are_kept(alder, receiver, work):
    make_endpoint(alder, receiver.url("/huge"))
    cast.make_customer(alder)
    work()
    assert len(db.session.scalars(select(Attempt)).one().response_body) == 1000


def test_no_credential_of_ours_is_sent(app, alder, receiver, work):
    _, key = cast.make_key(alder, webhook_url=receiver.url("/200"))
    app.test_client().post(
        "/v1/api/public/customers", json={"name": "Ada"}, headers={"Authorization": f"Bearer {key}", "Cookie": "a=b"}
    )
    work()
    (seen,) = receiver.seen
    assert not {"authorization", "cookie"} & {name.lower() for name in seen["headers"]}
    assert key not in json.dumps(seen)


# Retries keep the order, and the signature is fresh ---------------------------------------------------


def test_later_events_of_the_resource_wait_for_the_retry(alder, receiver, work):
    make_endpoint(alder, receiver.url("/unruly/later"))
    marker = receiver.file.parent / "later"
    marker.touch()
    key = cast.make_customer(alder, "Name 0")
    work()
    rename(alder, key, "Name 1")
    cast.make_customer(alder, "Somebody else")
    work()
    assert names(receiver) == ["Name 0", "Somebody else"]
    marker.unlink()
    everything_is_due()
    work()
    assert [name for name in names(receiver)[2:] if name.startswith("Name")] == ["Name 0", "Name 1"]


def test_each_attempt_has_the_same_id_and_bytes_and_a_signature_of_its_own_time(alder, receiver, work, monkeypatch):
    _, secret = make_endpoint(alder, receiver.url("/status/500"))
    cast.make_customer(alder)
    work()
    everything_is_due()
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=3))
    work()
    first, second = receiver.seen
    assert first["body"] == second["body"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert int(second["headers"]["webhook-timestamp"]) - int(first["headers"]["webhook-timestamp"]) >= 2
    for one in (first, second):
        Webhook(secret).verify(one["body"], {name.lower(): value for name, value in one["headers"].items()})


# Pausing, deleting, redelivering ---------------------------------------------------------------------


def test_a_paused_endpoint_holds_and_resumes_in_order(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    act(alder, webhooks.pause)
    key = cast.make_customer(alder, "Name 0")
    for number in range(1, 5):
        rename(alder, key, f"Name {number}")
    work()
    assert receiver.seen == []
    act(alder, webhooks.activate)
    work()
    assert names(receiver) == [f"Name {number}" for number in range(5)]


def test_a_deleted_endpoint_receives_nothing_more_and_a_new_one_only_later_events(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200/old"))
    cast.make_customer(alder, "Before")
    act(alder, webhooks.delete)
    _, secret = make_endpoint(alder, receiver.url("/200/new"))
    cast.make_customer(alder, "After")
    work()
    assert names(receiver) == ["After"]
    assert [one["path"] for one in receiver.seen] == ["/200/new"]
    assert hooks()[0].status is TaskStatus.CANCELLED
    Webhook(secret).verify(receiver.seen[0]["body"], {n.lower(): v for n, v in receiver.seen[0]["headers"].items()})


def test_one_delivery_is_made_again_with_the_same_id(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    cast.make_customer(alder)
    work()
    with transaction():
        actor = cast.actor_for(alder)
        deliveries.redeliver(actor, deliveries.LISTING.get(actor, 1, lock=True))
    work()
    first, second = receiver.seen
    assert first["body"] == second["body"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert "delivery.redelivered" in db.session.scalars(select(AuditEntry.action)).all()


def test_all_failed_deliveries_of_a_period_are_made_again(alder, receiver, work):
    make_endpoint(alder, receiver.url("/redirect/302"))
    for number in range(3):
        cast.make_customer(alder, f"Customer {number}")
    work()
    assert {task.status for task in hooks()} == {TaskStatus.FAILED}
    act(alder, lambda actor, row: webhooks.update(actor, row, {"url": receiver.url("/200/mended")}))
    with transaction():
        now = clock.now()
        actor = cast.actor_for(alder)
        assert deliveries.redeliver_failed(actor, now - timedelta(days=2), now - timedelta(days=1)) == 0
        assert deliveries.redeliver_failed(cast.actor_for(alder + 1), now - timedelta(days=1), now) == 0
        assert deliveries.redeliver_failed(actor, now - timedelta(days=1), now) == 3
    work()
    assert sorted(names(receiver, "/200/mended")) == ["Customer 0", "Customer 1", "Customer 2"]


def test_what_is_made_again_for_a_paused_endpoint_waits(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    cast.make_customer(alder)
    work()
    act(alder, webhooks.pause)
    with transaction():
        actor = cast.actor_for(alder)
        deliveries.redeliver(actor, deliveries.LISTING.get(actor, 1, lock=True))
    work()
    assert len(receiver.seen) == 1
    assert hooks()[0].status is TaskStatus.HELD


def test_what_was_for_a_deleted_endpoint_is_not_made_again(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    cast.make_customer(alder)
    work()
    act(alder, webhooks.delete)
    actor = cast.actor_for(alder)
    delivery = deliveries.LISTING.get(actor, 1)
    with pytest.raises(Conflict):
        deliveries.redeliver(actor, delivery)


# Secrets -------------------------------------------------------------------------------------------


def test_during_a_rotation_both_secrets_sign_and_afterwards_one(alder, receiver, work, monkeypatch):
    _, old = make_endpoint(alder, receiver.url("/200"))
    new = act(alder, webhooks.rotate)
    cast.make_customer(alder)
    work()
    (seen,) = receiver.seen
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    for secret in (old, new):
        Webhook(secret).verify(seen["body"], headers)
    assert headers["x-billoget-signature"] == signatures.billoget(new, seen["body"].encode())
    assert headers["x-billoget-signature-previous"] == signatures.billoget(old, seen["body"].encode())
    with transaction():
        endpoint().previous_until = clock.now() - timedelta(seconds=1)
    cast.make_customer(alder)
    work()
    headers = {name.lower(): value for name, value in receiver.seen[1]["headers"].items()}
    assert "x-billoget-signature-previous" not in headers
    assert len(headers["webhook-signature"].split()) == 1


def test_the_secret_is_shown_again_and_that_is_noted(alder, receiver):
    _, secret = make_endpoint(alder, receiver.url("/200"))
    assert act(alder, webhooks.reveal) == secret
    assert "webhook.secret_revealed" in db.session.scalars(select(AuditEntry.action)).all()
    assert secret not in endpoint().secret
    for entry in db.session.scalars(select(AuditEntry)):
        assert secret not in json.dumps([entry.before, entry.after])


def test_secrets_are_per_endpoint(alder, receiver, work):
    secrets = [make_endpoint(alder, receiver.url(f"/200/{number}"))[1] for number in range(2)]
    cast.make_customer(alder)
    work()
    for one in receiver.seen:
        number = int(one["path"][-1])
        body = one["body"].encode()
        assert one["headers"]["X-Billoget-Signature"] == signatures.billoget(secrets[number], body)
        assert one["headers"]["X-Billoget-Signature"] != signatures.billoget(secrets[1 - number], body)


def test_an_unreadable_secret_is_never_replaced_by_another(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    vault.configure(("another secret that is also long enough",), bcrypt_cost=4)
    try:
        cast.make_customer(alder)
        work()
        assert receiver.seen == []
        assert endpoint().status is EndpointStatus.DISABLED
        assert "rotate" in endpoint().disabled_reason
        act(alder, webhooks.rotate)
        act(alder, webhooks.activate)
        work()
        assert len(receiver.seen) == 1
    finally:
        vault.configure((SECRET_KEY,), bcrypt_cost=4)


# Input ---------------------------------------------------------------------------------------------


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("wrong", [
    {"url": ""}, {"url": "https://example.com/" + "a" * 2048}, {"url": 7}, {"events": ["budget.exploded"]},
    {"events": "budget.created"}, {"description": "a" * 501},
])
def test_what_makes_no_sense_is_refused(alder, wrong):
    with pytest.raises(Invalid) as caught:
        make_endpoint(alder, **({"url": "https://example.com/"} | wrong))
    assert {name.partition(".")[0] for name in caught.value.fields} == set(wrong)


# Failing receivers ----------------------------------------------------------------------------------


def test_a_slow_receiver_delays_nobody_else(alder, receiver):
    runner = Runner()
    with receiver.holding():
        for number in range(6):
            make_endpoint(alder, receiver.url(f"/hold/{number}"))
        make_endpoint(alder, receiver.url("/200"))
        for number in range(5):
            cast.make_customer(alder, f"Customer {number}")
        while len(names(receiver, "/200")) < 5:
            runner.turn()
        assert db.session.scalars(select(Attempt).where(Attempt.error.is_not(None))).all() == []    # none was given up
    runner.stop()


# Mail ----------------------------------------------------------------------------------------------


class Mailbox(socketserver.StreamRequestHandler):
    """As much SMTP as a client needs to hand over a mail."""

    def handle(self):
        self.say("220 here")
        lines, inside = [], False
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if inside and line == ".":
                self.server.mails.append("\n".join(lines))
                inside = False
                self.say("250 kept")
            elif inside:
                lines.append(line)
            elif line.upper() == "DATA":
                lines, inside = [], True
                self.say("354 go on")
            elif line.upper() == "QUIT":
                return self.say("221 bye")
            else:
                self.say(self.server.answer if line.upper().startswith("RCPT") else "250 ok")
        return None

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


@pytest.fixture
def mailbox(monkeypatch):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.mails, server.answer, server.daemon_threads = [], "250 ok", True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setattr(mailer, "url", f"smtp://127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()
        thread.join()


def test_the_owner_of_a_disabled_endpoint_gets_a_mail(alder, receiver, work, mailbox):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    cast.make_user("clerk@alder.example", role="normal_user", merchant_ids=[alder])
    make_endpoint(alder, receiver.url("/status/410"))
    cast.make_customer(alder)
    work()
    (mail,) = mailbox.mails
    assert "To: ada@alder.example" in mail
    assert "clerk@" not in mail
    assert receiver.url("/status/410") in mail.replace("=\n", "")


def test_a_mail_that_is_not_taken_is_tried_again(alder, receiver, work, mailbox):
    mailbox.answer = "450 later"
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    make_endpoint(alder, receiver.url("/status/410"))
    cast.make_customer(alder)
    work()
    task = db.session.scalars(select(Task).where(Task.kind == "mail")).one()
    assert (task.status, task.attempts) == (TaskStatus.PENDING, 1)
    mailbox.answer = "250 ok"
    everything_is_due()
    work()
    assert len(mailbox.mails) == 1


def test_without_a_mail_server_the_notice_is_on_the_pages_alone(alder, receiver, work):
    make_endpoint(alder, receiver.url("/status/410"))
    cast.make_customer(alder)
    work()
    assert db.session.scalars(select(Task).where(Task.kind == "mail")).one().status is TaskStatus.DONE
    assert webhooks.disabled_count(cast.actor_for(alder)) == 1


def test_every_delivery_is_a_row(alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    cast.make_customer(alder)
    work()
    record = deliveries.LISTING.read(cast.actor_for(alder), 1)
    assert (record.status, record.attempts_made, record.event) == (TaskStatus.DONE, 1, "customer.created")
    assert [one.status_code for one in record.children["attempts"]] == [200]
    assert cast.count(Delivery) == 1


def test_a_result_that_cannot_be_stored_does_not_stop_the_others(alder, receiver, work, monkeypatch):
    real = client.post

    def odd(url, *given, **more):
        answer = real(url, *given, **more)
        return replace(answer, duration_ms=10**30) if url.endswith("/odd") else answer      # no column holds that

    monkeypatch.setattr(client, "post", odd)
    make_endpoint(alder, receiver.url("/200/odd"))
    make_endpoint(alder, receiver.url("/200/plain"))
    cast.make_customer(alder)
    work()
    assert sorted(task.status for task in hooks()) == [TaskStatus.DONE, TaskStatus.PENDING]
    assert [task.last_error for task in hooks()] == ["the result could not be stored", None]
