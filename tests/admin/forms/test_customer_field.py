"""The customer of a form is found among all customers: by name as one types, or by the number."""

import re

import pytest

from database import db
from models.domain_name import DomainName
from models.ticket import Ticket
from tests import cast
from tests.admin.page_text import text_of

FORMS = ("/admin/domain_names/new", "/admin/customer_users/new", "/admin/tickets/new")


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada", email="ada@example.org")


@pytest.mark.parametrize("form", FORMS)
def test_the_customer_is_typed_with_suggestions_and_no_list_ends_at_the_first_hundreds(admin, alder, ada, form):
    page = admin.get(f"{form}?merchant_id={alder}").text
    control = re.search(r'<input[^>]*id="customer_id"[^>]*>', page)[0]
    url = re.search(r'hx-get="([^"]+)"', control)[1].replace("&amp;", "&")
    joined = "&" if "?" in url else "?"
    assert f'<option value="Ada ({ada})">' in admin.get(f"{url}{joined}customer_id=ad").text
    assert "<option" not in admin.get(f"{url}{joined}customer_id=nobody").text
    assert f'value="Ada ({ada})"' in admin.get(f"{form}?merchant_id={alder}&customer_id={ada}").text
    assert 'id="customer_id" name="customer_id" value="999"' in admin.get(
        f"{form}?merchant_id={alder}&customer_id=999").text


@pytest.mark.parametrize("said", ["Ada", "ada", "Ada ({})", "{}"])
def test_it_is_taken_by_name_and_by_number(admin, alder, ada, said):
    typed = {"customer_id": said.format(ada), "merchant_id": alder}
    assert admin.post("/admin/tickets", typed | {"subject": "Where?", "message": "Where is it?"}).status_code == 303
    assert db.session.query(Ticket).one().customer_id == ada
    made = admin.post("/admin/domain_names", typed | {"name": "a.com", "status": "active", "amount": "10"})
    assert made.status_code == 303
    assert db.session.query(DomainName).one().customer_id == ada


def test_a_name_that_nobody_has_is_said_and_an_edit_keeps_what_was_not_touched(admin, alder, ada):
    typed = {"customer_id": "Bob", "merchant_id": alder, "subject": "Where?", "message": "Where is it?"}
    refused = admin.post("/admin/tickets", typed)
    assert refused.status_code == 422
    assert "has no match: choose a customer from the list" in text_of(refused.text)
    admin.post("/admin/tickets", typed | {"customer_id": "Ada"})
    ticket = db.session.query(Ticket).one()
    key, version = ticket.id, ticket.version
    page = admin.get(f"/admin/tickets/{key}/edit").text
    assert f'value="Ada ({ada})"' in page
    loaded = re.search(r'name="loaded" value="([^"]*)"', page)[1].replace("&#34;", '"')
    sent = {"version": str(version), "loaded": loaded, "subject": "Where?", "message": "Where is it?",
            "customer_id": f"Ada ({ada})", "priority": "2", "department": "1", "assignee_id": ""}
    assert admin.post(f"/admin/tickets/{key}", sent).status_code == 303
    db.session.expire_all()
    assert db.session.get(Ticket, key).version == version
