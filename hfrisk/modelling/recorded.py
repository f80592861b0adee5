"""Where a search is recorded: a file in the study's folder, or a PostgreSQL that several workers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.event import listen
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hfrisk.errors import DataError, StudyError
from hfrisk.modelling.claims import Alone, Record, Shared
from hfrisk.modelling.locks import GATE, holding

__all__ = ["TUNING_URL", "open_file", "open_shared", "tuning_url"]

TUNING_URL = "HFRISK_TUNING_URL"
"""The environment variable that holds the address of the shared database."""

_ANY_SEARCH = 0x68667269  # one lock for making the tables, which every search shares
_KEEP_ALIVE = {"tcp_keepalives_idle": 15, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}


@contextmanager
def open_file(folder: Path, name: str, direction: Literal["minimize", "maximize"]) -> Iterator[Record]:
    """The search `name` in ``tuning.db`` of the folder, made if it is not there.

    Raises
    ------
    StudyError
        If the folder cannot be written to.
    DataError
        If the file is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file = (folder / "tuning.db").resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("ab"):
            pass
    except OSError as error:
        raise StudyError(
            "The folder for the search cannot be written to.",
            where=str(folder),
            todo="Choose a folder that you may write to.",
        ) from error
    try:
        storage = RDBStorage(URL.create("sqlite", database=str(file)).render_as_string(hide_password=False))
        _without_waiting_for_the_disk(storage.engine)
    except DatabaseError as error:
        raise DataError("The record of the search is damaged.", where=str(file), todo="Remove the file.") from error
    try:
        yield Alone(optuna.create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True))
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _without_waiting_for_the_disk(engine: Engine) -> None:
    """Commits go to a log that is written to the disk now and then: a trial has some twenty.

    A process that is killed loses nothing, since the system has the log; a machine that loses its power may lose the last trials, and
    never the record.
    """

    def on_connect(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    engine.dispose()
    listen(engine, "connect", on_connect)


@contextmanager
def open_shared(name: str, direction: Literal["minimize", "maximize"]) -> Iterator[Record]:
    """The search `name` in the database that the environment names, made if it is not there.

    Raises
    ------
    StudyError
        If the environment names none, or it cannot be reached or written to. The address is never repeated.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = tuning_url()
    locks = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,  # a session that ends must end at the server too
        connect_args={"application_name": f"hfrisk tune {os.getpid()}"},
    )
    storage: RDBStorage | None = None
    try:
        try:
            session = locks.connect()
        except SQLAlchemyError:
            raise StudyError(
                "The PostgreSQL of the search cannot be reached, or refused the connection.",
                where=TUNING_URL,
                todo="Look at the address, the user's name and password, and whether the server is running.",
            ) from None
        with session:
            for setting, value in _KEEP_ALIVE.items():
                session.execute(text(f"SET {setting} = {value}"))
            # Tables are made by whoever comes first; two at once would stumble over each other.
            with holding(session, _ANY_SEARCH, GATE):
                try:
                    storage = RDBStorage(url.render_as_string(hide_password=False))
                    study = optuna.create_study(
                        storage=storage, study_name=name, direction=direction, load_if_exists=True
                    )
                except (SQLAlchemyError, RuntimeError):
                    raise StudyError(
                        "The search cannot be recorded in PostgreSQL.",
                        where=TUNING_URL,
                        todo="Give the user a schema in which it may create tables, first in its search_path, without tables of "
                        "another version of Optuna.",
                    ) from None
            yield Shared(study, session)
    except (SQLAlchemyError, StorageInternalError):
        raise StudyError(
            "The PostgreSQL of the search was lost while it was being used.",
            where=TUNING_URL,
            todo="Run the same command again when it is back; every finished trial is kept.",
        ) from None
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()
        locks.dispose()


def tuning_url() -> URL:
    """The address of the shared database, from the environment.

    Raises
    ------
    StudyError
        If there is none, it is not one of PostgreSQL, or the driver is not installed.
    """
    todo = f"Set {TUNING_URL} to postgresql://USER:PASSWORD@HOST/DATABASE, in the environment and nowhere else."
    given = os.environ.get(TUNING_URL, "").strip()
    if not given:
        raise StudyError("The environment does not say where the search is shared.", where=TUNING_URL, todo=todo)
    try:
        url = make_url(given)
    except ArgumentError:
        raise StudyError("The address of the search cannot be understood.", where=TUNING_URL, todo=todo) from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise StudyError("A search is shared in PostgreSQL only.", where=TUNING_URL, todo=todo)
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StudyError(
            "Sharing a search needs the package psycopg.",
            where="model.storage",
            todo="Install hfrisk with its extra: pip install 'hfrisk[postgres]'.",
        ) from None
    return url.set(drivername="postgresql+psycopg")
