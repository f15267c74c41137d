"""One battery for all losses: lanes, gradients, curvature, configs, refusals."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gencs import losses

# Each with the smallest and largest y_true and y_pred that it is tried on.
CASES = {
    "sse": (losses.SumSquaredError(), (-2, 2), (-2, 2)),
    "l1": (losses.AbsoluteError(), (-2, 2), (-2, 2)),
    "huber": (losses.Huber(0.7), (-2, 2), (-2, 2)),
    "poisson": (losses.Poisson(), (0, 9), (0.5, 9)),
    "poisson, scaled": (losses.Poisson(50, background=0.1), (0, 1), (0, 1)),
    "poisson, negative means": (losses.Poisson(5, floor=0.2), (0, 0.1), (-3, 0.02)),
    "amplitude": (losses.AmplitudeError(), (-2, 2), (-2, 2)),
    "maximize": (losses.Maximize(), (0, 0), (-2, 2)),
    "maximize one": (losses.Maximize(2), (0, 0), (-2, 2)),
    "cross-entropy": (losses.CrossEntropy(), (0, 1), (0.05, 0.9)),
    "cross-entropy, logits": (losses.CrossEntropy(from_logits=True), (0, 1), (-3, 3)),
    "class": (losses.CrossEntropy(1), (0, 0), (0.05, 0.9)),
    "minimax": (losses.Minimax(), (0, 0), (-3, 3)),
    "log-ratio": (losses.LogRatio(), (0, 0), (-3, 3)),
    "non-saturating": (losses.NonSaturating(), (0, 0), (-3, 3)),
    "least squares": (losses.LeastSquares(), (0, 0), (-3, 3)),
    "hinge": (losses.Hinge(), (0, 0), (-3, 3)),
    "wasserstein": (losses.Wasserstein(2.0), (0, 0), (-3, 3)),
    "class, logits": (losses.CrossEntropy(1, from_logits=True), (0, 0), (-3, 3)),
}
EXTREMES = [0.0, 1e-30, -1e-30, 1e-3, 1.0, -1.0, 1e4, -1e4, 1e15, -1e15]


def sample(rng, case, dtype="float64"):
    loss, true, pred = CASES[case]
    y_true, y_pred = (
        rng.uniform(*span, size=(6, 5)).astype(dtype) for span in (true, pred)
    )
    return loss, y_true if loss.needs_y else None, y_pred


def values_and_gradient(loss, y_true, y_pred):
    y_pred = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        values = loss(y_true, y_pred)
    return values, tape.gradient(values, y_pred)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gives_one_number_per_lane_in_the_dtype_of_y(rng, case, dtype):
    loss, y_true, y_pred = sample(rng, case, dtype)
    values = loss(y_true, y_pred)
    assert values.shape == (6,)
    assert values.dtype == dtype
    for lane in range(6):
        alone = loss(
            None if y_true is None else y_true[lane : lane + 1], y_pred[lane : lane + 1]
        )
        np.testing.assert_allclose(alone[0], values[lane], rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_float32_agrees_with_float64(rng, case):
    loss, y_true, y_pred = sample(rng, case, "float32")
    narrow = values_and_gradient(loss, y_true, y_pred)
    wide_true = None if y_true is None else y_true.astype("float64")
    wide = values_and_gradient(loss, wide_true, y_pred.astype("float64"))
    for ours, expected in zip(narrow, wide, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_that_of_finite_differences(rng, case):
    loss, y_true, y_pred = sample(rng, case)
    gradient = values_and_gradient(loss, y_true, y_pred)[1].numpy()
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-6
        difference = loss(y_true, y_pred + step) - loss(y_true, y_pred - step)
        np.testing.assert_allclose(
            gradient[:, column], difference / 2e-6, rtol=1e-6, atol=1e-6
        )


@pytest.mark.parametrize("case", CASES)
def test_second_derivative_is_that_of_finite_differences(rng, case):
    loss, y_true, y_pred = sample(rng, case)
    z = tf.constant(y_pred)
    direction = tf.constant(rng.normal(size=y_pred.shape))
    with tf.GradientTape() as outer:
        outer.watch(z)
        with tf.GradientTape() as inner:
            inner.watch(z)
            value = tf.reduce_sum(loss(y_true, z))
        along = tf.reduce_sum(inner.gradient(value, z) * direction)
    second = outer.gradient(along, z, unconnected_gradients="zero")
    ahead, behind = (
        values_and_gradient(loss, y_true, y_pred + sign * 1e-6 * direction.numpy())[1]
        for sign in (1, -1)
    )
    np.testing.assert_allclose(second, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_gradients_and_curvature_stay_finite_at_extremes(case, dtype):
    loss = CASES[case][0]
    y_true, y_pred = np.meshgrid(EXTREMES, EXTREMES)
    # Rows of one pair each: a neighbour must not hide an infinity.
    y_true, y_pred = (
        np.repeat(y.reshape(-1, 1), 3, 1).astype(dtype) for y in (y_true, y_pred)
    )
    values, gradient = values_and_gradient(loss, y_true, y_pred)
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    curvature = loss.curvature(y_true, y_pred).numpy()
    assert np.isfinite(curvature).all()
    assert (curvature >= 0).all()


@pytest.mark.parametrize("case", CASES)
def test_nan_in_one_lane_stays_there(rng, case):
    loss, y_true, y_pred = sample(rng, case)
    y_pred[2] = np.nan
    values = loss(y_true, y_pred).numpy()
    assert np.isnan(values[2])
    assert np.isfinite(np.delete(values, 2)).all()


@pytest.mark.parametrize("case", CASES)
def test_works_in_a_graph_that_does_not_know_the_number_of_lanes(rng, case):
    loss, y_true, y_pred = sample(rng, case)
    spec = tf.TensorSpec((None, 5), "float64")

    @tf.function(input_signature=[spec] if y_true is None else [spec, spec])
    def graph(y_pred, y_true=None):
        return loss(y_true, y_pred), loss.curvature(y_true, y_pred)

    args = (y_pred,) if y_true is None else (y_pred, y_true)
    np.testing.assert_allclose(graph(*args)[0], loss(y_true, y_pred), rtol=1e-12)
    assert graph(*(y[:0] for y in args))[0].shape == (0,)
    np.testing.assert_allclose(graph(*args)[1], loss.curvature(y_true, y_pred))


@pytest.mark.parametrize("case", CASES)
def test_config_keeps_everything(rng, case):
    loss, y_true, y_pred = sample(rng, case)
    again = losses.get(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.needs_y == loss.needs_y
    np.testing.assert_array_equal(again(y_true, y_pred), loss(y_true, y_pred))


def test_every_exported_loss_has_a_case():
    exported = {value for value in vars(losses).values() if isinstance(value, type)} - {
        losses.MeasurementLoss,
        losses.AdversarialLoss,
    }
    assert exported == {type(loss) for loss, *_ in CASES.values()}


def test_names_give_losses():
    expected = {
        "amplitude": losses.AmplitudeError,
        "cross_entropy": losses.CrossEntropy,
        "hinge": losses.Hinge,
        "l1": losses.AbsoluteError,
        "least_squares": losses.LeastSquares,
        "log_ratio": losses.LogRatio,
        "maximize": losses.Maximize,
        "minimax": losses.Minimax,
        "non_saturating": losses.NonSaturating,
        "poisson": losses.Poisson,
        "sse": losses.SumSquaredError,
        "wasserstein": losses.Wasserstein,
    }
    assert {name: type(losses.get(name)) for name in losses.names} == expected


def test_a_given_dtype_stands():
    loss = losses.SumSquaredError(dtype="float32")
    assert loss(np.zeros((2, 3)), np.ones((2, 3))).dtype == "float32"
    assert loss.get_config()["dtype"] == "float32"


def test_keras_may_weigh_and_reduce():
    loss = losses.AbsoluteError(reduction="sum")
    y_true, y_pred = np.zeros((2, 3)), np.ones((2, 3))
    assert loss(y_true, y_pred, sample_weight=[1.0, 10.0]) == 33.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.get("huber"), r"`loss` must be one of .*Huber\(delta\).*huber"),
        (lambda: losses.get("mae"), "`loss` must be one of"),
        (lambda: losses.get(keras.losses.Huber()), "reduction=None"),
        (lambda: losses.Huber(0), "`delta` must be .* above 0.*: 0"),
        (lambda: losses.Huber(float("inf")), "`delta` must be a finite number"),
        (lambda: losses.AbsoluteError(epsilon=-1), "`epsilon` must be .* above 0"),
        (lambda: losses.Poisson(photons=0), "`photons` must be .* above 0"),
        (lambda: losses.Poisson(background=-1), "`background` must be .* at least 0"),
        (lambda: losses.Poisson(floor=0), "`floor` must be .* above 0"),
        (lambda: losses.Maximize(index=-1), "`index` must be an integer"),
        (lambda: losses.Maximize(index=1.5), "`index` must be an integer"),
        (lambda: losses.CrossEntropy(label=-1), "`label` must be an integer"),
        (lambda: losses.CrossEntropy(from_logits=1), "`from_logits` must be True or"),
    ],
)
def test_refuses_bad_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("identifier", "error"),
    [("mse", ValueError), (3, TypeError), (lambda y_true, y_pred: 0, TypeError)],
)
def test_get_tells_which_losses_there_are(identifier, error):
    with pytest.raises(error, match=r"`loss` must be one of.*Keras.*`reduction=None`"):
        losses.get(identifier)


def test_losses_print_their_settings():
    assert repr(losses.Huber(0.5)) == "Huber(delta=0.5)"
    assert repr(losses.SumSquaredError()) == "SumSquaredError()"


@pytest.mark.parametrize(
    ("loss", "y_true", "message"),
    [
        (
            losses.SumSquaredError(),
            None,
            "`y_true` must be given to `sum_squared_error`",
        ),
        (losses.Poisson(), np.zeros((2, 4)), r"`y_true` must have the shape \(2, 3\)"),
        (losses.Huber(1.0), np.zeros(3), r"`y_true` must have the shape.*\(3,\)"),
        (losses.Maximize(3), None, "`index` must be below the 3 outputs.*: 3"),
        (losses.CrossEntropy(3), None, "`label` must be below the 3 classes.*: 3"),
    ],
)
def test_refuses_y_that_does_not_fit(loss, y_true, message):
    with pytest.raises(ValueError, match=message):
        loss(y_true, np.zeros((2, 3)))
    if "index" not in message:
        with pytest.raises(ValueError, match=message):
            loss.curvature(y_true, np.zeros((2, 3)))
