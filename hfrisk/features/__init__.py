"""What was known about a person at the moment of discharge."""

from hfrisk.features.build import FeatureTable, build_features
from hfrisk.features.contract import checked, contract
from hfrisk.features.dictionary import Direction, Feature, Kind
from hfrisk.features.family import Context, Family
from hfrisk.features.groups import BY_VOLUME, NO_TRUST
from hfrisk.features.scores import SCORES
from hfrisk.features.settings import FeatureSettings
from hfrisk.features.stored import load_features, save_features
from hfrisk.features.sweep import Sweep, build_sweep
from hfrisk.features.sweep_settings import SweepSettings

__all__ = [
    "BY_VOLUME",
    "NO_TRUST",
    "SCORES",
    "Context",
    "Direction",
    "Family",
    "Feature",
    "FeatureSettings",
    "FeatureTable",
    "Kind",
    "Sweep",
    "SweepSettings",
    "build_features",
    "build_sweep",
    "checked",
    "contract",
    "load_features",
    "save_features",
]
