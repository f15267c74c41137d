"""One graph for all measurements of a structure: their values are lent to it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.cases import ALL, SEED, built, measurements, signals
from tf_gencs import layers
from tf_gencs.layers.support import power_method

SHAPE = (4, 4, 1)


def on(A, shape=SHAPE):
    A.build((None, *shape))
    return A


def gaussian(m=5, seed=0, **kwargs):
    return on(layers.GaussianMeasurement(m, seed=seed, **kwargs))


def matrix(entries):
    return on(layers.MatrixMeasurement(entries), (entries.shape[1],))


@pytest.mark.parametrize("name", ALL)
def test_a_graph_of_one_serves_another_of_its_structure_to_the_same_bits(name):
    A, B = built(name), built(name, seed=SEED + 1)
    assert A.structure == B.structure
    assert hash(A.structure) == hash(B.structure)
    pairs = list(zip(A.values, B.values, strict=True))
    assert any(np.any(a != b) for a, b in pairs) == ALL[name].varies

    def ask(A, x, y):
        answers = [A(x), A.squared_error(x, y)]
        if A.linear:
            answers.append(A.adjoint(y))
        return [*answers, A.mean_gain(x)]

    @tf.function(autograph=False)
    def lent(x, y, *values):
        with A.lend(values):
            return ask(A, x, y)

    own = tf.function(lambda x, y: ask(B, x, y), autograph=False)
    x, y = signals(A, 3), measurements(A, 3)
    for received, expected in zip(lent(x, y, *B.values), own(x, y), strict=True):
        np.testing.assert_array_equal(received, expected)


PAIR = [gaussian(), gaussian(seed=1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (gaussian(), gaussian(6)),
        (gaussian(), gaussian(dtype="float64")),
        (gaussian(), gaussian(storage="seed")),
        (gaussian(), on(layers.GaussianMeasurement(5), (2, 8, 1))),
        (gaussian(), on(layers.MatrixMeasurement(np.ones((5, 16))))),
        (gaussian(), on(2 * gaussian())),
        (
            on(layers.BlurDownsample(2, "box")),
            on(layers.BlurDownsample(2, "box", border="circular")),
        ),
        (
            on(layers.BlurDownsample(2, np.ones(2))),
            on(layers.BlurDownsample(2, np.ones(4))),
        ),
        (
            on(layers.CosineMeasurement(5)),
            on(layers.CosineMeasurement(5, flat=True)),
        ),
        (
            on(layers.MaskMeasurement(keep=0.5)),
            on(layers.MaskMeasurement(keep=0.5, signals=1)),
        ),
        (
            on(layers.FourierMeasurement(np.ones((4, 4), bool))),
            on(layers.FourierMeasurement(np.ones((4, 4), bool), coils=1)),
        ),
        # As many values of the same shapes, but shared by other parts.
        (
            on(layers.Stack([PAIR[0], PAIR[0], PAIR[1]])),
            on(layers.Stack([PAIR[0], PAIR[1], PAIR[1]])),
        ),
        (
            on(layers.FunctionMeasurement(tf.sin)),
            on(layers.FunctionMeasurement(tf.cos)),
        ),
    ],
    ids=lambda A: A.name,
)
def test_what_a_graph_bakes_in_is_structure(one, other):
    assert one.structure != other.structure


def test_structure_of_users_classes_is_the_object_itself():
    class Bent(layers.GaussianMeasurement):
        bend = 1.0

        def _measure(self, x):
            return self.bend * super()._measure(x)

    A, B = on(Bent(5, seed=0)), on(Bent(5, seed=0))
    assert A.structure is A
    assert layers.Stack([A]).parts[0].structure != B.structure
    assert on(layers.Stack([A])).structure != on(layers.Stack([B])).structure
    x = signals(A, 2)
    with A.lend(gaussian(seed=1).values):
        lent = A(x)
    np.testing.assert_array_equal(lent, gaussian(seed=1)(x))


def test_structure_needs_a_built_layer_and_values_those_of_its_structure():
    with pytest.raises(ValueError, match="must be built before `structure`"):
        _ = layers.GaussianMeasurement(3).structure
    for wrong, match in (
        ((), "`values` must be the 1 of"),
        (gaussian(6).values, r"shapes of those.*\(5, 16\). Received: \(6, 16\)"),
        (gaussian(dtype="float64").values, "dtype float64"),
    ):
        with pytest.raises(ValueError, match=match), gaussian().lend(wrong):
            pass


def test_lending_inside_lending_keeps_what_the_outer_lends():
    A, B, C = (gaussian(seed=seed) for seed in range(3))
    both = on(layers.Stack([A, B]))
    x, values = signals(A, 2), B.values
    with both.lend((*C.values, *C.values)):
        with A.lend(values):
            mixed = both(x)
        outer = both(x)
    np.testing.assert_array_equal(mixed, tf.concat([B(x), C(x)], 1))
    np.testing.assert_array_equal(outer, tf.concat([C(x), C(x)], 1))
    np.testing.assert_array_equal(both(x), tf.concat([A(x), B(x)], 1))


def test_lent_values_reach_loops_and_tapes():
    A, B = gaussian(), gaussian(seed=1)

    @tf.function(autograph=False)
    def descend(x, y, *values):
        def step(i, x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                error = A.squared_error(x, y)
            return i + 1, x - 0.1 * tape.gradient(error, x)

        with A.lend(values):
            return tf.while_loop(lambda i, _: i < 3, step, (0, x))[1]

    x, y = signals(A, 2), measurements(A, 2)
    dense = B.to_dense()
    expected = tf.reshape(x, (2, 16))
    for _ in range(3):
        expected -= 0.2 * (expected @ tf.transpose(dense) - y) @ dense
    found = tf.reshape(descend(x, y, *B.values), (2, 16))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("inside", [lambda A: A, lambda A: -A], ids=["A", "-A"])
def test_masks_travel_with_their_signals(inside):
    A = on(inside(layers.MaskMeasurement(keep=0.5, signals=4, seed=0)))
    fewer = on(inside(layers.MaskMeasurement(keep=0.5, signals=3, seed=1)))
    assert A.structure == fewer.structure
    place = A.travelling.index(True)
    assert sum(A.travelling) == 1
    x = signals(A, 4)
    y = A(x)
    lanes = tf.constant([2, 0, 0, 3, 1, 2])

    @tf.function(
        autograph=False,
        input_signature=[tf.TensorSpec((None, *SHAPE)), tf.TensorSpec([None], "int32")],
    )
    def picked(x, lanes):
        values = list(A.values)
        values[place] = tf.gather(values[place], lanes)
        with A.lend(values):
            return A(x), A.mean_gain(), power_method.norm(A)

    measured, gain, norm = picked(tf.gather(x, lanes), lanes)
    np.testing.assert_array_equal(measured, tf.gather(y, lanes))
    assert float(gain) == pytest.approx(0.5)
    assert float(norm) == pytest.approx(1)
    with A.lend(fewer.values):
        assert A(tf.repeat(x[:3], 2, axis=0)).shape == (6, 8)
        with pytest.raises(ValueError, match="must be a batch of 3 signals"):
            A(x)


def test_linear_operators_tell_their_components_as_they_are_now():
    diagonal = tf.Variable(tf.range(1.0, 17))
    A = on(layers.as_measurement(tf.linalg.LinearOperatorDiag(diagonal), SHAPE))
    before = A.structure
    assert A.operator_norm() == pytest.approx(16, rel=1e-4)
    diagonal.assign(2 * diagonal)
    assert A.structure == before
    assert A.operator_norm() == pytest.approx(32, rel=1e-4)
    np.testing.assert_array_equal(A.values[0], diagonal)


def test_linear_operators_that_hide_their_components_are_themselves():
    class Doubled(tf.linalg.LinearOperatorDiag):
        def _matmul(self, *args, **kwargs):
            return 2 * super()._matmul(*args, **kwargs)

    doubled = Doubled(tf.ones(16))
    for operator in (
        gaussian(storage="seed").as_linear_operator(),
        doubled,
        tf.linalg.LinearOperatorComposition([doubled, doubled]),
    ):
        A = on(layers.LinearOperatorMeasurement(operator))
        assert A.structure is A
        assert A.values == ()


class TestFunctions:
    def test_the_same_function_has_the_same_structure_each_time(self):
        class Box:
            def bend(self, x):
                return tf.sin(x)

        box = Box()
        for function in (tf.sin, box.bend):
            one, two = (layers.as_measurement(function, SHAPE) for _ in range(2))
            assert one.structure == two.structure
        assert one.structure != layers.as_measurement(Box().bend, SHAPE).structure

    def test_an_array_that_the_caller_writes_into_changes_the_structure(self):
        scale = np.ones(16, "float32")

        def box(x):
            return tf.reshape(x, (-1, 16)) * tf.constant(scale)

        A = layers.as_measurement(box, SHAPE)
        before, x = A.structure, signals(A, 2)

        def measure(x):
            return A(x)  # a function new to TensorFlow each time

        tf.function(measure)(x)
        scale[3] = 7
        assert A.structure != before
        np.testing.assert_array_equal(tf.function(lambda x: A(x))(x), A(x))
        assert float(A(tf.ones((1, *SHAPE)))[0, 3]) == 7

    def test_weights_of_a_keras_layer_are_values(self):
        box = keras.layers.Dense(3)
        A = layers.as_measurement(box, SHAPE)
        before, x = A.structure, signals(A, 2)
        other = [3 * value for value in A.values]
        with A.lend(other):
            lent = A(x)
        box.set_weights(other)
        assert A.structure == before
        np.testing.assert_array_equal(lent, A(x))

    def test_what_cannot_be_hashed_is_itself(self):
        class Box:
            __hash__ = None

            def __call__(self, x):
                return x

        A = layers.as_measurement(Box(), SHAPE)
        assert A.structure is A


def test_norms_of_many_measurements_take_one_graph(monkeypatch):
    made = []
    trace = power_method._graph
    monkeypatch.setattr(power_method, "_graphs", type(power_method._graphs)())
    monkeypatch.setattr(power_method, "_graph", lambda A: made.append(A) or trace(A))
    for seed in range(3):
        A = gaussian(seed=seed)
        exact = np.linalg.norm(A.to_dense(), 2)
        assert A.operator_norm() == pytest.approx(exact, rel=1e-3)
    assert len(made) == 1
    for m in range(1, 12):
        gaussian(m).operator_norm()
    assert len(power_method._graphs) <= 8


@pytest.mark.parametrize(
    ("shape", "make"),
    [
        ((3, 16), layers.MatrixMeasurement),
        ((4, 4), layers.MaskMeasurement),
        ((4, 4), layers.FourierMeasurement),
        ((2, 4, 4), lambda a: layers.FourierMeasurement(np.eye(4) > 0, coils=a)),
        ((3,), lambda a: layers.BlurDownsample(1, a)),
        ((1,), layers.GrayscaleMeasurement),
        ((3,), layers.ProjectionMeasurement),
    ],
)
def test_what_a_constructor_was_given_it_keeps(shape, make):
    given = np.ones(shape)
    masks = make in (layers.MaskMeasurement, layers.FourierMeasurement)
    given = given > 0 if masks else given
    A, B = make(given), on(make(given.copy()))
    given.flat[0] = 0
    x = signals(B, 2)
    np.testing.assert_array_equal(on(A)(x), B(x))


def test_files_do_without_what_follows_from_the_config():
    """So that files of 0.1.0, which had no such weights, load."""

    class Shifted(layers.GaussianMeasurement):
        def build(self, input_shape):
            super().build(input_shape)
            self.shift = self.add_weight(name="shift", shape=(5,), initializer="ones")

    for A, kept in (
        (gaussian(storage="seed"), 0),
        (on(2 * gaussian()), 0),
        (on(layers.BlurDownsample(2)), 0),
        (on(Shifted(5, storage="seed")), 1),
    ):
        file = {}
        A.save_own_variables(file)
        assert list(file) == ["0"][:kept]
        before = A.get_weights()
        A.load_own_variables({key: 3 * np.ones(5) for key in file})
        changed = [np.any(a != b) for a, b in zip(before, A.get_weights(), strict=True)]
        assert sum(changed) == kept
        more = {str(number): np.ones(5) for number in range(4)}
        with pytest.raises(ValueError, match="expected"):
            A.load_own_variables(more)
