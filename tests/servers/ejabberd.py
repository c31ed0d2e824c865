"""ejabberd 23 (Debian's package), run as a plain Erlang program.

Not through ``ejabberdctl``: that insists on the user `ejabberd`, starts Erlang's port mapper and leaves it running, and
costs a second for every question. Here the program itself imports the accounts and then says that it is ready.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import ClassVar
from xml.sax.saxutils import escape, quoteattr

from tests.support import find

from .base import RunningServer

CONFIG = """\
hosts: [{domain}]
loglevel: 4
certfiles: ["{both}"]
acme: {{auto: false}}
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, starttls_required: true, access: c2s,
     shaper: none, max_stanza_size: 10485760}}
  - {{port: {tls_port}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, access: c2s,
     shaper: none, max_stanza_size: 10485760}}
  - {{port: {web_port}, ip: "127.0.0.1", module: ejabberd_http, tls: true, request_handlers: {{/: mod_http_upload}}}}
acl: {{local: {{user_regexp: ""}}}}
access_rules: {{local: {{allow: local}}, c2s: {{allow: all}}}}
modules:
  mod_roster: {{}}
  mod_disco: {{}}
  mod_caps: {{}}
  mod_ping: {{}}
  mod_vcard: {{search: false}}
  mod_muc: {{host: {rooms_domain}, access_create: local}}
  mod_pubsub: {{access_createnode: local, plugins: [flat, pep]}}
  mod_http_upload: {{host: {uploads_domain}, docroot: "{home}/uploads", put_url: "https://127.0.0.1:{web_port}",
    thumbnail: false}}
"""
START = (
    '{{ok, _}} = application:ensure_all_started(ejabberd), '
    'case filelib:is_regular("{home}/users.xml") of '
    'true -> ok = ejabberd_piefxis:import_file(<<"{home}/users.xml">>), ok = file:delete("{home}/users.xml"); '
    'false -> ok end, '
    'ok = file:write_file("{home}/ready", <<>>), '
    # Mnesia keeps writes in memory for seconds; a file named `flush` asks for them to be on disk.
    'spawn(fun Watch() -> timer:sleep(50), case filelib:is_regular("{home}/flush") of true -> '
    'mnesia:dump_log(), [dets:sync(T) || T <- mnesia:system_info(tables), '
    'mnesia:table_info(T, storage_type) == disc_only_copies], file:delete("{home}/flush"); '
    'false -> ok end, Watch() end).'
)


class Ejabberd(RunningServer):
    """ejabberd on a node without a name; accounts and rosters come from a XEP-0227 file."""

    kind: ClassVar[str] = "ejabberd"
    needs: ClassVar[tuple[str, ...]] = ("ejabberdctl", "erl")

    def prepare(self) -> None:
        """Write configuration, accounts and rosters."""
        config = CONFIG.format(
            domain=self.domain, rooms_domain=self.rooms_domain, both=self.both_file, port=self.port,
            tls_port=self.tls_port, web_port=self.web_port, uploads_domain=self.uploads_domain, home=self.home,
        )
        modules = ["mod_avatar", "mod_vcard_xupdate"] if self.conversion else []
        modules += ["mod_stream_mgmt"] if self.stream_management else []
        (self.home / "ejabberd.yml").write_text(config + "".join(f"  {module}: {{}}\n" for module in modules))
        (self.home / "inetrc").write_text('{lookup,["file","native"]}.\n')
        (self.home / "users.xml").write_text(self._export())
        for folder in ("spool", "log"):
            (self.home / folder).mkdir()

    def _export(self) -> str:
        """Return accounts and rosters in the format of XEP-0227."""
        users = []
        rosters = self.cast.rosters()
        for user, password in self.accounts.items():
            items = "".join(
                f"<item jid={quoteattr(self.jid(contact.user))} subscription='{contact.subscription}'"
                f"{f' name={quoteattr(contact.name)}' if contact.name else ''}>"
                f"{''.join(f'<group>{escape(group)}</group>' for group in contact.groups)}</item>"
                for contact in rosters[user]
            )
            users.append(
                f"<user name={quoteattr(user)} password={quoteattr(password)}>"
                f"<query xmlns='jabber:iq:roster'>{items}</query></user>"
            )
        return (
            f"<?xml version='1.0'?><server-data xmlns='urn:xmpp:pie:0'>"
            f"<host jid='{self.domain}'>{''.join(users)}</host></server-data>"
        )

    def spawn(self, output: Path) -> subprocess.Popen[bytes]:
        """Run it in the foreground."""
        (self.home / "ready").unlink(missing_ok=True)
        environment = os.environ | {
            "EJABBERD_CONFIG_PATH": str(self.home / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.home / "log" / "ejabberd.log"),
            "ERL_CRASH_DUMP_BYTES": "0",
            "ERL_INETRC": str(self.home / "inetrc"),
            "ERL_LIBS": _libraries(),
            "HOME": str(self.home),
        }
        with output.open("ab") as out:
            return subprocess.Popen(
                ["erl", "-noinput", "-mnesia", "dir", f'"{self.home}/spool"', "-eval", START.format(home=self.home)],
                env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )

    def flush(self) -> None:
        """Have everything written before a kill."""
        (request := self.home / "flush").touch()
        deadline = time.monotonic() + 10
        while request.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def ready(self) -> bool:
        """Tell whether it has imported its accounts."""
        return (self.home / "ready").exists()


def _libraries() -> str:
    """Return where Debian keeps ejabberd's Erlang libraries; its control script knows."""
    script = find("ejabberdctl")
    found = script and re.search(r"^ERL_LIBS='(.+)'", Path(script).read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError("ejabberdctl does not tell where its Erlang libraries are")
    return found[1]
