"""The command `ticket receive`: what it prints, and the exit statuses that mail servers know."""

import json

import pytest

from database import DatabaseBusy
from domain.support.mails import ticket_receiving
from tests.domain.support.mailed_in import mail

pytestmark = pytest.mark.files


@pytest.fixture
def receive(installation):
    merchant = installation.run("merchant", "create", "--name", "Alder", "--currency", "EUR")["id"]

    def run(content, *more, merchant=merchant):
        args = ["ticket", "receive", "--merchant", str(merchant), "--json", *more]
        done = installation.app.test_cli_runner().invoke(args=args, input=content)
        return done.exit_code, json.loads(done.stdout)

    return run


def test_a_mail_becomes_a_ticket_and_is_known_when_it_comes_again(receive):
    status, first = receive(mail("Hello", message_id="a@x", files=[("run.exe", b"MZ"), ("a.log", b"1")]))
    assert status == 0
    assert first | {"ticket_number": "", "ticket_id": 0} == {
        "action": "created", "ticket_id": 0, "ticket_number": "", "reply_id": None, "attachments": 1,
        "refused": ["run.exe"], "reason": None,
    }
    assert first["ticket_number"].startswith("TKT-")
    status, again = receive(mail("Hello", message_id="a@x"), "--recipient", "help@alder.example")
    assert (status, again["action"], again["ticket_id"]) == (0, "duplicate", first["ticket_id"])


def test_what_is_knowingly_set_aside_is_done(receive):
    status, done = receive(mail("I am away", Auto_Submitted="auto-replied"))
    assert (status, done["action"], done["ticket_id"]) == (0, "kept", None)
    assert done["reason"] == "Auto-Submitted: auto-replied"


@pytest.mark.parametrize("content", [b"", b"Hello there"])
def test_nothing_is_no_mail(receive, content):
    status, done = receive(content)
    assert status == 1
    assert "no mail" in done["error"]


def test_what_may_work_later_stays_in_the_queue_of_the_mail_server(receive, monkeypatch):
    assert receive(mail("Hello"), merchant=999)[0] == 75
    for problem in (DatabaseBusy("The database is busy."), OSError(28, "No space left"), LookupError("a fault")):
        def fails(*given, problem=problem):
            raise problem

        monkeypatch.setattr(ticket_receiving, "receive", fails)
        status, done = receive(mail("Hello"))
        assert status == 75
        assert done["error"]
