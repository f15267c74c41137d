"""What gencs.testing tells users about their own measurements."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs


class Blur(gencs.layers.Measurement):
    """Means of neighbours, with an adjoint that is wrong by a factor."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        super().build(input_shape)
        self.measurements = self.signal_size - 1

    def _measure(self, x):
        x = self._flatten(x)
        return (x[:, 1:] + x[:, :-1]) / 2

    def _measure_adjoint(self, y):
        padded = tf.pad(y, [[0, 0], [1, 1]])
        return self._unflatten(self.factor * (padded[:, 1:] + padded[:, :-1]) / 2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_passes_an_exact_adjoint_in_both_dtypes():
    gencs.testing.check_adjoint(Blur(), (4, 4, 1))


@pytest.mark.parametrize("factor", [-1.0, 1.001])
def test_shows_both_sides_of_a_wrong_adjoint(factor):
    with pytest.raises(AssertionError, match=r"<A x, y> = \S+, <x, A\^H y> = \S+, wh"):
        gencs.testing.check_adjoint(Blur(factor), (4, 4, 1))


def test_finds_in_double_precision_what_single_precision_hides():
    blur = Blur(1 + 1e-8)
    gencs.testing.check_adjoint(blur, (4, 4, 1), dtypes=("float32",))
    with pytest.raises(AssertionError, match="in float64"):
        gencs.testing.check_adjoint(blur, (4, 4, 1))


def test_finds_an_adjoint_of_nan():
    with pytest.raises(AssertionError, match="nan"):
        gencs.testing.check_adjoint(Blur(float("nan")), (4, 4, 1))


def test_takes_another_tolerance():
    gencs.testing.check_adjoint(Blur(1.001), (4, 4, 1), tolerance=0.01)


def test_needs_the_shape_of_a_layer_that_is_not_built():
    with pytest.raises(ValueError, match="`signal_shape` must be given"):
        gencs.testing.check_adjoint(Blur())


def test_keeps_the_weights_of_the_layer_it_copies():
    A = gencs.layers.MatrixMeasurement(np.ones((2, 4)))
    gencs.testing.check_adjoint(A, (4,))  # NaN if they were lost
