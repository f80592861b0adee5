"""Clinical scores, as features and to compare with, put together from what the other families found.

Each score is a file; its points, its bands and the outcome that it was made for are data (`codelists/scores.yaml`).
"""

from hfrisk.features.scores.facts import SCORES, Band, ScoreFacts
from hfrisk.features.scores.inputs import score_inputs
from hfrisk.features.scores.made import scores

__all__ = ["SCORES", "Band", "ScoreFacts", "score_inputs", "scores"]
