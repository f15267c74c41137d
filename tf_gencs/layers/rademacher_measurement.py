"""Random signs as a measurement."""

import keras

from tf_gencs.layers.seeded_measurement import SeededMeasurement


@keras.saving.register_keras_serializable(package="tf_gencs")
class RademacherMeasurement(SeededMeasurement):
    """y = A vec(x) with independent entries +-1/sqrt(m): E||A x||^2 = ||x||^2.

    Nothing is stored: each entry is a bit of the counter-based generator Philox4x32-10,
    the same on CPU and GPU. What a coded aperture or a single-pixel camera with
    binary patterns measures.

    Args:
        measurements: m, at least 1; it may exceed n.
        seed: seed of the matrix; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1 or not an integer, or a wrong seed.

    Example:

    ```python
    A = gencs.layers.RademacherMeasurement(100, seed=0)
    y = A(x)  # (batch, 100); no matrix is stored
    ```

    Source: Achlioptas, "Database-friendly random projections", 2003; Duarte et al.,
    "Single-pixel imaging via compressive sampling", 2008.
    """

    distribution = "rademacher"
    _structural = ()

    def __init__(self, measurements, seed=None, **kwargs):
        super().__init__(measurements, "seed", seed, **kwargs)
