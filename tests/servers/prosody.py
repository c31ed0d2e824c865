"""Prosody 0.12 (Debian's package, with `prosody-modules` for room avatars)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import ClassVar

from .base import RunningServer
from .cast import Contact

CONFIG = """\
pidfile = "{home}/pid"
data_path = "{home}/data"
run_as_root = {root}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {tls_port} }}
s2s_ports = {{}}
http_ports = {{}}
https_ports = {{ {web_port} }}
https_interfaces = {{ "127.0.0.1" }}
https_ssl = {{ key = "{key}", certificate = "{chain}" }}
http_default_host = "{uploads_domain}"
modules_disabled = {{ "s2s" }}
modules_enabled = {{
  "roster", "saslauth", "tls", "disco", "ping", "presence", "posix", "pep", "vcard4", {modules}
}}
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
limits = {{}}
pep_service_cache_size = 100000 -- by default 1000: a larger roster would be read from disk again for every question
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}
ssl = {{ key = "{key}", certificate = "{chain}" }}
VirtualHost "{domain}"
Component "{rooms_domain}" "muc"
  modules_enabled = {{ "vcard_muc" }}
  restrict_room_creation = false
Component "{uploads_domain}" "http_file_share"
  http_external_url = "https://127.0.0.1:{web_port}/"
"""


class Prosody(RunningServer):
    """Prosody in the foreground; accounts and rosters are files of its internal storage."""

    kind: ClassVar[str] = "prosody"
    needs: ClassVar[tuple[str, ...]] = ("prosody", "/usr/lib/prosody/modules/mod_vcard_muc")

    def prepare(self) -> None:
        """Write configuration, accounts and rosters."""
        modules = ["vcard_legacy" if self.conversion else "vcard", *(["smacks"] if self.stream_management else [])]
        config = CONFIG.format(
            home=self.home, root="true" if os.getuid() == 0 else "false", port=self.port, tls_port=self.tls_port,
            modules=", ".join(f'"{module}"' for module in modules), key=self.key_file, chain=self.chain_file,
            domain=self.domain, rooms_domain=self.rooms_domain, uploads_domain=self.uploads_domain,
            web_port=self.web_port,
        )
        (self.home / "prosody.cfg.lua").write_text(config)
        rosters = self.cast.rosters()
        host = self.home / "data" / self.domain.replace(".", "%2e").replace("-", "%2d")
        for folder in ("accounts", "roster"):
            (host / folder).mkdir(parents=True)
        for user, password in self.accounts.items():
            (host / "accounts" / f"{user}.dat").write_text(f"return {{ password = {_quote(password)} }};\n")
            entries = "".join(self._entry(contact) for contact in rosters[user])
            (host / "roster" / f"{user}.dat").write_text(
                f"return {{ [false] = {{ pending = {{}}; version = 1 }};\n{entries}}};\n"
            )

    def _entry(self, contact: Contact) -> str:
        groups = "".join(f"[{_quote(group)}] = true;" for group in contact.groups)
        name = f"name = {_quote(contact.name)}; " if contact.name else ""
        return (
            f"[{_quote(self.jid(contact.user))}] = "
            f"{{ subscription = {_quote(contact.subscription)}; {name}groups = {{ {groups} }} }};\n"
        )

    def spawn(self, output: Path) -> subprocess.Popen[bytes]:
        """Run it in the foreground."""
        with output.open("ab") as out:
            return subprocess.Popen(
                ["prosody", "-F", "--config", self.home / "prosody.cfg.lua"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )

    def flush(self) -> None:
        """Do nothing: what Prosody has answered is in its files."""

    def ready(self) -> bool:
        """Tell whether it listens."""
        return self.accepts()


def _quote(text: str) -> str:
    """Return a Lua string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
