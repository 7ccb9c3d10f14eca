"""An operator looks at the dashboard as another user: sees what that user would, and changes nothing."""

import pytest

from database import db, transaction
from domain.permissions import ROLE_SCOPES
from models.audit import AuditEntry
from models.customer import Customer
from models.user import Role, User, UserSession
from tests import cast
from tests.admin.test_guards import addresses

KIT = "kit@alder.example"


@pytest.fixture
def kit(alder):
    """Staff of Alder."""
    return cast.make_user(KIT, "normal_user", [alder])


def look(one, key):
    reply = one.post(f"/admin/users/{key}/view-as")
    assert reply.status_code == 303, reply.text
    page = one.get("/admin/")
    assert f"You see the dashboard as {KIT} does" in page.text
    return page


def test_it_shows_what_the_user_would_see(ops, alder, birch, kit):
    cast.make_customer(alder, "Of Alder", email="a@example.org")
    cast.make_customer(birch, "Of Birch", email="b@example.org")
    look(ops, kit)
    page = ops.get("/admin/customers").text
    assert "Of Alder" in page
    assert "Of Birch" not in page
    assert "You see the dashboard as" in page
    for path in ("/admin/users", "/admin/keys", "/admin/audit", "/admin/settings", "/admin/analytics"):
        assert ops.get(path).status_code == 403, path


def test_nothing_can_be_changed_by_any_address(app, ops, alder, kit):
    look(ops, kit)
    before = db.session.query(AuditEntry).count()
    db.session.rollback()
    for endpoint, method, path in addresses(app):
        if method != "GET" and endpoint not in ("admin.stop_viewing", "admin.switch", "admin.mode"):
            assert ops.post(path).status_code == 403, endpoint
    assert db.session.query(AuditEntry).count() == before
    assert ops.post("/admin/customers", {"name": "Ash", "email": "ash@example.org"}).status_code == 403
    assert "nothing can be changed" in ops.post("/admin/customers", {"name": "Ash"}).text
    assert db.session.query(Customer).count() == 0


def test_the_account_of_the_user_stays_closed(ops, kit):
    look(ops, kit)
    assert ops.get("/admin/account").status_code == 403
    assert ops.get("/admin/account/two-factor").status_code == 403


def test_stopping_shows_the_own_dashboard_again(ops, kit):
    look(ops, kit)
    assert ops.post("/admin/stop-viewing").headers["Location"] == f"/admin/users/{kit}"
    page = ops.get("/admin/users")
    assert page.status_code == 200
    assert "You see the dashboard" not in page.text
    assert ops.post("/admin/stop-viewing").headers["Location"] == "/admin/"


def test_it_stands_in_the_audit_log_and_the_log_of_requests_names_who_looked(ops, kit, records):
    look(ops, kit)
    entry = db.session.query(AuditEntry).filter_by(action="user.viewed_as").one()
    operator = db.session.query(User).filter_by(email="ops@example.com").one()
    assert (entry.user_id, entry.object_id) == (operator.id, kit)
    records.clear()
    ops.get("/admin/customers")
    assert [row["user_id"] for row in records] == [operator.id]
    db.session.rollback()
    ops.post("/admin/stop-viewing")
    assert "Looked at the dashboard as" in ops.get("/admin/audit").text


def test_only_operators_may_and_not_as_themselves(admin, ops, alder, kit):
    assert admin.post(f"/admin/users/{kit}/view-as").status_code == 403
    assert "View as" not in admin.get(f"/admin/users/{kit}").text
    assert "View as" in ops.get(f"/admin/users/{kit}").text
    own = db.session.query(User).filter_by(email="ops@example.com").one().id
    db.session.rollback()
    assert "View as" not in ops.get(f"/admin/users/{own}").text
    ops.post(f"/admin/users/{own}/view-as")
    with transaction():
        db.session.get(User, kit).active = False
    ops.post(f"/admin/users/{kit}/view-as")
    assert "You see the dashboard" not in ops.get("/admin/").text


def test_it_ends_when_the_user_or_the_operator_may_no_longer(ops, kit):
    look(ops, kit)
    with transaction():
        db.session.get(User, kit).active = False
    assert "You see the dashboard" not in ops.get("/admin/").text
    with transaction():
        db.session.get(User, kit).active = True
    assert "You see the dashboard" in ops.get("/admin/").text
    with transaction():
        db.session.query(User).filter_by(email="ops@example.com").one().all_merchants = False
    assert "You see the dashboard" not in ops.get("/admin/").text


def test_one_browser_says_nothing_of_another(ops, visitor, kit):
    other = visitor()
    other.sign_in("ops@example.com")
    look(ops, kit)
    assert "You see the dashboard" not in other.get("/admin/").text
    assert db.session.query(UserSession).filter(UserSession.viewed_id.is_not(None)).count() == 1


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.RESTRICTED])
def test_the_scopes_are_those_of_the_role(ops, alder, role):
    key = cast.make_user(KIT, role.value, [alder])
    look(ops, key)
    assert (ops.get("/admin/analytics").status_code == 200) == ("READ_ANALYTICS" in ROLE_SCOPES[role])
