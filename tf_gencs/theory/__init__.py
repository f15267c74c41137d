"""Is A good enough for G? Theory that is measured on the model at hand."""

from tf_gencs.pages import with_page
from tf_gencs.theory.coherence import Coherence, coherence
from tf_gencs.theory.consistency import Consistency, consistency
from tf_gencs.theory.diagnose import Diagnosis, diagnose
from tf_gencs.theory.error_bound import ErrorBound, error_bound
from tf_gencs.theory.expected_error import (
    ExpectedError,
    expected_error,
    measurements_needed,
)
from tf_gencs.theory.lipschitz import Lipschitz, lipschitz
from tf_gencs.theory.rank_tests import RankTests, rank_tests
from tf_gencs.theory.s_rec import SRec, s_rec
from tf_gencs.theory.uncertainty import Coverage, Intervals, Uncertainty, uncertainty

__doc__ = with_page(__doc__, __file__)

__all__ = [
    "Coherence",
    "Consistency",
    "Coverage",
    "Diagnosis",
    "ErrorBound",
    "ExpectedError",
    "Intervals",
    "Lipschitz",
    "RankTests",
    "SRec",
    "Uncertainty",
    "coherence",
    "consistency",
    "diagnose",
    "error_bound",
    "expected_error",
    "lipschitz",
    "measurements_needed",
    "rank_tests",
    "s_rec",
    "uncertainty",
]
