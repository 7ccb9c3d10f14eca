"""The Core API lists, previews and switches the mails that are sent in a merchant's name."""

from database import db
from domain.people.merchant_mails import KINDS
from models.merchant import Merchant
from models.outbox import Task


def test_a_program_switches_mails_off_and_sees_which_are_sent(core, alder):
    core.result("merchants.update", {"id": alder, "mails_off": ["receipt", "reminder", "receipt"]})
    assert core.result("merchants.get", {"id": alder})["mails_off"] == ["reminder", "receipt"]
    listed = core.result("merchants.mails", {"id": alder})
    assert [one["name"] for one in listed] == list(KINDS)
    assert [one["name"] for one in listed if not one["on"]] == ["reminder", "receipt"]
    assert [one["name"] for one in listed if not one["can_be_switched_off"]] == [
        "another_card", "payment_confirm", "invoice", "invoice_confirm", "sign_in", "client_invitation",
        "client_security", "key_leaked",
    ]
    assert {one["name"] for one in listed if one["to"] == "merchant"} == {
        "quote_answered", "payment_disputed", "ticket_opened", "ticket_replied", "key_expires", "key_leaked"}


def test_what_must_be_sent_or_is_unknown_is_refused(core, alder):
    for name in ("payment_confirm", "nothing"):
        assert "mails_off" in str(core.error("merchants.update", {"id": alder, "mails_off": [name]}))
    assert db.session.get(Merchant, alder).mails_off == []


def test_a_preview_has_all_parts(core, alder):
    shown = core.result("merchants.preview_mail", {"id": alder, "mail": "receipt"})
    assert set(shown) == {"to", "subject", "text", "html"}
    assert "Alder" in shown["subject"]
    assert core.get(f"/merchants/{alder}/mails/preview?mail=receipt").json == shown
    assert "mail" in core.get(f"/merchants/{alder}/mails/preview?mail=nothing").text
    assert core.get(f"/merchants/{alder}/mails/preview?mail=nothing").status_code >= 400
    assert core.get(f"/merchants/{alder}/mails/preview").status_code >= 400


def test_a_sample_goes_to_the_caller(core, alder):
    assert core.result("merchants.send_sample_mail", {"id": alder, "mail": "dispute"}) == {"to": "ops@example.org"}
    assert db.session.query(Task).one().payload["mail"] == "dispute"
    assert core("POST", f"/merchants/{alder}/mails/send_sample", {"mail": 7}).status_code >= 400
    assert db.session.query(Task).count() == 1


def test_another_merchants_mails_are_not_there(program, alder, birch):
    other = program("lin@alder.example", role="admin_user", merchant_ids=[alder])
    assert other.get(f"/merchants/{birch}/mails").status_code == 404
    assert other.get(f"/merchants/{birch}/mails/preview?mail=receipt").status_code == 404
    assert other("POST", f"/merchants/{birch}/mails/send_sample", {"mail": "receipt"}).status_code == 404
