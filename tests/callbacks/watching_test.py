"""Collapse warnings and convergence control."""

import warnings

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.callbacks.models import SHAPE, scripted_gan, small_vae, train


def warned(gan, steps=6, **kwargs):
    callback = gencs.callbacks.CollapseWarning(every=1, **kwargs)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(gan, steps, [callback])
    messages = [
        str(warning.message)
        for warning in caught
        if issubclass(warning.category, RuntimeWarning)
    ]
    assert len(messages) == len(callback.warned)  # once each
    return callback.warned, " ".join(messages)


def test_collapse_warning_sees_samples_that_are_all_the_same():
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(16, kernel_initializer="zeros"),
            keras.layers.Reshape(SHAPE),
        ]
    )
    gan = scripted_gan(lambda step: {"d_loss": 1.0}, generator=generator)
    signs, message = warned(gan, grace=3)
    assert signs == {"samples"}
    assert "At step 3 " in message


def test_collapse_warning_sees_a_discriminator_that_has_won():
    signs, message = warned(scripted_gan(lambda step: {"d_loss": 1.0 / 10**step}))
    assert signs == {"d_loss"}
    assert "At step 4 `d_loss` is 0.0001" in message


@pytest.mark.parametrize(
    ("balance", "signs"),
    [
        (lambda step: 0.0, {"k"}),
        (lambda step: float(step % 3 == 0), set()),
        (lambda step: 0.01, set()),
    ],
)
def test_collapse_warning_sees_a_balance_stuck_at_zero(balance, signs):
    gan = scripted_gan(lambda step: {"d_loss": 0.2, "k": balance(step)})
    assert warned(gan, patience=3)[0] == signs


def test_collapse_warning_is_silent_about_a_healthy_gan():
    gan = scripted_gan(lambda step: {"d_loss": 1.2, "k": 0.1})
    assert warned(gan, grace=0) == (set(), "")
    # A Wasserstein loss is negative when all is well.
    assert warned(scripted_gan(lambda step: {"d_loss": -3.0})) == (set(), "")


def rates(gan):
    return [
        float(gan.d_optimizer.learning_rate),
        float(gan.g_optimizer.learning_rate),
    ]


def test_convergence_control_halves_both_rates_down_to_the_floor():
    gan = scripted_gan(lambda step: {"convergence": 1.0}, rate=0.1)
    control = gencs.callbacks.ConvergenceControl(every=2, patience=2, floor=0.03)
    seen = []
    for _ in range(6):
        train(gan, 2, [control])
        seen.append(rates(gan)[0])
        assert rates(gan) == pytest.approx([seen[-1]] * 2)
    # The first window is the best so far; each two that follow do not improve on it.
    np.testing.assert_allclose(seen, [0.1, 0.1, 0.05, 0.05, 0.03, 0.03], rtol=1e-6)


def test_convergence_control_never_raises_a_rate():
    gan = scripted_gan(lambda step: {"convergence": 1.0}, rate=1e-6)
    control = gencs.callbacks.ConvergenceControl(every=1, patience=1, floor=1e-3)
    train(gan, 4, [control])
    assert rates(gan) == pytest.approx([1e-6, 1e-6])


def test_convergence_control_stops_where_improvement_ends():
    gan = scripted_gan(lambda step: {"convergence": max(1.0, 10.0 - step)})
    control = gencs.callbacks.ConvergenceControl("stop", every=1, patience=5)
    train(gan, 100, [control])
    assert gan.training_steps == 9 + 5


def test_convergence_control_waits_while_there_is_improvement():
    gan = scripted_gan(lambda step: {"convergence": 1.0 / step})
    train(gan, 20, [gencs.callbacks.ConvergenceControl(every=1, patience=1)])
    assert rates(gan) == pytest.approx([0.1, 0.1])


def test_convergence_control_judges_means_over_windows():
    # Alternating losses improve in no window of two, and in every other step of one.
    gan = scripted_gan(lambda step: {"convergence": float(step % 2)})
    control = gencs.callbacks.ConvergenceControl("stop", every=2, patience=3)
    train(gan, 100, [control])
    assert gan.training_steps == 8


def test_convergence_control_goes_on_where_its_state_was_taken():
    def gan():
        return scripted_gan(lambda step: {"convergence": 1.0 + 0.1 * (step % 7)})

    def control():
        return gencs.callbacks.ConvergenceControl("stop", every=3, patience=4)

    whole, first, second = control(), control(), control()
    train(gan(), 10, [whole])
    other = gan()
    train(other, 4, [first])
    second.set_state(first.get_state())
    train(other, 6, [second])
    assert second.get_state() == pytest.approx(whole.get_state())


def test_convergence_control_refuses_what_it_cannot_do():
    control = gencs.callbacks.ConvergenceControl(every=1)
    with pytest.raises(
        ValueError, match=r"`monitor` must name .*'d_loss'.*convergence"
    ):
        train(scripted_gan(lambda step: {"d_loss": 1.0}), 1, [control])
    vae = small_vae()
    vae.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 9)))
    with pytest.raises(ValueError, match="`action` must be 'stop'"):
        train(vae, 1, [control])


@pytest.mark.parametrize(
    "kwargs",
    [
        {"action": "wait"},
        {"every": 0},
        {"patience": 0},
        {"factor": 1.0},
        {"floor": 0.0},
        {"min_delta": -1.0},
    ],
)
def test_convergence_control_rejects_wrong_arguments(kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        gencs.callbacks.ConvergenceControl(**kwargs)


@pytest.mark.parametrize(
    "kwargs", [{"samples": 1}, {"threshold": -1.0}, {"patience": 0}, {"every": 1.5}]
)
def test_collapse_warning_rejects_wrong_arguments(kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        gencs.callbacks.CollapseWarning(**kwargs)
