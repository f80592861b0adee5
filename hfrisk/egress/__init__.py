"""What goes through the airlock: files of a finished run, a manifest, ACRO's list, and a summary for two human checkers."""

from __future__ import annotations

from hfrisk.egress.files import ReleasedFile
from hfrisk.egress.making import Egress, make_egress

__all__ = ["Egress", "ReleasedFile", "make_egress"]
