"""Makes keyed digests and encrypts values under the installation's secrets.

Several secrets may be set; the first signs and encrypts, the others still verify and decrypt, so a
rotation breaks nothing.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Vault:
    """Derives all keys from the server's secrets; app.py configures it once."""

    def __init__(self) -> None:
        self._peppers: tuple[hmac.HMAC, ...] = ()        # keyed once, copied for each message
        self._fernet: MultiFernet | None = None
        self._newest: Fernet | None = None
        self.signing_keys: tuple[bytes, ...] = ()          # of JSON Web Tokens, newest first
        self.bcrypt_cost = 10

    def configure(self, secrets: tuple[str, ...], *, bcrypt_cost: int) -> None:
        """Take the server's secrets, newest first, and the cost of bcrypt."""
        self._peppers = tuple(
            hmac.new(self._derive(secret, b"credential digest"), digestmod=hashlib.sha256) for secret in secrets
        )
        self.signing_keys = tuple(self._derive(secret, b"json web tokens") for secret in secrets)
        keys = [Fernet(urlsafe_b64encode(self._derive(secret, b"encryption"))) for secret in secrets]
        self._fernet, self._newest = MultiFernet(keys), keys[0]
        self.bcrypt_cost = bcrypt_cost

    @staticmethod
    def _derive(secret: str, purpose: bytes) -> bytes:
        return hmac.digest(secret.encode(), purpose, hashlib.sha256)

    def digest(self, value: str) -> str:
        """The keyed digest of a secret under the newest pepper, 64 hex digits."""
        return self.digests(value)[0]

    def digests(self, value: str) -> list[str]:
        """The digest under every pepper, newest first."""
        raw = value.encode("utf-8", "surrogatepass")
        return [_finished(pepper, raw) for pepper in self._peppers]

    def encrypt(self, value: str) -> str:
        assert self._fernet is not None
        return self._fernet.encrypt(value.encode()).decode()

    def decrypt(self, ciphertext: str) -> str | None:
        """The value, or None when no secret of the installation decrypts it."""
        assert self._fernet is not None
        try:
            return self._fernet.decrypt(ciphertext.encode()).decode()
        except InvalidToken:
            return None

    def renewed(self, ciphertext: str) -> str:
        """The same value under the newest secret; unchanged where it already is."""
        assert self._fernet is not None
        assert self._newest is not None
        try:
            self._newest.decrypt(ciphertext.encode())
        except InvalidToken:
            return self._fernet.rotate(ciphertext.encode()).decode()
        return ciphertext


def _finished(pepper: hmac.HMAC, message: bytes) -> str:
    """Copy a keyed digest: unlike hmac.digest this keeps the interpreter lock, twice as fast under load."""
    keyed = pepper.copy()
    keyed.update(message)
    return keyed.hexdigest()


vault = Vault()
