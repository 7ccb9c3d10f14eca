"""The migration of customers' users makes the customers' own addresses the first users, who stay signed in."""

from typing import Any

import pytest
from flask_migrate import downgrade, upgrade

from database import db, transaction
from domain.access import customer_sessions
from domain.people import customers
from domain.people.logins import customer_emails, customer_sign_ins
from models.customer import Customer
from models.customer_user import CustomerUser
from models.merchant import Merchant
from tests import cast

pytestmark = pytest.mark.files


def session_of(email: str) -> str:
    user = db.session.query(CustomerUser).filter_by(email=email).one()
    return customer_sessions.begin(user, by_link=True, ip=None, user_agent=None).token


def test_first_users_are_made_and_stay_signed_in_and_others_are_lost_on_the_way_down(installation: Any) -> None:
    with installation.app.app_context():
        merchant = cast.make_merchant()
        ada = cast.make_customer(merchant, "Ada", email="Ada@Example.org")
        cast.make_customer(merchant, "No address")
        gone = cast.make_customer(merchant, "Gone", email="gone@example.org")
        cast.make_customer_user(ada, "bob@example.org", "Bob")
        with transaction():
            customer_sign_ins.ask(db.session.get_one(Merchant, merchant), "bob@example.org", "x", test=False, ip=None)
            tokens = [session_of("Ada@Example.org"), session_of("bob@example.org")]
        with transaction():
            customers.delete(cast.actor_for(merchant), db.session.get_one(Customer, gone))
        db.session.remove()
        downgrade(revision="0055")
        upgrade()
        users = db.session.query(CustomerUser).all()
        assert [(one.customer_id, one.email, one.email_key, one.is_first, one.version) for one in users] == [
            (ada, "Ada@Example.org", "ada@example.org", True, 1)]
        first, second = (customer_sessions.find(one) for one in tokens)
        assert first is not None
        assert (first.user.email, first.by_link, first.needs_code) == ("Ada@Example.org", True, False)
        assert second is None
        with transaction():
            customers.restore(*customers.LISTING.lock(cast.actor_for(merchant), gone, removed=True))
        assert [one.email for one in customer_emails.of_customer(gone)] == ["gone@example.org"]
