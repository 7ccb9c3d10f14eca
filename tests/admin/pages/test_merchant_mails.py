"""The mails of a merchant profile: switches with undo, previews as text and HTML, and a sample to oneself."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from database import db
from domain.people.merchant_mails import KINDS, OPTIONAL
from models.audit import AuditEntry
from models.merchant import Merchant
from models.outbox import Task


def off(merchant):
    db.session.expire_all()
    return db.session.get(Merchant, merchant).mails_off


@pytest.fixture
def place(alder):
    return f"/admin/merchants/{alder}"


def test_a_kind_is_switched_off_and_on_and_the_page_says_so(admin, alder, place):
    page = admin.get(f"{place}?tab=mails").text
    assert page.count(">Switch off<") == len(OPTIONAL)
    reply = admin.post(f"{place}/mails/receipt/switch", {"on": "no"})
    assert (reply.status_code, reply.headers["Location"]) == (303, f"{place}?tab=mails")
    assert off(alder) == ["receipt"]
    page = admin.get(f"{place}?tab=mails").text
    assert f'data-undo="{place}/mails/receipt/switch?on=yes"' in page
    assert page.count(">Switch off<") == len(OPTIONAL) - 1
    admin.post(f"{place}/mails/receipt/switch?on=yes")
    assert off(alder) == []
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "merchant.updated")).all()
    assert len(actions) == 2


def test_the_mail_that_is_needed_to_confirm_has_no_switch(admin, alder, place):
    assert "Without it the customer cannot confirm" in admin.get(f"{place}?tab=mails").text
    assert admin.post(f"{place}/mails/payment_confirm/switch", {"on": "no"}).status_code == 422
    assert off(alder) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_shows_text_and_html_in_the_merchants_name(admin, place, kind):
    page = admin.get(f"{place}/mails/{kind}")
    assert "From Alder" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    html = admin.get(f"{place}/mails/{kind}/mail.html")
    assert html.status_code == 200
    assert "<h1" in html.text
    policy = html.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self'; sandbox")
    assert policy.startswith("default-src 'none'")
    assert html.headers["Cache-Control"] == "no-store"


def test_a_sample_is_sent_to_who_asks_where_a_mail_server_is_set_up(app, admin, alder, place, monkeypatch):
    admin.post(f"{place}/mails/receipt/send")
    assert db.session.scalars(select(Task)).all() == []
    assert "No mail server is set up" in admin.get(f"{place}/mails/receipt").text
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], smtp_url="smtp://127.0.0.1:1"))
    assert "Send a sample to me" in admin.get(f"{place}/mails/receipt").text
    admin.post(f"{place}/mails/receipt/send")
    task = db.session.scalars(select(Task)).one()
    assert (task.kind, task.merchant_id, task.payload["mail"]) == ("mail", alder, "receipt")
    page = admin.get(f"/admin/outbox/{task.id}/mail").text
    assert "To admin_user@alder.example" in page or "Sample: Receipt" in page


def test_other_merchants_mails_and_unknown_kinds_are_not_there(admin, birch, place):
    for path in ("mails/receipt", "mails/receipt/mail.html"):
        assert admin.get(f"/admin/merchants/{birch}/{path}").status_code == 404
        assert admin.get(f"{place}/{path.replace('receipt', 'nothing')}").status_code == 404
    for verb in ("switch", "send"):
        assert admin.post(f"/admin/merchants/{birch}/mails/receipt/{verb}", {"on": "no"}).status_code == 404
        assert admin.post(f"{place}/mails/nothing/{verb}", {"on": "no"}).status_code == 404
    assert off(birch) == []


def test_who_does_not_manage_profiles_sees_and_changes_nothing(signed_in, alder, place):
    clerk = signed_in("accountant_user", [alder])
    for path in (f"{place}?tab=mails", f"{place}/mails/receipt", f"{place}/mails/receipt/mail.html"):
        assert clerk.get(path).status_code == 403
    assert clerk.post(f"{place}/mails/receipt/switch", {"on": "no"}).status_code == 403
    assert clerk.post(f"{place}/mails/receipt/send").status_code == 403
    assert off(alder) == []
