"""The stub of FCM: nginx on loopback (HTTP/2 over TLS, a fixed answer), with certificates made for it."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NGINX = """
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    keepalive_requests 1000000000;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {home}/stub.pem;
        ssl_certificate_key {home}/stub.key;
        default_type application/json;
        location /v1/ {{ return 200 '{{"name": "projects/stub/messages/0:1"}}'; }}
        location /token {{ return 200 '{{"access_token": "stub", "expires_in": 3600, "token_type": "Bearer"}}'; }}
        location /count {{ stub_status; }}
    }}
}}
"""


class Stub:
    """FCM and Google's token endpoint, as fast as they come."""

    def __init__(self, home: Path) -> None:
        """Write the certificate, the service account and nginx's configuration into a directory that exists."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.home = home
        self.certificate = home / "authority.pem"
        self.credentials = home / "account.json"
        self._certify()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        account = {
            "type": "service_account",
            "project_id": "stub",
            "private_key_id": "1",
            "private_key": _pem(key),
            "client_email": "stub@stub.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }
        self.credentials.write_text(json.dumps(account))
        (home / "nginx.conf").write_text(NGINX.format(home=home, port=self.port))

    def _certify(self) -> None:
        """Make an authority and a certificate of it, since Rust's TLS takes no authority for a server."""
        authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        now = datetime.now(UTC)

        def certified(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
            named, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, "authority"))
            return (
                x509.CertificateBuilder(issuer, named, key.public_key(), x509.random_serial_number())
                .not_valid_before(now - timedelta(days=1))
                .not_valid_after(now + timedelta(days=2))
                .add_extension(x509.BasicConstraints(ca=name == "authority", path_length=None), critical=True)
            )

        root = certified("authority", authority).sign(authority, hashes.SHA256())
        names = [x509.DNSName("fcm.googleapis.com"), x509.IPAddress(ip_address("127.0.0.1"))]
        leaf = certified("stub", server).add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.certificate.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        chain = leaf.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (self.home / "stub.pem").write_bytes(chain)
        (self.home / "stub.key").write_text(_pem(server))

    @property
    def trust(self) -> dict[str, str]:
        """The environment in which Python's, Rust's and Node's clients take the stub's certificate."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, str(self.certificate))

    @contextmanager
    def running(self) -> Iterator[int]:
        """Serve until the block ends; gives the process id of nginx."""
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if nginx is None:
            raise SystemExit("nginx is needed for the stub (Debian: nginx-light)")
        with subprocess.Popen([nginx, "-c", self.home / "nginx.conf", "-p", self.home]) as process:  # noqa: S603 what was found just now
            try:
                yield process.pid
            finally:
                process.terminate()


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
