"""Draws error against noise: ours, the reference's, Lasso's.

    ./scripts/figure_error_vs_noise            # hours; goes on where it was interrupted
    ./scripts/figure_error_vs_noise --quick    # minutes

The first MNIST test images. Noise is given by its expected norm over all of y, as in
the reference; digits have a norm of about 9. "Told the noise" is ours compiled with
`noise=`; the tuned Lasso knows it too. Every run's figures go to error_vs_noise.csv,
beside the picture; what stands there is not computed again.
"""

import quiet_tensorflow  # noqa: F401
import digits
import matplotlib.pyplot as plt
import sweep

NAME = "error_vs_noise"
METHODS = digits.methods(
    "ours", "told", "search", "reference", "lasso-pixel", "lasso-wavelet"
)
VALUES = {
    "m": ((100, 500), (100,)),
    "noise": ((0.01, 0.1, 1.0, 2.0, 5.0, 10.0), (0.1, 5.0)),
}


def main(arguments=None):
    options = sweep.parse(__doc__, METHODS, VALUES, arguments)
    results = sweep.Results(options.out / f"{NAME}.csv")
    measure = digits.measured(options)
    count = len(options.m)
    figure, axes = plt.subplots(1, count, figsize=(5.5 * count, 4.5), squeeze=False)
    for axis, m in zip(axes[0], options.m, strict=True):
        for noise in options.noise:
            results.compute(options, measure, m, noise)
        points = {f"{noise:g}": (m, noise) for noise in options.noise}
        header = f"MSE per pixel at m = {m}, noise"
        sweep.print_errors(results, options, header, points)
        sweep.draw_errors(axis, results, options, options.noise, points.values())
        axis.set_xscale("log")
        axis.set_xlabel("expected norm of the noise in y")
        axis.set_title(f"{m} measurements, {options.signals} digits, 95 % confidence")
    axes[0, 0].legend(fontsize=8)
    sweep.save(figure, options, NAME)


if __name__ == "__main__":
    main()
