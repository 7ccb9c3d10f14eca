"""An authenticator app, and users who have set one up."""

import html
import re

import pyotp

from database import db, transaction
from domain import clock
from domain.access import passwords, second_factors
from models.customer_user import CustomerUser

PASSWORD = "five wet candles in a row"


def user_at(email):
    db.session.expire_all()
    return db.session.query(CustomerUser).filter_by(email=email, deleted_at=None).one()


def set_password(email, password=PASSWORD):
    hashed = passwords.hash_of(password)
    with transaction():
        user_at(email).password_hash = hashed


class App:
    """What a telephone shows for a secret."""

    def __init__(self, secret):
        self.totp = pyotp.TOTP(secret.replace(" ", ""))

    @classmethod
    def scanned(cls, page):
        """The app after the key of a page was typed in."""
        return cls(html.unescape(re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1]))

    def code(self, steps=0):
        """The code of now, or of some half minutes from now."""
        return self.totp.generate_otp(int(clock.now().timestamp()) // 30 + steps)


def codes_of(page):
    """The recovery codes of a page."""
    return re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page)


def with_app(email, find=user_at):
    """An app of a user, and its recovery codes, as if they had been set up a while ago."""
    with transaction():
        user = find(email)
        second_factors.prepare(user)
        app = App(second_factors.secret_of(user))
        codes = second_factors.turn_on(user, app.code())
        user.totp_step -= 10
    return app, codes
