"""What it takes to reach a cluster, and the official client made from it."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from attrs import field, frozen
from kubernetes.aio.client import ApiClient, Configuration

from adapters.kubernetes._sockets import GuardedRoute, connector_of
from flowcore.errors import InvalidInputError


@frozen(kw_only=True)
class Access:
    """An API server and how to prove who one is; all of it may hold secrets, so none is shown.

    Attributes:
        server: address, with ``http`` or ``https``.
        authorization: value of the Authorization header, empty for none.
        ca: PEM of the authorities that the server's certificate is checked against, empty for the system's.
        certificate: PEM of the client certificate, empty for none.
        key: PEM of its private key, not encrypted.
        is_insecure: believe any server certificate.
        tls_server_name: name in the server's certificate where it is not the address's.
        namespace: where objects are that name no namespace.
    """

    server: str = field(repr=False)
    authorization: str = field(default="", repr=False)
    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    is_insecure: bool = False
    tls_server_name: str = ""
    namespace: str = "default"


def client_of(access: Access, route: GuardedRoute | None = None) -> ApiClient:
    """Return the official client; call it inside the event loop, and end it with ``close_client``.

    Args:
        access: to the API server.
        route: the checked way there; None for any.

    Raises:
        InvalidInputError: the certificates or the key cannot be used.
    """
    configuration = new_configuration()
    configuration.host = access.server
    configuration.verify_ssl = not access.is_insecure
    configuration.ca_cert_data = access.ca or None
    configuration.tls_server_name = access.tls_server_name or None
    if access.authorization:
        configuration.api_key = {"BearerToken": access.authorization}
    try:
        client = started(configuration, route)
        if access.certificate:
            _present(client.rest_client.ssl_context, access.certificate, access.key)
    except (ssl.SSLError, ValueError):
        raise InvalidInputError.of(
            "the certificate authority, client certificate or key cannot be read",
            rule="credentials-certificate",
            path="credentials",
            code="cluster.credentials",
            fix="give PEM texts (or their base64) that belong together; the key must not have a passphrase",
        ) from None
    return client


def new_configuration() -> Configuration:
    """Return the client's settings that all our connections share."""
    session = {"trust_env": False, "cookie_jar": aiohttp.DummyCookieJar(), "middlewares": (_refuse_redirects,)}
    return Configuration(client_session_kwargs=session)


def started(configuration: Configuration, route: GuardedRoute | None = None) -> ApiClient:
    """Return the client with our connector and the proxy that the environment names for this server.

    aiohttp's ``trust_env`` would look for it (and into ``.netrc``) in a thread before every single request.
    """
    server = urlsplit(configuration.host)
    if not configuration.proxy and not proxy_bypass(server.hostname or ""):
        configuration.proxy = getproxies().get(server.scheme)
    # Python 3.13 asks more of authorities' certificates than the ones of many clusters have.
    configuration.disable_strict_ssl_verification = True
    client = ApiClient(configuration)
    # A proxy is the administrator's, connects for us, and asks its own resolver: it must have rules of its own.
    checked = None if configuration.proxy else route
    configuration.client_session_kwargs["connector"] = connector_of(client.rest_client.ssl_context, checked)
    return client


async def close_client(client: ApiClient) -> None:
    """Close the client's session and connections."""
    await client.close()
    await client.configuration.client_session_kwargs["connector"].close()


def _present(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # OpenSSL reads client certificates from files only; this one lives for this moment, in a folder of our own.
    with tempfile.TemporaryDirectory(prefix="flowcore-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_text(f"{certificate}\n{key}\n")
        # An empty passphrase: without one, OpenSSL would ask at the terminal.
        context.load_cert_chain(path, password="")


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """An API server does not send its clients elsewhere; somebody who wants to see our requests might."""
    response = await handler(request)
    if 300 <= response.status < 400 and response.status != 304:
        response.close()
        raise aiohttp.TooManyRedirects(response.request_info, ())
    return response
