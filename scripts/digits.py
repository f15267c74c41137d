"""The figures of MNIST digits: their methods and problems."""

import report
from sweep import Method

import tf_gencs as gencs


def _ours(preset_arguments=None, told_noise=False):
    def make(problem, seed):
        told = {"noise": problem.noise} if told_noise else {}
        return report.ours({"seed": seed}, preset_arguments, **told)

    return make


def _tuned(basis):
    return lambda problem, seed: report.tuned_lasso(basis, problem).recover


def _reference(basis):
    return lambda problem, seed: gencs.baselines.Lasso.reference(basis).recover


# Without a basis to deviate in, "auto" searches G's range alone.
_SEARCH = {"deviation_basis": None}
_ALL_IN_RANGE = {"representation_error": 0.0}

_METHODS = {
    "ours": Method("tf_gencs, solver='auto'", "C3o-", _ours()),
    "search": Method("the same, within G's range", "C1s-", _ours(_SEARCH)),
    "told": Method("the same, told the noise", "C6D--", _ours(told_noise=True)),
    "in-range": Method(
        "tf_gencs, told that G reaches all", "C6D--", _ours(_ALL_IN_RANGE)
    ),
    "in-range-search": Method(
        "the same, within G's range", "C1s-", _ours({**_SEARCH, **_ALL_IN_RANGE})
    ),
    "reference": Method(
        "reference protocol (CSGM)",
        "C0^-",
        lambda problem, seed: report.reference_protocol({"seed": seed}),
        rival=True,
    ),
    "lasso-pixel": Method("Lasso, pixel, tuned", "C2x-", _tuned("pixel"), rival=True),
    "lasso-dct": Method("Lasso, DCT, tuned", "C4x-", _tuned("dct"), rival=True),
    "lasso-wavelet": Method(
        "Lasso, wavelet, tuned", "C5x-", _tuned("wavelet"), rival=True
    ),
    "lasso-pixel-reference": Method(
        "Lasso, pixel, penalty 0.1", "C2+:", _reference("pixel")
    ),
    "lasso-dct-reference": Method("Lasso, DCT, penalty 0.1", "C4+:", _reference("dct")),
}


def methods(*names):
    """Some of the methods, by their names."""
    return {name: _METHODS[name] for name in names}


def measured(options):
    """The measured MNIST digits of a figure: a function of (m, noise, seed)."""
    images, _ = gencs.datasets.mnist_samples()
    images = images[: options.signals]
    return lambda m, noise, seed: report.measure(images, m, seed, noise)
