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


class Rows(gencs.layers.Measurement):
    """Row sums, with an `__init__` that no config can call."""

    def __init__(self):
        super().__init__(4)

    def _measure(self, x):
        return tf.reduce_sum(x, axis=(2, 3))

    def _measure_adjoint(self, y):
        return y[:, :, None, None] * tf.ones((1, *self.signal_shape))


def test_checks_a_layer_that_cannot_be_copied_in_its_own_dtype():
    gencs.testing.check_adjoint(Rows(), (4, 3, 1))


def test_refuses_results_that_only_broadcast():
    class Sums(Rows):
        def _measure_adjoint(self, y):
            return y[:, :, None, None]

    with pytest.raises(ValueError, match=r"`Sums._measure_adjoint` must return shape"):
        gencs.testing.check_adjoint(Sums(), (4, 3, 1))


def test_finds_a_lost_imaginary_part():
    class Lost(gencs.layers.FourierMeasurement):
        def _measure(self, x):
            return tf.cast(tf.math.real(super()._measure(x)), self.signal_dtype)

        def _measure_adjoint(self, y):
            y = tf.cast(tf.math.real(y), self.signal_dtype)
            return super()._measure_adjoint(y)

    lost = Lost(np.ones((4, 4), bool), complex_signals=True)
    with pytest.raises(AssertionError, match="must be the adjoint"):
        gencs.testing.check_adjoint(lost, (4, 4, 1))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"A": None}, TypeError, "`A` must be a Measurement"),
        ({"signal_shape": (5, 5, 1)}, ValueError, r"must be \(4, 4, 1\), on which"),
        ({"signal_shape": 16}, ValueError, "`signal_shape` must be a tuple"),
        ({"tolerance": -1}, ValueError, "`tolerance` must be a finite number at least"),
        ({"seed": "a"}, ValueError, "`seed` must be"),
    ],
)
def test_rejects_wrong_arguments(arguments, error, match):
    blur = Blur()
    blur.build((None, 4, 4, 1))
    with pytest.raises(error, match=match):
        gencs.testing.check_adjoint(**{"A": blur, **arguments})


def test_takes_one_dtype_by_name():
    gencs.testing.check_adjoint(Blur(), (4, 4, 1), dtypes="float32")
