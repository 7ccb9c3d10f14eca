"""What people do with their own second factor: turn it on, turn it off, make other recovery codes, prove who they are.

Who turns it off or makes codes proves to be there: by the password, which takes too long for a transaction and is
verified before, or by a fresh code. All other sessions end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.access import passwords, second_factors
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from models.second_factor import SecondFactor

ON, OFF, RENEWED, CODE_USED = "two_factor_on", "two_factor_off", "recovery_codes_renewed", "recovery_code_used"
Owner = TypeVar("Owner", bound=SecondFactor)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was typed to show who it is: the password that was verified, or a code that is still to be used."""

    password_hash: str | None
    code: str


def proof_of(hashed: str | None, typed: str) -> Proof:
    """What was typed as a password or as a code: the password is verified here."""
    may_be = bool(hashed) and len(typed) >= passwords.MINIMUM      # no code is as long
    return Proof(hashed if may_be and passwords.matches(typed, hashed) else None, typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSecondFactor(Generic[Owner]):
    """Declared once for each kind of people who sign in.

    `lock` gives the row as it is now, `password_of` its hash; `tell` notes what happened and mails it, `changed` also
    raises the row's version, and `end_others` ends all sessions but one.
    """

    lock: Callable[[int], Owner]
    password_of: Callable[[Owner], str | None]
    tell: Callable[[Actor, str, Owner], None]
    changed: Callable[[Actor, str, Owner], None]
    end_others: Callable[[Owner, int], None]

    def prepare(self, actor: Actor, key: int) -> None:
        """Make the secret of a second factor that is to be turned on. Nobody is asked for it yet."""
        user = self.lock(key)
        if user.two_factor_at is not None:
            raise Conflict("Two-factor authentication is on already.")
        second_factors.prepare(user)

    def turn_on(self, actor: Actor, key: int, code: str, *, session_id: int) -> list[str]:
        """Ask for a code from now on; the recovery codes."""
        user = self.lock(key)
        if user.two_factor_at is not None or user.totp_secret is None:
            raise Conflict("Two-factor authentication was changed in another browser.")
        codes = second_factors.turn_on(user, code)
        if codes is None:
            raise Invalid.field("code", "is not the code that your app shows now", "wrong")
        self._changed(actor, ON, user, session_id)
        return codes

    def turn_off(self, actor: Actor, key: int, proof: Proof, *, session_id: int) -> None:
        """Ask for no code any more; Invalid without the password or a fresh code."""
        user = self._proven(actor, key, proof)
        second_factors.forget(user)
        self._changed(actor, OFF, user, session_id)

    def renew_codes(self, actor: Actor, key: int, proof: Proof, *, session_id: int) -> list[str]:
        """Ten new recovery codes in place of those of before; Invalid without the password or a fresh code."""
        user = self._proven(actor, key, proof)
        codes = second_factors.renew_codes(user)
        self._changed(actor, RENEWED, user, session_id)
        return codes

    def _changed(self, actor: Actor, verb: str, user: Owner, session_id: int) -> None:
        self.end_others(user, session_id)
        self.changed(actor, verb, user)

    def _proven(self, actor: Actor, key: int, proof: Proof) -> Owner:
        user = self.lock(key)
        if user.two_factor_at is None:
            raise Conflict("Two-factor authentication is off.")
        self._check(actor, user, proof)
        return user

    def use(self, actor: Actor, user: Owner, code: str) -> str | None:
        """Use a code of the app, or a recovery code, of which a mail tells; None for a wrong one. The row is locked."""
        kind = second_factors.use(user, code)
        if kind == second_factors.RECOVERY:
            self.tell(actor, CODE_USED, user)
        return kind

    def check(self, actor: Actor, key: int, proof: Proof) -> None:
        """Use the password or a fresh code as a proof of who it is; Invalid where it is neither."""
        self._check(actor, self.lock(key), proof)

    def _check(self, actor: Actor, user: Owner, proof: Proof) -> None:
        is_password = proof.password_hash is not None and proof.password_hash == self.password_of(user)
        if not is_password and self.use(actor, user, proof.code) is None:
            knows_codes = user.two_factor_at is not None
            words = "is neither your password nor a fresh code" if knows_codes else "is not your password"
            raise Invalid.field("proof", words, "wrong")
