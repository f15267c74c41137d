"""What gives reason to doubt a recovery: warnings, one of each kind a call."""

import numpy as np

from tf_gencs import user_warning

# A signal whose x explains less of y, in squares, is no answer.
_HALF = 0.5


def share_explained(y, error):
    """1 - error / ||y||^2 of each signal, (batch,); see `RecoveryResult.explained`.

    Args:
        y: dict from names to arrays (batch, m).
        error: ||A x - y||^2, (batch,).
    """
    whole = sum(np.sum(np.square(part, dtype="float64"), axis=1) for part in y.values())
    nothing_left = np.where(error > 0, -np.inf, 1.0)
    share = 1 - error / np.where(whole > 0, whole, 1)
    return np.where(whole > 0, share, nothing_left).astype(error.dtype)


def warn(result, data):
    """Warns of a `RecoveryResult` that there is reason to doubt.

    Args:
        result: the `RecoveryResult`.
        data: the `DataTerms` that it answers.
    """
    _warn_of_lost_signals(result)
    # Losses other than squares leave outliers unexplained, as they should.
    if data.squares and data.settings.explains:
        _warn_of_unexplained(result, data)


def _warn_of_lost_signals(result):
    if result.restart_errors is None:
        return
    lost = np.isinf(result.restart_errors)
    if lost.any():
        nothing_left = (
            " See whether `model.generate(1)` is finite: weights that training lost to "
            "NaN spoil every signal."
        )
        user_warning.warn(
            f"{np.count_nonzero(lost)} of {lost.size} restarts met NaN or infinity and "
            f"were ended; {np.count_nonzero(lost.all(axis=1))} of {len(lost)} signals "
            "have no finite restart and `converged` is False for them."
            f"{nothing_left if lost.all() else ''}"
        )


def _warn_of_unexplained(result, data):
    told = data.measurements * (data.noise or 0.0) ** 2
    beyond_noise = result.measurement_error > told + 3 * np.sqrt(2 * told)
    # Of a y of zeros there is nothing to explain.
    unexplained = (result.explained < _HALF) & np.isfinite(result.explained)
    unexplained &= beyond_noise
    count, bad = len(unexplained), np.count_nonzero(unexplained)
    if 2 * bad > count:
        share = np.median(result.explained[unexplained])
        user_warning.warn(
            f"`x` explains less than half of `y` for {bad} of {count} signals, in the "
            f"median {100 * share:.0f} %; `RecoveryResult.explained` tells of each. "
            "Signals that the model knows have other measurements: look at the order "
            "and the scale of `A` and at the model's `value_range`, give the solver "
            "more steps or restarts, tell `compile(noise=)` if `y` is that noisy, or "
            "take `gencs.losses.Huber` if some of its numbers are wrong."
        )
