"""The command line: ``xavatar audit | roster | room | me | diagnose | publish | unpublish | wipe | trace | ...``.

Exit codes
----------
====  ==========================================================================
0     fine
1     findings at or above ``--fail-on`` (`audit`, ``error`` by default; `diff`, only
      new ones, ``never`` by default); a problem that `doctor` found
2     usage: options, arguments or files that cannot be used
3     no connection, no login, or the server refused the question itself
4     incomplete: interrupted, or the server was lost; the partial result is
      shown and written all the same
70    internal: an error of xavatar; ``--debug`` shows where
====  ==========================================================================

A password is never an option, where a list of processes would show it: it comes from the
environment variable ``XAVATAR_PASSWORD``, the system's keyring, or a prompt.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line; the script ``xavatar`` calls this."""
    from . import diagnose, doctor, history, lab, publish, serve, trace  # noqa: F401  they add their commands
    from .app import app

    app(prog_name="xavatar")


__all__ = ["main"]
