"""What the scripts that report figures share: measuring, comparing, printing."""

import dataclasses
import time

import numpy as np
import tensorflow as tf

import tf_gencs as gencs

# Expected norm of the noise in y: the reference's on MNIST.
NOISE = 0.1


def noise_per_measurement(m, noise=NOISE):
    """Standard deviation in each of m measurements of noise of that norm."""
    return noise / np.sqrt(m)


@dataclasses.dataclass
class Problem:
    """Signals and what was measured of them."""

    x: np.ndarray
    A: gencs.layers.Measurement
    y: np.ndarray
    noise: float  # standard deviation, of each measurement

    peak: float = 1.0  # width of the signals' value range

    @property
    def m(self):
        return self.A.measurements


def measure(x, m, seed, noise=NOISE, peak=1.0):
    """Measures signals by m Gaussian rows, with noise of that expected norm."""
    A = gencs.layers.GaussianMeasurement(m, seed=seed)
    clean = A(x).numpy()
    # A generator of its own: noise must not repeat the numbers behind A.
    error = np.random.default_rng([seed, m]).normal(size=clean.shape)
    deviation = noise_per_measurement(m, noise)
    y = clean + deviation * error
    return Problem(x, A, y.astype("float32"), deviation, peak)


@dataclasses.dataclass
class Outcome:
    """How well a method did, averaged over the signals."""

    method: str
    signals: int
    m: int
    mse: float
    psnr: float
    measurement_error: float
    seconds: float
    x_hat: np.ndarray = dataclasses.field(repr=False)
    errors: np.ndarray = dataclasses.field(repr=False)  # MSE of every signal

    def row(self):
        return (
            f"{self.method:<28} {self.signals:>7} {self.m:>5} {self.mse:>10.5f} "
            f"{self.psnr:>7.2f} {self.measurement_error:>12.5f} {self.seconds:>8.2f}"
        )


HEADER = (
    f"{'method':<28} {'signals':>7} {'m':>5} {'MSE/pixel':>10} {'PSNR':>7} "
    f"{'|Ax-y|^2':>12} {'seconds':>8}"
)


def evaluate(method, problem, recover):
    """Runs `recover(y, A)` on a problem and says how near it came to the truth."""
    start = time.perf_counter()
    x_hat = recover(problem.y, problem.A)
    seconds = time.perf_counter() - start
    residual = problem.A(x_hat).numpy() - problem.y
    errors = np.mean((x_hat - problem.x) ** 2, axis=(1, 2, 3))
    return Outcome(
        method=method,
        signals=len(problem.x),
        m=problem.m,
        mse=float(np.mean(errors)),
        psnr=float(np.mean(tf.image.psnr(problem.x, x_hat, max_val=problem.peak))),
        measurement_error=float(np.mean(np.sum(residual**2, axis=1))),
        seconds=seconds,
        x_hat=x_hat,
        errors=errors,
    )


def ours(
    recover_arguments=None,
    preset_arguments=None,
    preset="mnist_vae",
    **compile_arguments,
):
    """Our recovery with a preset, as a function of y and A."""
    model = gencs.models.GenerativeModel.from_preset(preset, **(preset_arguments or {}))
    model.compile(**compile_arguments)
    arguments = {"seed": 0, "verbose": 0, **(recover_arguments or {})}
    return lambda y, A: model.recover(y, A, **arguments)


def tuned_lasso(basis, problem):
    """Lasso with the penalty that suits 100 training digits best under this A."""
    tuning, _ = gencs.datasets.mnist_samples("train")
    return gencs.baselines.Lasso.tuned(basis, problem.A, tuning, noise=problem.noise)


def reference_protocol(recover_arguments=None):
    """10 restarts of 1000 Adam steps, penalty 0.1: the CSGM reference on MNIST."""
    solver = gencs.solvers.Adam(0.01, steps=1000, restarts=10)
    return ours(recover_arguments, solver=solver, latent_penalty=0.1)
