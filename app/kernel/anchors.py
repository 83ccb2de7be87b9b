"""Anchors: the ends of all chains at one instant, signed, in a file that is kept where the database's owner cannot go.

The file is JSON: `anchor` (`version`, `made_at` and, by organisation, `sequence` and `link` of its last seal), `key`
(the name of the key: the SHA-256 of its public half in DER, hex) and `signature` (ES256 over the canonical JSON of
`anchor`: ECDSA on P-256 with SHA-256, in DER, hex). What protects the log is that the file lies elsewhere; the
signature tells that it came from this installation and is whole.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.kernel.canonical import canonical
from app.kernel.i18n import Text
from app.kernel.seals import Head
from app.kernel.tokens import generate_key

_ES256 = ec.ECDSA(hashes.SHA256())


class AnchorRefused(Exception):
    """The file is no anchor that this installation made; the text says why."""

    def __init__(self, text: Text) -> None:
        """Keep what is to be said."""
        self.text = text
        super().__init__(text.en)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _AnchoredHead(_Model):
    sequence: int = Field(ge=1)
    link: str = Field(pattern=r"^[0-9a-f]{64}$")


class Anchor(_Model):
    """The last seal of each chain, by organisation, as they were at an instant."""

    version: Literal[1] = 1
    made_at: AwareDatetime
    chains: dict[UUID, _AnchoredHead]

    @classmethod
    def of(cls, heads: Mapping[str, Head], *, at: datetime) -> "Anchor":
        """Make the anchor of the chains as they are."""
        chains = {UUID(organisation): _AnchoredHead(**head._asdict()) for organisation, head in heads.items()}
        return cls(made_at=at.astimezone(UTC), chains=chains)

    def heads(self) -> dict[str, Head]:
        """Return the last seal of each chain, by organisation."""
        return {str(organisation): Head(head.sequence, head.link) for organisation, head in self.chains.items()}


class _SignedAnchor(_Model):
    anchor: dict[str, Any]  # Any: JSON, checked once the signature is
    key: str
    signature: str


class AuditKeys:
    """The keys of a directory that sign anchors: PEM files, P-256; the last by name signs, all verify.

    They are not those of access tokens: an old one must stay as long as its anchors do.
    """

    def __init__(self, directory: Path) -> None:
        """Read the keys, making the first one if there is none; raises ValueError for a file that is no P-256 key."""
        directory.mkdir(parents=True, exist_ok=True)
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        for file in sorted(directory.glob("*.pem")) or [generate_key(directory / "0001.pem")]:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
                raise ValueError(f"{file.name}: not a P-256 private key")
            self.signing = _name(key.public_key())
            self._keys[self.signing] = key

    def sign(self, anchor: Anchor) -> str:
        """Return the text of the anchor's file."""
        content = anchor.model_dump(mode="json")
        signature = self._keys[self.signing].sign(canonical(content), _ES256).hex()
        signed = {"anchor": content, "key": self.signing, "signature": signature}
        return json.dumps(signed, indent=1, sort_keys=True) + "\n"

    def read(self, text: str) -> Anchor:
        """Return the anchor of a file's text; raises AnchorRefused unless one of the keys signed it as it is."""
        try:
            signed = _SignedAnchor.model_validate_json(text)
            key, signature = self._keys.get(signed.key), bytes.fromhex(signed.signature)
            if key is None:
                raise AnchorRefused(
                    Text(
                        vi=f"Tệp neo được ký bằng khóa không có ở máy chủ này: {signed.key}",
                        en=f"The anchor is signed with a key that this installation does not have: {signed.key}",
                    )
                )
            key.public_key().verify(signature, canonical(signed.anchor), _ES256)
            return Anchor.model_validate(signed.anchor)
        except InvalidSignature:
            raise AnchorRefused(
                Text(vi="Chữ ký của tệp neo không đúng", en="The signature of the anchor is not right")
            ) from None
        except (ValidationError, ValueError):
            raise AnchorRefused(Text(vi="Đây không phải là tệp neo", en="This is no anchor file")) from None


def _name(key: ec.EllipticCurvePublicKey) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
