"""Compares the automatic latent penalty with fixed ones, at every m.

    ./scripts/penalty_rule               # 300 digits, seeds 0 1: minutes

MSE per pixel of the default recovery, and of G(z) alone. A rule is worth having if no
fixed value beats it by much at any m.
"""

import argparse

import quiet_tensorflow  # noqa: F401
import numpy as np
import report

import tf_gencs as gencs

MEASUREMENTS = (10, 25, 50, 100, 200, 400, 500, 750)
PENALTIES = ("auto", 0.0, 0.01, 0.1, 1.0)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signals", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--m", type=int, nargs="+", default=MEASUREMENTS)
    options = parser.parse_args(arguments)
    images = gencs.datasets.mnist_samples()[0][: options.signals]
    head = "".join(f"{penalty!s:>10}" for penalty in PENALTIES)
    print(f"{'m':>4} {'':<6}{head}{'auto / best fixed':>20}")
    for m in options.m:
        print_row(m, "x", errors(images, m, options.seeds))
        in_range = errors(images, m, options.seeds, lambda model, r: model(r.z))
        print_row(m, "G(z)", in_range)


def errors(images, m, seeds, signals=lambda model, result: result.x):
    """MSE of each penalty, over all seeds."""
    found = []
    for penalty in PENALTIES:
        model = gencs.models.VAE.from_preset("mnist_vae")
        model.compile(latent_penalty=penalty)
        squares = []
        for seed in seeds:
            problem = report.measure(images, m, seed)
            result = model.recover(
                problem.y, problem.A, seed=0, verbose=0, return_result=True
            )
            squares.append(np.mean((signals(model, result) - images) ** 2))
        found.append(np.mean(squares))
    return found


def print_row(m, what, found):
    row = "".join(f"{error:10.2e}" for error in found)
    ratio = found[0] / min(found[1:])
    print(f"{m:>4} {what:<6}{row}{ratio:>20.3f}", flush=True)


if __name__ == "__main__":
    main()
