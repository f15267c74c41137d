"""tf_gencs: recover signals from few measurements with generative priors."""

import keras

from tf_gencs import (
    baselines,
    bases,
    callbacks,
    causal,
    datasets,
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

__version__ = "0.1.0"

__all__ = [
    "baselines",
    "bases",
    "callbacks",
    "causal",
    "datasets",
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
