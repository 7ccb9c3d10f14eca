"""Users of the dashboard who have set up an authenticator app."""

from database import db
from models.user import User
from tests.client import authenticator


def user_at(email):
    db.session.expire_all()
    return db.session.query(User).filter_by(email=email, deleted_at=None).one()


def with_app(email):
    """An app of a user, and its recovery codes, as if they had been set up a while ago."""
    return authenticator.with_app(email, user_at)


def wrong_code(app):
    """Six digits that the app does not show about now."""
    return next(one for one in ("000000", "111111", "222222", "333333")
                if one not in (app.code(-1), app.code(), app.code(1)))
