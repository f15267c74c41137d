"""Draws how many signals of the generator's own are found exactly, against m.

    ./scripts/figure_in_range            # an hour; goes on where it was interrupted
    ./scripts/figure_in_range --quick    # minutes

Signals are G(z) of random z, measured without noise: only the search can fail. Besides
the default, ours is told that nothing lies outside of G's range, by a representation
error of 0. A signal counts as recovered from an MSE of 1e-6 down. Every run's figures
go to in_range.csv, beside the picture; what stands there is not computed again.
"""

import functools

import quiet_tensorflow  # noqa: F401
import digits
import matplotlib.pyplot as plt
import report
import sweep

import tf_gencs as gencs

NAME = "in_range"
METHODS = digits.methods("ours", "in-range", "in-range-search", "reference")
MEASUREMENTS = {"m": ((10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200), (25, 100))}


@functools.lru_cache(1)
def signals(count, seed):
    return gencs.models.VAE.from_preset("mnist_vae").generate(count, seed=seed)


def main(arguments=None):
    options = sweep.parse(__doc__, METHODS, MEASUREMENTS, arguments)
    results = sweep.Results(options.out / f"{NAME}.csv")

    def measure(m, noise, seed):
        return report.measure(signals(options.signals, seed), m, seed, noise)

    for m in options.m:
        results.compute(options, measure, m, 0.0)
    points = {m: (m, 0.0) for m in options.m}
    sweep.print_errors(results, options, "MSE per pixel, m =", points)
    shares = {
        options.methods[method].label: [
            results.at(options, method, *point).recovered for point in points.values()
        ]
        for method in options.methods
    }
    rows = {name: [f"{100 * one:.1f} %" for one in row] for name, row in shares.items()}
    sweep.markdown(f"MSE <= {sweep.EXACT:g}, m =", points, rows)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
    for method in options.methods:
        label, style = options.methods[method].label, options.methods[method].style
        left.plot(options.m, shares[label], style, label=label, ms=4)
    left.set_ylabel(f"share of signals with MSE <= {sweep.EXACT:g}")
    left.legend(fontsize=8)
    left.grid(alpha=0.3)
    # Errors of exact and of lost signals are no sample with a mean in the middle.
    sweep.draw_errors(
        right, results, options, options.m, points.values(), interval=False
    )
    for axis in (left, right):
        axis.set_xlabel("measurements of 784 pixels, no noise")
    figure.suptitle(f"{options.signals} signals in the generator's range")
    sweep.save(figure, options, NAME)


if __name__ == "__main__":
    main()
