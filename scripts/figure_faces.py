"""Draws recovered faces, and error against the number of measurements beside Lasso's.

    ./scripts/figure_faces            # hours; goes on where it was interrupted
    ./scripts/figure_faces --quick    # minutes

Held-out cartoon faces of 64 x 64 x 3 values in [-1, 1], which ship with the package,
noise 0.01/sqrt(m) in every measurement. "Within G's range" answers with G(z), "sparse
deviation" adds what Lasso would, and ours a deviation whose sizes the preset knows.
Every run's figures go to faces.csv, beside the pictures; what stands there is not
computed again.
"""

import quiet_tensorflow  # noqa: F401
import matplotlib.pyplot as plt
import numpy as np
import report
import sweep
from drawing import draw_rows

import tf_gencs as gencs

NAME = "faces"
PRESET = "dcgan_face_avatars_64"
RANGE = (-1.0, 1.0)
NOISE = 0.01  # expected norm of the noise in y
SHOWN = 500  # measurements of the faces that are drawn
COLUMNS = 10
MEASUREMENTS = {
    "m": ((20, 50, 100, 200, 500, 1000, 2500, 5000, 7500, 10000), (100, 500))
}


def _ours(**preset_arguments):
    return lambda problem, seed: report.ours({"seed": seed}, preset_arguments, PRESET)


def _lasso(basis):
    def make(problem, seed):
        tuning, _ = gencs.datasets.face_avatars_samples("train")
        lasso = gencs.baselines.Lasso.tuned(
            basis,
            problem.A,
            tuning[:8],
            noise=problem.noise,
            value_range=RANGE,
            tolerance=1e-3,
        )
        return lasso.recover

    return make


METHODS = {
    "ours": sweep.Method("tf_gencs", "C3o-", _ours()),
    "sparse": sweep.Method(
        "the same, sparse deviation", "C6D-", _ours(deviation_scale=None)
    ),
    "search": sweep.Method(
        "the same, within G's range", "C1s-", _ours(deviation_basis=None)
    ),
    "lasso-dct": sweep.Method("Lasso, DCT, tuned", "C4x-", _lasso("dct"), rival=True),
    "lasso-haar": sweep.Method(
        "Lasso, Haar, tuned", "C5x-", _lasso("wavelet"), rival=True
    ),
    "lasso-db4": sweep.Method(
        "Lasso, db4, tuned", "C2x-", _lasso(gencs.bases.Wavelet("db4")), rival=True
    ),
}


def main(arguments=None):
    options = sweep.parse(
        __doc__, METHODS, MEASUREMENTS, arguments, signals=64, seeds=(0,)
    )
    faces = gencs.datasets.face_avatars_samples()[0][: options.signals]
    results = sweep.Results(options.out / f"{NAME}.csv")

    def measure(m, noise, seed):
        return report.measure(faces, m, seed, noise, peak=RANGE[1] - RANGE[0])

    for m in options.m:
        results.compute(options, measure, m, NOISE)
    points = {m: (m, NOISE) for m in options.m}
    sweep.print_errors(results, options, "MSE per pixel, m =", points)
    if SHOWN in options.m:
        _print_saving(results, options)
    _draw_curve(results, options)
    _draw_faces(options, measure(SHOWN, NOISE, options.seeds[0]))


def _print_saving(results, options):
    """How many measurements Lasso needs for our error, read off its curves."""
    for ours in ("ours", "search"):
        for name, method in options.methods.items():
            if ours not in options.methods or not method.rival:
                continue
            target = results.at(options, ours, SHOWN, NOISE).mse
            errors = [results.at(options, name, m, NOISE).mse for m in options.m]
            if min(errors) > target:
                needed = f"more than {max(options.m)}"
            else:
                # Errors fall with m: straight lines between points, both logarithmic.
                needed = np.interp(-np.log(target), -np.log(errors), np.log(options.m))
                needed = f"{np.exp(needed):.0f}"
            print(
                f"{method.label} needs {needed} measurements for the error of "
                f"{options.methods[ours].label} with {SHOWN}, {target:.4f}"
            )


def _draw_curve(results, options):
    figure, axis = plt.subplots(figsize=(7, 5))
    points = [(m, NOISE) for m in options.m]
    sweep.draw_errors(axis, results, options, options.m, points)
    axis.set_xscale("log")
    axis.set_xticks(options.m, [f"{m:,}" for m in options.m], rotation=45)
    axis.minorticks_off()
    axis.set_xlabel("measurements of 12,288 values")
    axis.set_title(f"{options.signals} held-out faces, 95 % confidence")
    axis.legend(fontsize=8)
    sweep.save(figure, options, f"{NAME}_curve")


def _draw_faces(options, problem):
    """Draws the first faces as every method recovers them, and two other problems."""
    problem.x, problem.y = problem.x[:COLUMNS], problem.y[:COLUMNS]
    rows = {"original": problem.x}
    for name in ("lasso-dct", "lasso-haar", "lasso-db4", "search", "sparse", "ours"):
        if name in options.methods:
            method = options.methods[name]
            recover = method.make(problem, options.seeds[0])
            rows[method.label] = recover(problem.y, problem.A)
    ours = report.ours(preset=PRESET)
    hidden = gencs.layers.MaskMeasurement(box=(20, 20, 24, 24))
    rows["24 x 24 pixels hidden"] = hidden.adjoint(hidden(problem.x)).numpy()
    rows["tf_gencs, inpainting"] = ours(hidden(problem.x), hidden)
    coarse = gencs.layers.BlurDownsample(4)
    y = coarse(problem.x).numpy()
    seen = y.reshape(-1, *coarse.measurement_shape)
    rows["16 x 16 pixels seen"] = np.repeat(np.repeat(seen, 4, 1), 4, 2)
    rows["tf_gencs, super-resolution"] = ours(y, coarse)
    picture = options.out / f"{NAME}.png"
    title = f"{SHOWN} Gaussian measurements of 12,288 values; two other problems"
    draw_rows(rows, picture, title, COLUMNS, RANGE)
    print(f"Picture: {picture}")


if __name__ == "__main__":
    main()
