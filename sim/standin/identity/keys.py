"""The key that signs tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class SigningKey:
    """An RSA key of 2048 bits, made when it is first needed (RFC 7518 3.3)."""

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def _public_jwk(self) -> dict[str, Any]:
        jwk = RSAAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        kid = hashlib.sha256(str(jwk["n"]).encode()).hexdigest()[:16]
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": jwk["n"], "e": jwk["e"]}

    def jwks(self) -> dict[str, Any]:
        """The public half as a JWK Set (RFC 7517 5)."""
        return {"keys": [self._public_jwk]}

    def sign(self, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        """A compact RS256 JWT that names its key."""
        headers = {"kid": self._public_jwk["kid"], "typ": typ}
        return jwt.encode(dict(claims), self._private, algorithm="RS256", headers=headers)
