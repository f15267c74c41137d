"""What attackers get of classifiers, and what generative models do about it."""

from tf_gencs.defence.attack import Attack
from tf_gencs.defence.cat import Cat, cat
from tf_gencs.defence.gradient_attacks import bpda, pgd
from tf_gencs.defence.hard_label import hard_label
from tf_gencs.defence.in_range import latent_attack
from tf_gencs.defence.invert_and_classify import InvertAndClassify
from tf_gencs.defence.overpowered import Pairs, overpowered
from tf_gencs.defence.purify_and_classify import PurifyAndClassify
from tf_gencs.defence.robustness import robustness_report
from tf_gencs.defence.robustness_page import RobustnessReport
from tf_gencs.defence.segment import segment
from tf_gencs.pages import with_page

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "Attack",
    "Cat",
    "InvertAndClassify",
    "Pairs",
    "PurifyAndClassify",
    "RobustnessReport",
    "bpda",
    "cat",
    "hard_label",
    "latent_attack",
    "overpowered",
    "pgd",
    "robustness_report",
    "segment",
]
