"""compile and recover, through the public API."""

import signal
import threading
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tf_gencs import seeds

SHAPE = (6, 6, 1)


@pytest.fixture(scope="module")
def model():
    return gencs.models.GenerativeModel(random_generator())


@pytest.fixture(scope="module")
def A():
    return gencs.layers.GaussianMeasurement(12, seed=0)


@pytest.fixture(scope="module")
def x(model):
    return model.generate(7, seed=1)


@pytest.fixture(scope="module")
def y(x, A):
    return A(x).numpy()


def compiled(latent_prior="normal", run_eagerly=True, **kwargs):
    model = gencs.models.GenerativeModel(random_generator(), latent_prior)
    model.compile(run_eagerly=run_eagerly, **kwargs)
    return model


def recover(model, y, A, **kwargs):
    kwargs = {"seed": 2, "verbose": 0, **kwargs}
    return model.recover(y, A, **kwargs)


@pytest.mark.long
def test_recovers_signals_in_the_range_without_compile(model, A, x, y):
    x_hat = recover(model, y, A)
    assert isinstance(x_hat, np.ndarray)
    assert x_hat.shape == x.shape
    assert np.mean((x_hat - x) ** 2) < 1e-8


def test_result_holds_what_it_says(A, x, y):
    model = compiled(solver="lbfgs")
    result = recover(model, y, A, return_result=True)
    restarts = gencs.solvers.LBFGS().restarts
    assert result.x.shape == x.shape
    assert result.z.shape == (7, 4)
    assert result.restart_errors.shape == (7, restarts)
    for field in ("measurement_error", "objective", "steps", "converged"):
        assert getattr(result, field).shape == (7,)
    np.testing.assert_allclose(model.generate(z=result.z), result.x, atol=1e-6)
    residual = A(result.x).numpy() - y
    np.testing.assert_allclose(
        result.measurement_error, np.sum(residual**2, axis=1), atol=1e-9
    )
    np.testing.assert_allclose(
        result.measurement_error, result.restart_errors.min(axis=1), atol=1e-9
    )
    assert result.converged.dtype == bool
    assert (result.steps >= 1).all()
    assert result.seed == 2


@pytest.mark.parametrize(
    "solver",
    [
        gencs.solvers.Adam(0.05, steps=600, restarts=3),
        "lbfgs",
    ],
    ids=str,
)
def test_every_solver_recovers(solver, A, x, y):
    model = compiled(solver=solver, latent_penalty=0, run_eagerly=False)
    assert np.mean((recover(model, y, A) - x) ** 2) < 1e-3


def test_float64_recovers_to_float64_precision():
    generator = random_generator(dtype="float64")
    model = gencs.models.GenerativeModel(generator, dtype="float64")
    model.compile(solver=gencs.solvers.LBFGS(steps=200, tolerance=0), latent_penalty=0)
    A = gencs.layers.GaussianMeasurement(12, seed=0, dtype="float64")
    x = model.generate(5, seed=1)
    x_hat = recover(model, A(x).numpy(), A)
    assert x_hat.dtype == np.float64
    assert np.median(np.mean((x_hat - x) ** 2, axis=(1, 2, 3))) < 1e-16


def test_recovers_through_a_nonlinear_measurement(model, x):
    box = lambda x: tf.tanh(tf.reshape(x, (-1, 36)) - 0.5)  # noqa: E731
    x_hat = recover(model, box(x).numpy(), box)
    assert np.mean((x_hat - x) ** 2) < 1e-6


def test_same_seed_gives_the_same_bits_and_another_seed_other_ones(model, A, y):
    first = recover(model, y, A, return_result=True)
    again = recover(model, y, A, return_result=True)
    for field in ("x", "z", "measurement_error", "restart_errors", "steps"):
        np.testing.assert_array_equal(getattr(again, field), getattr(first, field))
    other = recover(model, y, A, seed=3, return_result=True)
    assert not np.array_equal(other.restart_errors, first.restart_errors)


@pytest.mark.long
def test_a_drawn_seed_is_told_and_repeats_the_call(model, A, y):
    first = recover(model, y, A, seed=None, return_result=True)
    again = recover(model, y, A, seed=first.seed, return_result=True)
    np.testing.assert_array_equal(again.z, first.z)
    other = recover(model, y, A, seed=None, return_result=True)
    assert other.seed != first.seed


def test_more_restarts_never_raise_the_measurement_error(A, y):
    errors = [
        recover(
            compiled(solver=gencs.solvers.LBFGS(steps=3, restarts=restarts)),
            y,
            A,
            return_result=True,
        ).restart_errors
        for restarts in (1, 20)
    ]
    assert errors[1].min(axis=1).mean() < errors[0].min(axis=1).mean()


@pytest.mark.long
def test_penalty_pulls_latents_towards_the_prior(A, y):
    norms = [
        np.linalg.norm(
            recover(compiled(latent_penalty=penalty), y, A, return_result=True).z
        )
        for penalty in (0.0, 1.0, 100.0)
    ]
    assert norms[0] > norms[1] > norms[2]


def test_objective_is_error_plus_penalty(A, y):
    model = compiled(latent_penalty=0.5, estimate="best")
    result = recover(model, y, A, return_result=True)
    expected = result.measurement_error + 0.5 * np.sum(result.z**2, axis=1)
    np.testing.assert_allclose(result.objective, expected, rtol=1e-5)


def test_takes_a_keras_loss_that_keeps_lanes_apart(A, x, y):
    model = compiled(loss=keras.losses.Huber(reduction=None), latent_penalty=0)
    assert np.mean((recover(model, y, A) - x) ** 2) < 1e-4


def test_zero_measurements_are_recovered(model, A):
    assert np.isfinite(recover(model, np.zeros((2, 12), "float32"), A)).all()


@pytest.mark.long
def test_one_start_that_meets_nan_leaves_the_others_alone(A, y):
    class Poisoned(gencs.priors.NormalPrior):
        """Gives every signal's first start, and all starts of signal 0, a NaN."""

        def sample(self, shape, seed, stream="latent", dtype="float32"):
            z = super().sample(shape, seed, stream, dtype).numpy()
            z[0] = np.nan
            if seed == seeds.of_signals(2, 1)[0]:
                z[:] = np.nan
            return tf.constant(z)

    for solver in (gencs.solvers.LBFGS(20), gencs.solvers.Adam(0.05, 20, 4)):
        model, clean = (
            compiled(prior, solver=solver, latent_penalty=0)
            for prior in (Poisoned(), "normal")
        )
        with pytest.warns(RuntimeWarning, match="1 of 7 signals"):
            poisoned = recover(model, y, A, return_result=True)
        expected = recover(clean, y, A, return_result=True)
        assert not poisoned.converged[0]
        assert np.isinf(poisoned.restart_errors[:, 0]).all()
        assert np.isinf(poisoned.restart_errors[0]).all()
        np.testing.assert_allclose(
            poisoned.restart_errors[1:, 1:], expected.restart_errors[1:, 1:], atol=1e-9
        )


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (np.zeros((2, 13), "float32"), ValueError, r"\(batch, 12\).*\(2, 13\)"),
        (np.zeros(12, "float32"), ValueError, r"`y` must have shape \(batch, 12\)"),
        (np.zeros((2, 12, 2), "float32"), ValueError, r"Received: \(2, 12, 2\)"),
        (np.float32(1), ValueError, "`y` must have shape"),
        (np.zeros((2, 12), "complex64"), TypeError, "real numbers.*complex64"),
        (np.full((2, 12), "a"), TypeError, "real numbers"),
        (np.full((2, 12), None), TypeError, "real numbers.*object"),
        ({"a": np.zeros((2, 12))}, TypeError, r"one measurement.*dict with \['a'\]"),
        (None, TypeError, "`y` must hold measurements"),
        ([[1.0], [1.0, 2.0]], TypeError, "`y`"),
        (np.full((2, 12), np.nan), ValueError, "`y` must be finite.*2 of 2"),
        (np.full((2, 12), -np.inf), ValueError, "`y` must be finite"),
        (np.full((2, 12), 1e39), ValueError, "`y` must be finite.*float32"),
    ],
)
def test_rejects_wrong_y(y, error, message, model, A):
    with pytest.raises(error, match=message):
        recover(model, y, A)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "`batch_size`"),
        ({"seed": -1}, ValueError, "`seed`"),
        ({"verbose": "loud"}, ValueError, "`verbose`"),
        ({"callbacks": [object()]}, TypeError, "`callbacks`"),
    ],
)
def test_rejects_wrong_arguments(kwargs, error, message, model, A, y):
    with pytest.raises(error, match=message):
        recover(model, y, A, **kwargs)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"solver": "newton"}, ValueError, "`solver` must be one of"),
        ({"solver": 3}, TypeError, "`solver` must be one of"),
        ({"solver": keras.optimizers.Adam()}, TypeError, "`solver`"),
        ({"loss": "mae"}, ValueError, "`loss` must be one of"),
        ({"loss": 3}, TypeError, "`loss` must be one of"),
        ({"loss": keras.losses.Huber()}, ValueError, "reduction=None"),
        ({"latent_penalty": -1}, ValueError, "`latent_penalty`"),
        ({"latent_penalty": "none"}, ValueError, "`latent_penalty`"),
        ({"latent_penalty": float("nan")}, ValueError, "`latent_penalty`"),
    ],
)
def test_compile_rejects(kwargs, error, message):
    with pytest.raises(error, match=message):
        compiled(**kwargs)


@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize(
    "box",
    [
        lambda x: tf.zeros((tf.shape(x)[0], 3)),
        lambda x: tf.cast(tf.reshape(x, (-1, 36)) > 0.5, tf.float32)[:, :3],
        lambda x: tf.stop_gradient(tf.reshape(x, (-1, 36))[:, :3]),
    ],
    ids=["constant", "threshold", "stopped gradient"],
)
def test_rejects_an_a_without_a_gradient(box, penalty):
    with pytest.raises(
        ValueError, match="`A` and the generator must be differentiable"
    ):
        recover(compiled(latent_penalty=penalty), np.zeros((2, 3), "float32"), box)


@pytest.mark.parametrize("solver", ["auto", "lbfgs"])
def test_an_operator_of_zeros_is_told_to_be_0(solver):
    A = tf.linalg.LinearOperatorZeros(
        3, 36, is_square=False, is_self_adjoint=False, dtype=tf.float32
    )
    with pytest.raises(ValueError, match=r"`A` must measure something.*gives 0"):
        recover(compiled(solver=solver), np.zeros((2, 3), "float32"), A)


def test_rejects_a_loss_that_is_not_one_number_a_lane(A, y):
    class Squares(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.square(y_true - y_pred)

    model = compiled(loss=Squares(reduction=None))
    with pytest.raises(ValueError, match="`loss` must give one number per lane"):
        recover(model, y, A)


@pytest.mark.long
def test_ctrl_c_ends_a_long_search_soon_and_the_model_goes_on(A, x, y):
    solver = gencs.solvers.Adam(1e-9, steps=10**7)
    slow = compiled(solver=solver, run_eagerly=False)
    timer = threading.Timer(2.0, signal.raise_signal, (signal.SIGINT,))
    # A process in the background may have been started deaf to it.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        recover(slow, y, A)
    signal.signal(signal.SIGINT, heard)
    assert time.perf_counter() - start < 60  # the search itself would take hours
    slow.compile(solver=gencs.solvers.LBFGS())
    assert np.mean((recover(slow, y, A) - x) ** 2) < 1e-6


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def on_recover_begin(self, logs):
        self.calls.append(("begin", logs["signals"], logs["batches"]))

    def on_recover_batch_begin(self, batch, logs):
        self.calls.append(("batch begin", batch, logs["signals"]))

    def on_recover_batch_end(self, batch, logs):
        assert logs["measurement_error"] >= 0
        self.calls.append(("batch end", batch, logs["signals"]))

    def on_recover_end(self, logs):
        self.calls.append(("end", logs["signals"], logs["batches"]))


def test_callbacks_hear_of_every_chunk(model, A, y):
    recorder = Recorder()
    recover(model, y, A, batch_size=5, callbacks=[recorder])
    assert recorder.model is model
    assert recorder.calls == [
        ("begin", 7, 2),
        ("batch begin", 0, 5),
        ("batch end", 0, 5),
        ("batch begin", 1, 2),
        ("batch end", 1, 2),
        ("end", 7, 2),
    ]


def test_shows_a_progress_bar_unless_silent(model, A, y, capsys):
    recover(model, y, A, batch_size=5, verbose=1)
    assert "measurement_error" in capsys.readouterr().out
    recover(model, y, A, verbose=0)
    assert capsys.readouterr().out == ""


def test_an_interrupted_call_leaves_the_model_as_it_was(model, A, y):
    class Interrupt(keras.callbacks.Callback):
        def on_recover_batch_end(self, batch, logs):
            raise KeyboardInterrupt

    before = recover(model, y, A)
    with pytest.raises(KeyboardInterrupt):
        recover(model, y, A, batch_size=2, callbacks=Interrupt())
    np.testing.assert_array_equal(recover(model, y, A), before)


@pytest.mark.long
def test_a_sweep_over_many_measurements_is_quiet(model, x, logged_by_tensorflow):
    for m in range(2, 8):  # more than a model keeps
        A = gencs.layers.GaussianMeasurement(m, seed=0)
        recover(model, A(x[:1]), A)
    assert not logged_by_tensorflow.records
