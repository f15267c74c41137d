"""How much shorter A makes differences of signals at worst: S-REC."""

from tf_gencs.theory.s_rec.estimate import SRec, s_rec

__all__ = ["SRec", "s_rec"]
