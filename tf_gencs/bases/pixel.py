"""The basis in which sparse means few pixels."""

import keras

from tf_gencs.bases.basis import Basis


@keras.saving.register_keras_serializable(package="tf_gencs")
class Pixel(Basis):
    """The signal itself.

    Example:

    ```python
    basis = gencs.bases.Pixel()
    basis.analyse(x)  # x itself
    ```
    """

    def _analyse(self, x, axes):
        return x

    def _synthesise(self, c, axes):
        return c
