"""The models against published measurements: cases, how they are read, and how each model scores.

A case is one published, measured result with its inputs; `score` puts the model's answer beside it.
What the model cannot express is refused with its reason and counted; what it misses is shown,
explained and kept.
"""

from gigaplan.evidence.scores import score
from gigaplan.evidence.text import score_lines

__all__ = ["score", "score_lines"]
