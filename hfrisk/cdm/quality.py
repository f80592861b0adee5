"""Numbered checks about the data itself (HFR0xx)."""

from __future__ import annotations

from hfrisk.checks import Check

__all__ = ["absent_tables", "unreadable_values"]

_OPTIONAL = {
    "death": ("deaths", "Nobody is known to have died, so deaths in hospital and after discharge are not seen."),
    "measurement": ("blood tests and vital signs", "The model knows no laboratory value."),
    "drug_exposure": ("medicines", "The model knows no medicine."),
    "observation": ("observations", "Deprivation and social circumstances are not known."),
    "care_site": ("sites", "Sites are shown by their number in the source."),
}


def absent_tables(found: set[str]) -> list[Check]:
    """HFR001: optional tables that the source does not have."""
    absent = [name for name in _OPTIONAL if name not in found]
    if not absent:
        return []
    return [
        Check(
            "HFR001",
            "warning" if "death" in absent else "note",
            "Some tables are not in the source",
            "The source has no {tables}.",
            " ".join(_OPTIONAL[name][1] for name in absent),
            "Ask for the missing tables if the study needs them; otherwise nothing.",
            facts={"tables": ", ".join(f"{name} ({_OPTIONAL[name][0]})" for name in absent)},
        )
    ]


def unreadable_values(table: str, column: str, values: int, rows: int) -> Check:
    """HFR002: values that could not be read as their column's type, taken as missing."""
    share = values / rows if rows else 0.0
    return Check(
        "HFR002",
        "warning" if share > 0.001 else "note",
        "Some values cannot be read",
        "{values} values of {column} in {table} cannot be read as its type.",
        "They count as missing; a row without a required value is left out.",
        "Look at the column in the source: dates are written 2024-03-31, numbers with a point.",
        counts={"values": values},
        facts={"column": column, "table": table},
    )
