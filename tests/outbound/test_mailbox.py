"""Mails of a mailbox: each is stored once, whatever happens in between, and what belongs to nobody stays there."""

import imaplib

import pytest
from sqlalchemy import select

from database import DatabaseBusy, db, transaction
from domain.support.mails import ticket_addresses, ticket_receiving
from models.merchant import Merchant
from models.ticket import Department, Ticket
from outbound import mailbox
from outbound.mailbox import Mailbox
from tests import cast, ticketed
from tests.domain.support.mailed_in import HELP, mail
from tests.outbound.imap_stand_in import serving


@pytest.fixture(autouse=True)
def desks(alder, birch, monkeypatch):
    monkeypatch.setattr(ticket_addresses.settings, "mail_from", None)
    with transaction():
        db.session.get(Merchant, alder).support_email = HELP
        db.session.get(Merchant, birch).support_email = "desk@birch.example"


def url(server):
    return f"imap://help%40alder.example:{server.password}@127.0.0.1:{server.server_address[1]}/INBOX"


def tickets():
    db.session.expire_all()
    found = {one.message: one.merchant_id for one in db.session.scalars(select(Ticket))}
    db.session.rollback()
    return found


def test_each_mail_goes_to_the_merchant_of_its_address(alder, birch):
    with transaction():
        of_birch = select(Department).where(Department.merchant_id == birch, Department.number == 2)
        db.session.scalars(of_birch).one().email = "b@x.example"
    mails = [mail("one"), mail("two", to="Desk@birch.example"), mail("three", to="x@y.example, b@x.example")]
    with serving(mails) as server:
        assert Mailbox(url(server)).poll() is False
        assert all(flags == {"\\Seen"} for flags in server.flags.values())
        assert tickets() == {"one": alder, "two": birch, "three": birch}
        Mailbox(url(server)).poll()
    assert len(tickets()) == 3


def test_a_token_finds_the_merchant(birch):
    key = ticketed.make_customers(birch, cast.make_customer(birch, "Bo", email="bo@example.org"))
    token = ticketed.stored(key).mail_token
    db.session.rollback()
    with serving([mail("Hello", to=f"anything+{token}@elsewhere.example")]) as server:
        Mailbox(url(server)).poll()
    assert list(tickets()) == ["I ordered two lamps."]


def test_what_belongs_to_nobody_for_sure_stays_in_the_mailbox_flagged(alder, birch):
    with transaction():
        for one in (alder, birch):
            db.session.get(Merchant, one).support_email = HELP
    with serving([mail("one"), mail("two", to="x@y.example"), b"no mail"]) as server:
        Mailbox(url(server)).poll()
        assert all(flags == {"\\Seen", "\\Flagged"} for flags in server.flags.values())
    assert tickets() == {}


def test_a_mail_that_was_stored_but_not_marked_is_stored_once(alder):
    with serving([mail("one")]) as server:
        server.forgets = True
        with pytest.raises((OSError, imaplib.IMAP4.error)):
            Mailbox(url(server)).poll()
        assert tickets() == {"one": alder}
        server.forgets = False
        Mailbox(url(server)).poll()
        assert server.flags["1"] == {"\\Seen"}
    assert tickets() == {"one": alder}


def test_while_the_database_is_busy_mails_stay_new(alder, monkeypatch):
    def busy(*given):
        raise DatabaseBusy("The database is busy.")

    with serving([mail("one")]) as server, monkeypatch.context() as now:
        now.setattr(ticket_receiving, "receive", busy)
        with pytest.raises(DatabaseBusy):
            Mailbox(url(server)).poll()
        assert server.flags["1"] == set()
        now.undo()
        Mailbox(url(server)).poll()
    assert tickets() == {"one": alder}


def test_one_mail_that_cannot_be_stored_holds_up_no_other(alder, monkeypatch, caplog):
    real = ticket_receiving.receive

    def failing(merchant_id, given, *more):
        if "bad" in given.text:
            raise LookupError("a fault")
        return real(merchant_id, given, *more)

    monkeypatch.setattr(ticket_receiving, "receive", failing)
    with serving([mail("bad"), mail("good")]) as server:
        box = Mailbox(url(server))
        for _ in range(5):
            box.poll()
        assert server.flags == {"1": set(), "2": {"\\Seen"}}
    assert tickets() == {"good": alder}
    assert sum("could not be stored" in one.message for one in caplog.records) == mailbox.TRIES


def test_a_wrong_password_is_an_error_and_loses_nothing():
    with serving([mail("one")]) as server:
        with pytest.raises(imaplib.IMAP4.error):
            Mailbox(url(server).replace(server.password, "wrong")).poll()
        assert server.flags["1"] == set()


def test_a_password_is_never_sent_in_clear_to_another_machine(monkeypatch):
    class Plain:
        capabilities = ("IMAP4REV1",)
        shutdown = login = lambda *given: pytest.fail("signed in") if len(given) > 1 else None

    monkeypatch.setattr(mailbox.imaplib, "IMAP4", lambda *given, **more: Plain())
    with pytest.raises(OSError, match="no encryption"):
        Mailbox("imap://a:b@mail.example.org/INBOX")._connected()
