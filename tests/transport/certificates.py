"""Authorities and certificates of a test's own."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Somebody who vouches for names."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        basic = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._builder(self._name, self._key, 365).add_extension(basic, critical=True).sign(
            self._key, hashes.SHA256()
        )  # fmt: skip

    def write(self, path: Path) -> Path:
        """Its own certificate, for those who trust it."""
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, directory: Path, name: str, *, days: int = 30, file: str | None = None) -> None:
        """Write `NAME.crt` and `NAME.key` for a common name, which is this machine's too; negative `days`: over since then."""
        key = ec.generate_private_key(ec.SECP256R1())
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = self._builder(_name(name), key, days).add_extension(addresses, critical=False).sign(
            self._key, hashes.SHA256()
        )  # fmt: skip
        path = directory / f"{file or name}.crt"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (directory / f"{file or name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 40 * DAY)
            .not_valid_after(now + days * DAY)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
