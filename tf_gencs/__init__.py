"""tf_gencs: recover signals from few measurements with generative priors."""

import importlib
import os
import sys

__version__ = "0.1.0"

__all__ = [
    "baselines",
    "bases",
    "callbacks",
    "causal",
    "datasets",
    "defence",
    "images",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "priors",
    "recovery",
    "serving",
    "solvers",
    "testing",
    "theory",
]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"tf_gencs.{name}")
    raise AttributeError(f"module 'tf_gencs' has no attribute {name!r}")


def _is_command_line():
    """Whether this process is `tf-gencs` or `python -m tf_gencs`.

    They read their line before TensorFlow is imported, which takes seconds.
    """
    if sys.argv[:1] == ["-m"]:
        return ("-m", "tf_gencs") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    return os.path.basename((sys.argv or [""])[0]) in ("tf-gencs", "tf-gencs.exe")


if not _is_command_line():
    import keras

    from tf_gencs import (
        baselines,
        bases,
        callbacks,
        causal,
        datasets,
        defence,
        images,
        layers,
        losses,
        metrics,
        models,
        ops,
        priors,
        recovery,
        serving,
        solvers,
        testing,
        theory,
    )

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            "tf_gencs needs Keras's TensorFlow backend: set the environment variable "
            "`KERAS_BACKEND=tensorflow` before `import keras`, or the backend in "
            f"~/.keras/keras.json. Received: {keras.backend.backend()!r}. The networks "
            "alone run on any: put tf_gencs/models on the path and `import networks`."
        )
