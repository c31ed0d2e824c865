"""Kernels that are spoken to over sockets of the file system: no port for another process to take.

Over TCP a kernel is told its ports by whoever starts it, who found them free a moment before. Any connection
made on the machine meanwhile may take one, and the kernel ends with "Address already in use".

The module is a plugin for pytest as well: nbmake, which cannot be told what starts its kernels, starts them so.
"""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

import jupyter_client
from jupyter_client.manager import AsyncKernelManager, KernelManager
from traitlets.config import Config

#: What an application of Jupyter's takes on its command line to do the same.
OPTION = "--KernelManager.transport=ipc"
_CONFIG = Config(KernelManager={"transport": "ipc"})


def connection_file() -> str:
    """Name a file that nobody has, its sockets beside it; short, since a socket's path ends after 107 bytes."""
    return str(Path(tempfile.gettempdir(), f"kernel-{uuid.uuid4().hex[:12]}.json"))


def kernel_manager() -> KernelManager:
    """Make what starts one kernel."""
    return KernelManager(config=_CONFIG, connection_file=connection_file())


class IPCKernelManager(AsyncKernelManager):
    """What nbclient takes as its `kernel_manager_class`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given | {"config": _CONFIG, "connection_file": connection_file()})


def pytest_configure() -> None:
    """Have nbmake's notebooks run on such kernels (see above): by this name nbclient looks their manager up."""
    jupyter_client.AsyncKernelManager = IPCKernelManager
