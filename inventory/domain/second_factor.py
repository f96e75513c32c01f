"""One-time codes (RFC 6238: SHA-1, six digits, half a minute) and recovery codes, as pure functions."""

import hmac
from base64 import b32decode, b32encode
from datetime import datetime
from urllib.parse import quote

CODE_DIGITS = 6
STEP_SECONDS = 30
STEPS_ASIDE_MAX = 1  # A telephone's clock may be half a minute off, either way.
SECRET_BYTES = 20
RECOVERY_CODES = 8
RECOVERY_BYTES = 10
ISSUER = "Guiwei"


def code_at(secret: bytes, step: int) -> str:
    """The code of a half minute, RFC 4226 section 5.3."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def step_of(moment: datetime) -> int:
    """The half minute a moment is in."""
    return int(moment.timestamp()) // STEP_SECONDS


def fitting_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The half minute whose code it is, of those around now; None where it fits none."""
    told = "".join(code.split()).encode()
    steps = range(max(0, step_of(now) - STEPS_ASIDE_MAX), step_of(now) + STEPS_ASIDE_MAX + 1)
    # Every one is compared, so that the time tells nothing.
    fits = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), told)]
    return fits[-1] if fits else None


def written(secret: bytes) -> str:
    """A secret in base 32, as people type it into an app."""
    return b32encode(secret).decode()


def read(text: str) -> bytes:
    """The secret again."""
    return b32decode(text)


def address(secret: bytes, login: str) -> str:
    """What an app reads from the QR code."""
    label = quote(f"{ISSUER}:{login}")
    return f"otpauth://totp/{label}?secret={written(secret)}&issuer={ISSUER}&digits={CODE_DIGITS}&period={STEP_SECONDS}"


def recovery_code(chance: bytes) -> str:
    """Ten random bytes as four groups of four letters and digits."""
    text = b32encode(chance).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def recovery_typed(text: str) -> str:
    """A recovery code as it was shown, however it was typed."""
    plain = "".join(character for character in text.lower() if character.isalnum())
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))
