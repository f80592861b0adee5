"""The harmonised data: connections, the table contract, and what opening a source shows."""

from hfrisk.cdm.connect import connect, source_fingerprint
from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.made_up import made_up
from hfrisk.cdm.settings import SourceSettings
from hfrisk.cdm.source import Cdm, Stage

__all__ = ["TABLES", "Cdm", "SourceSettings", "Stage", "connect", "made_up", "source_fingerprint"]
