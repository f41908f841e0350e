"""An authorization server on Authlib and Flask, and an API that accepts its tokens.

Reads clients.json of the working directory, a list of clients with the members of RFC 7591 §2. Listens on a free port of
127.0.0.1, and prints its origin when it is ready.
"""

import json
import os
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.jose import JsonWebKey
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion, JWTBearerGrant
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from flask import Flask, jsonify
from werkzeug.serving import make_server

# Authlib refuses http otherwise.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

ASSERTION = JWTBearerClientAssertion.CLIENT_AUTH_METHOD
METHODS = ["client_secret_basic", "client_secret_post", ASSERTION]
REGISTERED_NAMES = {"client_secret_jwt": ASSERTION, "private_key_jwt": ASSERTION}


class Client(ClientMixin):
    def __init__(self, registration):
        self.client_id = registration["client_id"]
        self.client_secret = registration.get("client_secret")
        self.method = registration["token_endpoint_auth_method"]
        self.keys = JsonWebKey.import_key_set(registration.get("jwks", {"keys": []}))

    def get_client_id(self):
        return self.client_id

    def get_allowed_scope(self, scope):
        return scope

    def check_client_secret(self, client_secret):
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == REGISTERED_NAMES.get(self.method, self.method)

    def check_grant_type(self, grant_type):
        return grant_type in ("client_credentials", JWTBearerGrant.GRANT_TYPE)


class Token(TokenMixin):
    def __init__(self, client, response):
        self.client = client
        self.scope = response.get("scope", "")
        self.expires_at = time.time() + response["expires_in"]
        self.revoked = False

    def check_client(self, client):
        return client is self.client

    def get_scope(self):
        return self.scope

    def is_expired(self):
        return time.time() >= self.expires_at

    def is_revoked(self):
        return self.revoked


with open("clients.json", encoding="utf-8") as file:
    clients = {each["client_id"]: Client(each) for each in json.load(file)}
tokens = {}
used_ids = set()


class ClientCredentials(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class JwtBearer(JWTBearerGrant):
    """Accepts an assertion that a client has issued for this server, about the account "batch"."""

    CLAIMS_OPTIONS = {**JWTBearerGrant.CLAIMS_OPTIONS, "aud": {"essential": True, "values": []}}

    def resolve_issuer_client(self, issuer):
        return clients[issuer]

    def resolve_client_key(self, client, headers, payload):
        return client.keys.find_by_kid(headers["kid"])

    def authenticate_user(self, subject):
        return subject if subject == "batch" else None

    def has_granted_permission(self, client, user):
        return True


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return tokens.get(token_string)

    def revoke_token(self, token, request):
        token.revoked = True


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return tokens.get(token_string)

    def check_permission(self, token, client, request):
        return True

    def introspect_token(self, token):
        return {"client_id": token.client.client_id, "scope": token.scope}


class ClientAssertion(JWTBearerClientAssertion):
    def validate_jti(self, claims, jti):
        is_new = jti not in used_ids
        used_ids.add(jti)
        return is_new

    def resolve_client_public_key(self, client, headers):
        return client.client_secret or client.keys.find_by_kid(headers["kid"])


class Validator(BearerTokenValidator):
    def authenticate_token(self, token_string):
        return tokens.get(token_string)


def save_token(response, request):
    tokens[response["access_token"]] = Token(request.client, response)


app = Flask(__name__)
server = make_server("127.0.0.1", 0, app, threaded=True)
origin = f"http://127.0.0.1:{server.port}"

authorization_server = AuthorizationServer(app, clients.get, save_token)
authorization_server.register_client_auth_method(ASSERTION, ClientAssertion(f"{origin}/token"))
authorization_server.register_grant(ClientCredentials)
JwtBearer.CLAIMS_OPTIONS["aud"]["values"] = [origin, f"{origin}/token"]
authorization_server.register_grant(JwtBearer)
authorization_server.register_endpoint(Revocation)
authorization_server.register_endpoint(Introspection)
require_token = ResourceProtector()
require_token.register_token_validator(Validator())


@app.get("/.well-known/oauth-authorization-server")
def metadata():
    return jsonify(
        AuthorizationServerMetadata(
            issuer=origin,
            token_endpoint=f"{origin}/token",
            revocation_endpoint=f"{origin}/revoke",
            introspection_endpoint=f"{origin}/introspect",
            grant_types_supported=["client_credentials", JWTBearerGrant.GRANT_TYPE],
            response_types_supported=[],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post", *REGISTERED_NAMES],
            token_endpoint_auth_signing_alg_values_supported=["HS256", "RS256", "ES256"],
        )
    )


@app.post("/token")
def token():
    return authorization_server.create_token_response()


@app.post("/revoke")
def revoke():
    return authorization_server.create_endpoint_response("revocation")


@app.post("/introspect")
def introspect():
    return authorization_server.create_endpoint_response("introspection")


@app.get("/orders")
@require_token()
def orders():
    return "the orders"


print(origin, flush=True)
server.serve_forever()
