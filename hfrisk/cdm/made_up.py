"""Made-up tables in place of the source, on the study's own engine."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hfrisk.cdm.columns import in_contract_names
from hfrisk.cdm.connect import open_tables
from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engines import open_engine
from hfrisk.cdm.settings import SourceSettings
from hfrisk.cdm.source import Cdm
from hfrisk.errors import StudyError
from hfrisk.fingerprints import text_fingerprint

__all__ = ["made_up"]


def made_up(settings: SourceSettings, tables: Mapping[str, pd.DataFrame]) -> Cdm:
    """Open made-up tables on the engine that `settings` name. Nothing of the source is read.

    Parameters
    ----------
    settings
        The study's own source settings; only the engine and its connection are used.
    tables
        Frames of texts or Python values, columns named as in the contract; None and NaN are missing. Tables of the contract that
        are not given are empty, required ones too.

    Returns
    -------
    Cdm
        Read through the same contract as a real source. Results last as long as it is open.

    Raises
    ------
    StudyError
        If a table is none of the contract's.
    """
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        raise StudyError(
            f"hfrisk reads no table {unknown[0]}.", where="made-up tables", todo=f"It reads {', '.join(TABLES)}."
        )
    engine = open_engine(settings, None)
    try:
        raw = {}
        for name, contract in TABLES.items():
            if name not in tables and not contract.required:
                continue
            frame = tables.get(name, pd.DataFrame())
            columns = [
                *frame.columns,
                *[c.name for c in contract.columns if c.required and c.name not in frame.columns],
            ]
            rows = [{str(key): _text(value) for key, value in row.items()} for row in frame.to_dict("records")]
            raw[name] = in_contract_names(engine.values(rows, dict.fromkeys(map(str, columns), "string")), name, {})
        cdm = open_tables(engine, raw, where="made-up tables", stages=None)
    except BaseException:
        engine.close()
        raise
    cdm.fingerprint = text_fingerprint(
        ["made up", *[f"{name}:{tables[name].to_csv(index=False)}" for name in sorted(tables)]]
    )
    return cdm


def _text(value: object) -> str | None:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float) and value.is_integer():
        # a whole number in a column that has gaps
        return str(int(value))
    return value.hex() if isinstance(value, bytes) else str(value)
