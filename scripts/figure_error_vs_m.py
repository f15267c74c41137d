"""Draws error against the number of measurements: ours, the reference's, Lasso's.

    ./scripts/figure_error_vs_m            # hours; goes on where it was interrupted
    ./scripts/figure_error_vs_m --quick    # minutes

The first MNIST test images, noise 0.1/sqrt(m) in every measurement. Every run's figures
go to error_vs_m.csv, beside the picture; what stands there is not computed again.
"""

import quiet_tensorflow  # noqa: F401
import digits
import matplotlib.pyplot as plt
import report
import sweep

NAME = "error_vs_m"
METHODS = digits.methods(
    "ours",
    "search",
    "reference",
    "lasso-pixel",
    "lasso-dct",
    "lasso-wavelet",
    "lasso-pixel-reference",
    "lasso-dct-reference",
)
MEASUREMENTS = {"m": ((10, 25, 50, 100, 200, 400, 500, 750), (25, 100))}


def main(arguments=None):
    options = sweep.parse(__doc__, METHODS, MEASUREMENTS, arguments)
    results = sweep.Results(options.out / f"{NAME}.csv")
    measure = digits.measured(options)
    for m in options.m:
        results.compute(options, measure, m, report.NOISE)
    points = {m: (m, report.NOISE) for m in options.m}
    sweep.print_errors(results, options, "MSE per pixel, m =", points)

    figure, axis = plt.subplots(figsize=(7, 5))
    sweep.draw_errors(axis, results, options, options.m, points.values())
    axis.set_xscale("log")
    axis.set_xticks(options.m, map(str, options.m))
    axis.minorticks_off()
    axis.set_xlabel("measurements of 784 pixels")
    axis.set_title(f"{options.signals} held-out MNIST digits, 95 % confidence")
    axis.legend(fontsize=8)
    sweep.save(figure, options, NAME)


if __name__ == "__main__":
    main()
