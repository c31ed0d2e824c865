"""The throw-away certificate authority of one server."""

from __future__ import annotations

import shutil
import ssl
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

import trustme


class Certificates:
    """A CA and a server certificate for `domains`, made anew for every server.

    Only the CA's certificate is written to disk, for clients to trust; the keys stay in
    memory. The file goes when the object does.

    Parameters
    ----------
    domains : iterable of str
        Names the certificate is valid for, beside ``localhost`` and ``127.0.0.1``.
    """

    def __init__(self, domains: Iterable[str]) -> None:
        authority = trustme.CA(organization_name="xavatar sandbox")
        leaf = authority.issue_cert(*dict.fromkeys([*domains, "localhost", "127.0.0.1", "::1"]))
        directory = Path(tempfile.mkdtemp(prefix="xavatar-sandbox-"))
        weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        self.ca_file = directory / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Direct TLS asks for it (XEP-0368, 3).
        self.context.set_alpn_protocols(["xmpp-client"])
        leaf.configure_cert(self.context)
