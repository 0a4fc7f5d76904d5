"""What a client reads first: the issuer's metadata and its keys."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.standin.identity.identity_options import IdentityOptions
from sim.standin.identity.keys import SigningKey
from sim.standin.identity.web import base_url, both_ways, route_path

APP = "/index.php/apps/oidc"


class Discovery:
    """OpenID Connect Discovery 1.0, RFC 8414, and the JWK Set."""

    def __init__(self, options: IdentityOptions, key: SigningKey) -> None:
        self._options = options
        self._key = key

    def routes(self) -> list[Route]:
        return [
            *self._well_known("openid-configuration"),
            *self._well_known("oauth-authorization-server"),
            *both_ways("/apps/oidc/openid-configuration", self.metadata, "GET"),
            *both_ways("/apps/oidc/jwks", self.jwks, "GET"),
        ]

    def _well_known(self, name: str) -> list[Route]:
        """The web server of Nextcloud's manual redirects the short address; the app answers the long one."""
        short = self.redirect if self._options.well_known_redirect else self.metadata
        path = f"/.well-known/{name}"
        return [
            Route(path, short, methods=["GET"]),
            Route(f"/index.php{path}", self.metadata, methods=["GET"]),
        ]

    async def redirect(self, request: Request) -> Response:
        here = f"{base_url(request)}/index.php{route_path(request)}"
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=301, headers={"Location": here + query})

    async def metadata(self, request: Request) -> Response:
        return JSONResponse(_metadata(base_url(request), self._options.scopes), headers=_ANY_ORIGIN)

    async def jwks(self, request: Request) -> Response:
        return JSONResponse(self._key.jwks(), headers=_ANY_ORIGIN)


_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


def _metadata(issuer: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    authentication = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{APP}/authorize",
        "token_endpoint": f"{issuer}{APP}/token",
        "userinfo_endpoint": f"{issuer}{APP}/userinfo",
        "jwks_uri": f"{issuer}{APP}/jwks",
        "introspection_endpoint": f"{issuer}{APP}/introspect",
        "revocation_endpoint": f"{issuer}{APP}/revoke",
        "registration_endpoint": f"{issuer}{APP}/register",
        "scopes_supported": list(scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [*authentication, "none"],
        "introspection_endpoint_auth_methods_supported": authentication,
        "revocation_endpoint_auth_methods_supported": [*authentication, "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "azp", "nonce", "jti"),
            *("name", "preferred_username", "scope"),
        ],
    }
