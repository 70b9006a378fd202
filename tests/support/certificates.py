"""Certificates made for a test: an authority of our own, and servers that it vouches for."""

import datetime
import ipaddress
from collections import namedtuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# der: of the certificate; fingerprint: its SHA-256, hex; pem and key: files
Server = namedtuple("Server", "der fingerprint pem key")


def _name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Authority:
    """Signs for servers; what it makes lies in a folder."""

    def __init__(self, folder, name="Test CA"):
        self._folder, self._name = folder, _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign(self._name, self._key.public_key(), -1, 10, authority=True)
        self.der = self._certificate.public_bytes(serialization.Encoding.DER)
        self.text = self._certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.pem = folder / f"{name}.pem"
        self.pem.write_text(self.text)

    def _sign(self, subject, key, begin, end, names=(), authority=False):
        """begin, end: days from now."""
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
            .public_key(key).serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=begin))
            .not_valid_after(now + datetime.timedelta(days=end))
            .add_extension(x509.BasicConstraints(authority, None), True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([
                x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit()
                else x509.DNSName(name) for name in names]), False)
        return builder.sign(self._key, hashes.SHA256())

    def server(self, *names, begin=-1, end=5) -> Server:
        """A certificate for these names or addresses, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(_name(names[0]), key.public_key(), begin, end, names)
        stem = f"{names[0]}{begin}{end}"
        pem, secret = self._folder / f"{stem}.pem", self._folder / f"{stem}.key"
        pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        secret.chmod(0o644)     # the broker has another user
        return Server(made.public_bytes(serialization.Encoding.DER),
                      made.fingerprint(hashes.SHA256()).hex(), pem, secret)
