"""The study: one document (YAML) that describes a run."""

from hfrisk.study.loading import load_study, study_from
from hfrisk.study.settings import STUDY_NAME, FolderSettings, Study
from hfrisk.study.shape import model_of, walk

__all__ = ["STUDY_NAME", "FolderSettings", "Study", "load_study", "model_of", "study_from", "walk"]
