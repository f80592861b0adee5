"""What every test may lean on: where real data lies, small OMOP sources from text, and no network beyond loopback."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _no_network_beyond_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and str(address[0]) not in {"127.0.0.1", "localhost", "::1"}:
            raise AssertionError(f"a test tried to reach the network: {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_dir():
        message = f"real data is absent: {name} belongs in shared/data beside the repository"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def desynpuf() -> Path:
    """CMS DE-SynPUF in OMOP form."""
    return _shared("desynpuf_omop")


@pytest.fixture(scope="session")
def synthea() -> Path:
    """The small OMOP 5.4 export as CSV."""
    return _shared("synthea27nj")


@pytest.fixture
def omop(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small OMOP source from tables given as text; see `omop_text.write`."""
    from tests import omop_text

    def write(**tables: str) -> Path:
        return omop_text.write(tmp_path / "omop", **tables)

    return write
