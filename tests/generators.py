"""Small generators that tests recover with."""

import keras
import numpy as np


def random_generator(latent_dim=4, signal_shape=(6, 6, 1), seed=0, dtype="float32"):
    """A smooth expansive network with fixed random weights: every z has its own x."""
    rng = np.random.default_rng(seed)
    n = int(np.prod(signal_shape))
    model = keras.Sequential(
        [
            # Without a dtype, Keras rounds z to float32 on its way in.
            keras.Input((latent_dim,), dtype=_variable_dtype(dtype)),
            keras.layers.Dense(24, activation="softplus", dtype=dtype),
            keras.layers.Dense(n, activation="sigmoid", dtype=dtype),
            keras.layers.Reshape(signal_shape, dtype=dtype),
        ]
    )
    model.set_weights(
        [rng.normal(size=w.shape) / np.sqrt(w.shape[0]) for w in model.get_weights()]
    )
    return model


def linear_generator(matrix, signal_shape, dtype="float64"):
    """G(z) = W z, for answers that can be computed."""
    matrix = np.asarray(matrix)
    model = keras.Sequential(
        [
            keras.Input((matrix.shape[1],), dtype=dtype),
            keras.layers.Dense(matrix.shape[0], use_bias=False, dtype=dtype),
            keras.layers.Reshape(signal_shape, dtype=dtype),
        ]
    )
    model.set_weights([matrix.T])
    return model


def _variable_dtype(dtype):
    return keras.dtype_policies.get(dtype).variable_dtype
