"""The second factor of who signs in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

The app's secret is stored encrypted, recovery codes as digests. Each code works once: the step of the last one is kept.
Whoever has the columns of `SecondFactor` can have one.
"""

import hmac
import io
import secrets

import pyotp
from sqlalchemy import delete, func, insert, select, update

from database import db
from domain import clock
from domain.vault import vault
from models.second_factor import SecondFactor

STEP = 30                               # seconds for which a code is shown
BESIDE = 1                              # steps before and after now, for clocks that differ
DIGITS = 6
CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"         # none that are mistaken for another
APP, RECOVERY = "app", "recovery"
LENGTH = 10                             # of a recovery code: 49 random bits


def prepare(user: SecondFactor) -> None:
    """Store a new secret, which is asked for only once a code of it was typed."""
    user.totp_secret, user.totp_step, user.two_factor_at = vault.encrypt(pyotp.random_base32()), None, None


def secret_of(user: SecondFactor) -> str | None:
    """The secret as an app takes it; None without one, or when no secret of the installation decrypts it."""
    return vault.decrypt(user.totp_secret) if user.totp_secret else None


def spaced(secret: str) -> str:
    """The secret in groups of four letters, as somebody types it into an app."""
    return " ".join(secret[place:place + 4] for place in range(0, len(secret), 4))


def address_of(secret: str, *, account: str, issuer: str) -> str:
    """What the QR code for the app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def turn_on(user: SecondFactor, code: str) -> list[str] | None:
    """Ask for codes from now on, if this is one of the prepared secret; the recovery codes, None for a wrong code."""
    if user.two_factor_at is not None or not _take_step(user, _digits(code)):
        return None
    user.two_factor_at = clock.now()
    return renew_codes(user)


def use(user: SecondFactor, typed: str) -> str | None:
    """Use a code of the app, or a recovery code, once: which it was (APP or RECOVERY), None for a wrong one.

    The user's row must be locked, and fresh.
    """
    if user.two_factor_at is None:
        return None
    if _take_step(user, _digits(typed)):
        return APP
    return RECOVERY if _take_code(user, typed) else None


def _take_step(user: SecondFactor, code: str) -> bool:
    secret = secret_of(user)
    if secret is None or user.totp_secret is None or len(code) != DIGITS:
        return False
    totp, now = pyotp.TOTP(secret, interval=STEP, digits=DIGITS), int(clock.now().timestamp()) // STEP
    for step in range(now - BESIDE, now + BESIDE + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            if user.totp_step is not None and step <= user.totp_step:
                return False
            user.totp_step = step
            user.totp_secret = vault.renewed(user.totp_secret)
            return True
    return False


def _take_code(user: SecondFactor, typed: str) -> bool:
    code = "".join(char for char in typed.lower() if char in LETTERS)
    if len(code) != LENGTH:
        return False
    kept = user.recovery_codes
    taken = db.session.scalar(
        update(kept)
        .where(
            kept.owner_id == user.id, kept.used_at.is_(None), kept.digest.in_(vault.digests(_said(user, code))))
        .values(used_at=clock.now()).returning(kept.id))
    return taken is not None


def renew_codes(user: SecondFactor) -> list[str]:
    """Ten new recovery codes, as they are shown this once; earlier ones work no more."""
    _forget_codes(user)
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(CODES)]
    db.session.execute(insert(user.recovery_codes), [
        {"owner_id": user.id, "digest": vault.digest(_said(user, one))} for one in codes])
    return [f"{one[:LENGTH // 2]}-{one[LENGTH // 2:]}" for one in codes]


def codes_left(user: SecondFactor) -> int:
    """How many recovery codes were not used yet."""
    kept = user.recovery_codes
    return db.session.scalar(
        select(func.count()).select_from(kept).where(kept.owner_id == user.id, kept.used_at.is_(None))) or 0


def forget(user: SecondFactor) -> None:
    """Turn the second factor off, with all that belongs to it."""
    user.totp_secret = user.totp_step = user.two_factor_at = None
    _forget_codes(user)


def _forget_codes(user: SecondFactor) -> None:
    db.session.execute(delete(user.recovery_codes).where(user.recovery_codes.owner_id == user.id))


def qr_of(address: str) -> str:
    """The QR code as an SVG element that scales with its box; its colours do not follow a dark page."""
    import segno  # takes 40 ms to load, and only the page that sets an app up draws a code

    out = io.BytesIO()
    segno.make_qr(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, border=4, dark="#000", light="#fff",
        svgclass=None, lineclass=None)
    return out.getvalue().decode()


def _digits(typed: str) -> str:
    """The digits of a code; empty where something else was typed, such as a recovery code."""
    said = typed.replace(" ", "")
    return said if said.isascii() and said.isdigit() else ""


def _said(user: SecondFactor, code: str) -> str:
    return f"{user.recovery_codes.said} {user.id} {code}"
