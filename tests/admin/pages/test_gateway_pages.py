"""The page of payment gateways: settings of each merchant and world, stored encrypted, and a button to try them."""

import pytest

from database import db, transaction
from domain import clock
from domain.payments import gateway_accounts, gateways
from domain.payments.gateways import GatewayDown
from models.audit import AuditEntry
from models.payment import GatewayAccount

HERE = "/admin/gateways"
IBAN = "DE89370400440532013000"
ACCOUNT = {
    "manual.enabled": "on", "manual.name": "Alder GmbH", "manual.iban": "de89 3704 0044 0532 0130 00", "manual.bic": "",
}


def account(alder, gateway="manual", *, test=False):
    db.session.expire_all()
    return gateway_accounts.find(alder, gateway, test=test)


def test_the_account_of_bank_transfers_is_stored_encrypted_and_shown_as_a_customer_sees_it(admin, alder):
    assert admin.post(f"{HERE}/manual", ACCOUNT).status_code == 303
    row = account(alder)
    assert gateway_accounts.secrets_of(row) == {"name": "Alder GmbH", "iban": IBAN, "bic": ""}
    assert IBAN not in row.settings
    page = admin.get(HERE).text
    assert "DE89 3704 0044 0532 0130 00" in page
    assert "<svg xmlns" in page
    assert not any(IBAN in str((one.before, one.after)) for one in db.session.query(AuditEntry))


@pytest.mark.parametrize(("changed", "field", "said"), [
    ({"manual.iban": "DE89370400440532013001"}, "manual.iban", "check digits"),
    ({"manual.iban": ""}, "manual.iban", "is required"),
    ({"manual.name": ""}, "manual.name", "is required"),
    ({"manual.bic": "COBA"}, "manual.bic", "8 or 11"),
    ({"manual.iban": "CH9300762011623852957"}, "manual.bic", "is required"),
    ({"manual.name": "x" * 71}, "manual.name", "70"),
])
def test_a_wrong_account_is_shown_with_what_was_typed_and_stored_nowhere(admin, alder, changed, field, said):
    reply = admin.post(f"{HERE}/manual", ACCOUNT | changed)
    assert reply.status_code == 422
    assert f'id="{field}-wrong"' in reply.text
    assert said in reply.text.partition(f'id="{field}-wrong"')[2][:400]
    assert account(alder) is None


def test_an_account_is_emptied_and_another_part_keeps_it(admin, alder):
    admin.post(f"{HERE}/manual", ACCOUNT)
    admin.post(f"{HERE}/manual", {"manual.name": "Alder AG"})
    assert gateway_accounts.secrets_of(account(alder)) == {"name": "Alder AG", "iban": IBAN, "bic": ""}
    assert account(alder).enabled is False                     # its box was not sent
    admin.post(f"{HERE}/manual", dict.fromkeys(("manual.name", "manual.iban", "manual.bic"), ""))
    assert gateway_accounts.secrets_of(account(alder)) == {"name": "", "iban": "", "bic": ""}


def test_pace_and_retries_are_set_in_the_test_world_only(admin, alder):
    form = {"test.enabled": "on", "test.per_minute": "60", "test.retry_days": " 2, 4,9 "}
    assert admin.post(f"{HERE}/test", form).status_code == 404             # the live world has no test bank
    admin.post("/admin/mode", {"test": "on"})
    assert admin.post(f"{HERE}/test", form).status_code == 303
    row = account(alder, "test", test=True)
    assert (row.per_minute, row.retry_days, gateway_accounts.retry_days(row)) == (60, "2,4,9", [2, 4, 9])
    for days in ("0", "31", "3,2", "2,2", "soon", "1.5", ",".join(map(str, range(1, 17)))):
        reply = admin.post(f"{HERE}/test", form | {"test.retry_days": days})
        assert (reply.status_code, 'id="test.retry_days-wrong"' in reply.text) == (422, True), days
    assert admin.post(f"{HERE}/test", form | {"test.retry_days": ""}).status_code == 303
    assert gateway_accounts.retry_days(account(alder, "test", test=True)) == []


def test_trying_a_gateway_says_whether_it_answers_and_ends_its_pause(admin, alder, monkeypatch):
    with transaction():
        row = gateway_accounts.ensure(alder, "manual", test=False, now=clock.now())
        for _ in range(3):
            gateway_accounts.failed(row, "It was away", clock.now())
    assert "It was away" in admin.get(HERE).text
    assert admin.post(f"{HERE}/manual/try").status_code == 303
    assert "Bank transfer has no account, so customers are not offered it" in admin.get(HERE).text
    assert account(alder).parked_until is not None
    admin.post(f"{HERE}/manual", ACCOUNT)
    assert admin.post(f"{HERE}/manual/try").status_code == 303
    assert "Customers are shown the account as below." in admin.get(HERE).text
    assert account(alder).parked_until is None

    def away(*_):
        raise GatewayDown("out of order")

    monkeypatch.setattr(gateways.registry.get("manual"), "look_up", away)
    admin.post(f"{HERE}/manual/try")
    assert "gave no answer: out of order" in admin.get(HERE).text


def test_merchants_and_roles_do_not_reach_each_others_gateways(signed_in, ops, alder, birch):
    assert "Choose a merchant profile" in ops.get(HERE).text
    assert ops.post(f"{HERE}/manual", ACCOUNT).status_code in (400, 422)
    signed_in(merchants=[birch], email="b@birch.example").post(f"{HERE}/manual", ACCOUNT)
    assert [one.merchant_id for one in db.session.query(GatewayAccount)] == [birch]
    assert signed_in("normal_user", merchants=[alder]).post(f"{HERE}/manual", ACCOUNT).status_code == 403


def test_under_all_merchants_one_is_picked_from_the_list(ops, alder, birch):
    page = ops.get(HERE).text
    panel = page.partition('<form class="panel choose"')[2].partition("</form>")[0]
    assert [f'name="merchant" value="{one}"' in panel for one in (alder, birch)] == [True, True]
    assert f'name="next" value="{HERE}"' in panel
    reply = ops.post("/admin/switch", {"merchant": str(birch), "next": HERE})
    assert reply.headers["Location"] == HERE
    assert "Save bank transfer" in ops.get(HERE).text
