"""`results.json` and the checksums that ACRO and the SACRO viewer read, without ACRO.

The form is that of ACRO 1.0.2 (`acro/record.py`: `finalise_json`, `write_checksums`, `load_records`), which refuses a file of another
version. Its outputs are *custom*: ACRO checked none of them, this package's gate did. So each is to be reviewed, and what somebody answers
for is marked as failed, with the reason as ACRO's exception.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hfrisk.egress.behind import Counts
from hfrisk.egress.files import ReleasedFile

__all__ = ["ACRO", "RESULTS", "checksum_name", "checksums", "results_text"]

ACRO = "1.0.2"
"""The version of ACRO whose form is written, and the only one that will load it."""

RESULTS = "results.json"


def results_text(
    files: Sequence[ReleasedFile],
    behind: Mapping[str, Counts],
    words: Mapping[str, str],
    *,
    when: str,
    exceptions: Sequence[str] = (),
) -> str:
    """The text of `results.json`.

    Parameters
    ----------
    files
        Everything that leaves, `results.json` itself aside.
    behind
        What stands behind each, by name.
    words
        What each is, by name.
    when
        Time of the release, ISO 8601.
    exceptions
        What somebody answers for about the model, in sentences.
    """
    results = {}
    for file in files:
        of_model = file.kind == "model"
        counts = behind.get(file.name, Counts())
        told = [f"The gate of hfrisk: {counts.rule}."] if counts.rule else []
        if counts.smallest is not None:
            told.append(f"Smallest count shown: {counts.smallest}; cells withheld: {counts.withheld}.")
        status = "fail" if of_model and exceptions else "review"
        results[file.name] = {
            "uid": file.name,
            "status": status,
            "type": "custom",
            "properties": {},
            "files": [{"name": file.name, "sdc": {}}],
            "outcome": {},
            "command": "hfrisk release",
            "summary": f"{status}; {' '.join(told)}".strip().rstrip(";"),
            "timestamp": when,
            "comments": [words.get(file.name, "")],
            "exception": " ".join(exceptions) if of_model else "",
            "fair": {},
        }
    tool = {"@type": "SoftwareApplication", "name": "ACRO", "url": "https://github.com/AI-SDC/ACRO", "version": ACRO}
    whole: dict[str, Any] = {"version": ACRO, "tool": tool, "results": results}
    return json.dumps(whole, indent=4, ensure_ascii=False)


def checksum_name(name: str) -> str:
    """Where the checksum of a file lies."""
    return f"checksums/{name}.txt"


def checksums(files: Sequence[ReleasedFile]) -> dict[str, str]:
    """The SHA-256 of each file in hexadecimal digits, by the path of the file that holds it."""
    return {checksum_name(file.name): hashlib.sha256(file.content).hexdigest() for file in files}
