"""Lasso: recovery of signals that are sparse in a fixed basis."""

import warnings

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import bases, checks, seeds
from tf_gencs.baselines.lasso_program import LassoProgram
from tf_gencs.config_repr import config_repr
from tf_gencs.layers import as_measurement
from tf_gencs.method import Method


@keras.saving.register_keras_serializable(package="tf_gencs")
class Lasso(Method):
    """Recovers signals by their sparsest coefficients in a fixed basis.

    It recovers by itself, or for a model: `model.compile(solver=Lasso("dct"))`.

    It minimises 1/2 ||y - A x||^2 + penalty ||c||_1 over x = B^T c, where B is an
    orthonormal basis, and clips x to `value_range`. With N(0, 1/m) entries in A, this
    is what `sklearn.linear_model.Lasso(alpha=penalty)` minimises when both y and A
    are multiplied by sqrt(m), as the reference implementation of CSGM has them;
    scikit-learn, which does the work here, gets alpha = penalty / m.

    Args:
        basis: "pixel", "dct" (orthonormal 2-D DCT-II of each channel), "wavelet"
            (Haar's), or an object from `gencs.bases`.
        penalty: weight of ||c||_1, above 0.
        signal_shape: (height, width, channels) of a signal, or (n,). Needed only if A
            does not tell, as a matrix does not.
        value_range: (lowest, highest) value that x may take, or None.
        fit_intercept: whether to fit an intercept to y and drop it, which is what the
            reference does by leaving scikit-learn's default on. The answer then
            explains y only up to a constant: see `Lasso.reference`.
        tolerance: the duality gap, relative to ||y||^2, at which to stop.
        max_iterations: the most passes over all coefficients, at least 1.

    Attributes:
        penalty: as given, or as chosen by `Lasso.tuned`.
        tuning_errors: dict from each penalty that `Lasso.tuned` tried to its MSE per
            pixel; None otherwise.

    Raises:
        TypeError, ValueError: an argument is not as said above.

    Example:

    ```python
    A = gencs.layers.GaussianMeasurement(500, seed=0)
    lasso = gencs.baselines.Lasso("dct", penalty=0.01)
    x_hat = lasso.recover(A(x), A)
    ```

    Source: Tibshirani, "Regression shrinkage and selection via the lasso", 1996.
    """

    def __init__(
        self,
        basis="pixel",
        penalty=0.1,
        *,
        signal_shape=None,
        value_range=(0.0, 1.0),
        fit_intercept=False,
        tolerance=1e-4,
        max_iterations=10_000,
    ):
        if not isinstance(fit_intercept, bool):
            raise TypeError(
                f"`fit_intercept` must be True or False. Received: {fit_intercept!r}"
            )
        self.basis = bases.get(basis)
        self.penalty = checks.number(penalty, "penalty", above=0)
        self.signal_shape = _signal_shape(signal_shape)
        self.value_range = checks.value_range(value_range)
        self.fit_intercept = fit_intercept
        self.tolerance = checks.number(tolerance, "tolerance", above=0)
        self.max_iterations = checks.integer(max_iterations, "max_iterations")
        self.tuning_errors = None

    @classmethod
    def reference(cls, basis="pixel", **kwargs):
        """The Lasso of the CSGM reference implementation, its quirk included.

        Penalty 0.1, scikit-learn's default iterations, and an intercept that is fitted
        and dropped.

        Args:
            basis: as for `Lasso`.
            **kwargs: as for `Lasso`, in place of those settings.

        Returns:
            `Lasso`.

        Source: https://github.com/AshishBora/csgm, `solve_lasso` in src/utils.py.
        """
        settings = {
            "penalty": 0.1,
            "fit_intercept": True,
            "max_iterations": 1000,
        }
        return cls(basis, **{**settings, **kwargs})

    @classmethod
    def tuned(cls, basis, A, signals, *, noise=0.0, seed=0, penalties=None, **kwargs):
        """The Lasso whose penalty recovers given signals best.

        Measures the signals, tries penalties from the largest down, and stops when
        two in a row have not lowered the mean squared error by 3 per cent.

        Args:
            basis: as for `Lasso`.
            A: as for `recover`.
            signals: (batch, *signal_shape) true signals, at least one. Take them from
                a training set: the penalty is chosen with them in sight.
            noise: standard deviation of the noise of each measurement, 0 or more.
            seed: seed of that noise.
            penalties: values to try, each above 0. By default 15 of them, four a
                decade, down from the least that makes every coefficient zero.
            **kwargs: as for `Lasso`.

        Returns:
            `Lasso` with the best penalty and with `tuning_errors`.

        Raises:
            TypeError, ValueError: an argument is not as said above.
        """
        noise = checks.number(noise, "noise", at_least=0)
        seed = seeds.resolve(seed)
        shape = np.shape(signals)[1:]
        signals = checks.float_array(signals, "signals", shape)
        if len(signals) == 0:
            raise ValueError(
                f"`signals` must hold at least one signal. Received: {signals.shape}"
            )
        if "penalty" in kwargs:
            raise TypeError("`penalty` is what `Lasso.tuned` finds: give `penalties`.")
        lasso = cls(basis, **{"signal_shape": shape, **kwargs})
        if lasso.signal_shape != shape:
            raise ValueError(
                f"`signals` must have shape (batch, *{lasso.signal_shape}) to match "
                f"`signal_shape`. Received: {signals.shape}"
            )
        matrix, _ = lasso._matrix(A)
        clean = lasso.analyse(signals) @ matrix.T
        stream = seeds.stream(seed, "lasso_tuning_noise")
        error = tf.random.stateless_normal(clean.shape, stream, dtype=tf.float64)
        y = clean + noise * error.numpy()
        if penalties is None:
            # The least one is 0 only if all measurements are 0; then any will do.
            largest = np.abs(y @ matrix).max() or 1.0
            penalties = largest * np.logspace(0, -3.5, 15)
        if np.ndim(penalties) != 1:
            raise ValueError(
                f"`penalties` must be a list of numbers. Received: {penalties!r}"
            )
        penalties = [checks.number(p, "penalties", above=0) for p in penalties]
        if not penalties:
            raise ValueError("`penalties` must hold at least one. Received: none")
        errors, regressor = {}, lasso.regressor(len(matrix), warm_start=True)
        for penalty in sorted(penalties, reverse=True):
            lasso.penalty = penalty
            x_hat = lasso.solve(regressor, matrix, y, shape)
            errors[penalty] = float(np.mean((x_hat - signals) ** 2))
            # Weak penalties are by far the slowest: do not creep towards them.
            tried = list(errors.values())
            if len(tried) > 2 and min(tried[-2:]) > 0.97 * min(tried[:-2]):
                break
        lasso.penalty = min(errors, key=errors.get)
        lasso.tuning_errors = errors
        return lasso

    def recover(self, y, A):
        """Recovers signals from measurements.

        Args:
            y: (batch, m) measurements; a batch of none gives none.
            A: what measured them: a linear `Measurement` layer, a matrix (m, n) on
                vec(x) in C order, or a `tf.linalg.LinearOperator`. Its matrix is
                made, which takes 8 m n bytes.

        Returns:
            np.ndarray, float32 (batch, *signal_shape), within `value_range`.

        Raises:
            TypeError: y does not hold real numbers, or A is not linear.
            ValueError: y or A has a wrong shape, or holds NaN or infinity.
            ImportError: scikit-learn is not installed.
        """
        matrix, shape = self._matrix(A)
        y = checks.float_array(y, "y", matrix.shape[:1]).astype(np.float64)
        regressor = self.regressor(len(matrix))
        return self.solve(regressor, matrix, y, shape).astype(np.float32)

    def prepare(self, model, data):
        terms = list(data.terms.values())
        if len(terms) > 1 or not data.linear or not data.squares:
            raise ValueError(
                "`Lasso` needs one linear measurement `A` with the loss 'sse'. "
                f"Received: {terms}"
            )
        return LassoProgram(self, data, model.signal_shape)

    def get_config(self):
        return {
            "basis": keras.saving.serialize_keras_object(self.basis),
            "penalty": self.penalty,
            "signal_shape": self.signal_shape,
            "value_range": self.value_range,
            "fit_intercept": self.fit_intercept,
            "tolerance": self.tolerance,
            "max_iterations": self.max_iterations,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return config_repr(self)

    def _matrix(self, A):
        """The matrix A B^T, float64 (m, n), that measures coefficients, and the shape
        of a signal."""
        shape = self.signal_shape or getattr(A, "signal_shape", None)
        if shape is None:
            raise ValueError(
                "`signal_shape` must be given to `Lasso` when `A` does not tell it. "
                f"Received: signal_shape=None and A of type {type(A).__name__}"
            )
        measurement = as_measurement(A, shape, dtype="float64")
        if not measurement.linear:
            raise TypeError(f"`A` must be linear for Lasso. Received: {A!r}")
        rows = measurement.as_linear_operator().to_dense().numpy()
        return self.analyse(rows.reshape(-1, *shape)), tuple(shape)

    def analyse(self, x):
        """Coefficients, float64 (batch, n), of signals (batch, *signal_shape)."""
        coefficients = self.basis.analyse(x.astype(np.float64), x.ndim - 1)
        return coefficients.numpy().reshape(len(x), -1)

    def regressor(self, m, warm_start=False):
        try:
            from sklearn import linear_model
        except ImportError as error:
            raise ImportError(
                "Lasso needs scikit-learn: `pip install scikit-learn`."
            ) from error
        return linear_model.Lasso(
            alpha=self.penalty / m,
            fit_intercept=self.fit_intercept,
            tol=self.tolerance,
            max_iter=self.max_iterations,
            warm_start=warm_start,
        )

    def solve(self, regressor, matrix, y, shape):
        """Signals, float64 (batch, *signal_shape), of checked measurements."""
        from sklearn.exceptions import ConvergenceWarning

        if len(y) == 0:
            return np.zeros((0, *shape))
        regressor.set_params(alpha=self.penalty / len(matrix))
        with warnings.catch_warnings():
            # One for each signal; ours below is one for all.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regressor.fit(matrix, y.T)
        unfinished = np.sum(np.asarray(regressor.n_iter_) >= self.max_iterations)
        if unfinished:
            warnings.warn(
                f"Lasso with penalty {self.penalty:.3g} did not reach tolerance "
                f"{self.tolerance} within {self.max_iterations} iterations for "
                f"{unfinished} of {len(y)} signals. Raise `max_iterations`, `penalty` "
                "or `tolerance`.",
                ConvergenceWarning,
                stacklevel=3,
            )
        coefficients = regressor.coef_.reshape(-1, *shape)
        x = self.basis.synthesise(coefficients, len(shape)).numpy()
        return x if self.value_range is None else np.clip(x, *self.value_range)


def _signal_shape(shape):
    if shape is None:
        return None
    shape = checks.sizes(shape, "signal_shape")
    if len(shape) not in (1, 3):
        raise ValueError(
            "`signal_shape` must be (height, width, channels) or (n,). "
            f"Received: {shape}"
        )
    return shape
