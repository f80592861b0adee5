"""What every test may lean on: where real data lies, small OMOP sources from text, and no network beyond loopback."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hfrisk.cdm import Cdm
from tests import engines

# Expressions are many small objects that hold no cycles: the collector need not walk through all of them time and again.
gc.set_threshold(100_000, 20, 50)

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


# where a test takes minutes: begun last, they would keep one processor at work while the other has none
_LONG = ("spec", "run", "features", "cohort")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are handed out in this order to those who run them side by side."""
    place = {name: at for at, name in enumerate(_LONG)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(place)))


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


@pytest.fixture(scope="session")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, engines.EngineUnderTest]]:
    """The engines that are running; each is started when it is asked for first, and stopped when the tests end."""
    running: dict[str, engines.EngineUnderTest] = {}
    yield running
    for started in running.values():
        started.stop()


@pytest.fixture
def _start(
    _servers: dict[str, engines.EngineUnderTest],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], engines.EngineUnderTest]]:
    """Gives an engine by name, and closes what the test opened there."""
    used = []

    def start(name: str) -> engines.EngineUnderTest:
        if name not in _servers:
            _servers[name] = engines.start(name, tmp_path_factory.mktemp(name))
        used.append(_servers[name])
        for variable, value in _servers[name].environment().items():
            monkeypatch.setenv(variable, value)
        return _servers[name]

    yield start
    for engine in used:
        engine.close_all()


@pytest.fixture
def engine(request: pytest.FixtureRequest, _start: Callable[[str], engines.EngineUnderTest]) -> engines.EngineUnderTest:
    """Each engine in turn: `engine.open({table: frame})` gives an open source, `engine.name` its name."""
    return _start(request.param)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every engine, or those that the test's file names as `ENGINES`, or that the test itself names."""
    named = any("engine" in marker.args[0] for marker in metafunc.definition.iter_markers("parametrize"))
    if "engine" in metafunc.fixturenames and not named:
        metafunc.parametrize("engine", getattr(metafunc.module, "ENGINES", engines.NAMES), indirect=True)


@pytest.fixture
def only_postgres(_start: Callable[[str], engines.EngineUnderTest]) -> engines.EngineUnderTest:
    """PostgreSQL alone."""
    return _start("postgres")


@pytest.fixture
def shared_searches(
    only_postgres: engines.EngineUnderTest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[engines.PostgresServer]:
    """A PostgreSQL in which several workers may record one search; emptied afterwards."""
    assert isinstance(only_postgres, engines.PostgresUnderTest)
    monkeypatch.setenv("HFRISK_TUNING_URL", f"{only_postgres.url}?options=-csearch_path%3Dscratch")
    yield only_postgres.server
    with only_postgres.server.admin() as session:
        session.execute("DROP SCHEMA scratch CASCADE")
        session.execute("CREATE SCHEMA scratch AUTHORIZATION analyst")


@pytest.fixture
def only_spark(_start: Callable[[str], engines.EngineUnderTest]) -> engines.EngineUnderTest:
    """Spark alone."""
    return _start("spark")


@pytest.fixture
def desynpuf_on(engine: engines.EngineUnderTest, desynpuf: Path) -> Cdm:
    """DE-SynPUF on each engine in turn, loaded once for the session."""
    return engine.open_parquet(desynpuf)
