"""Recovers held-out digits from 100 of 784 measurements and draws them.

    ./scripts/quickstart

Prints one table and writes a picture: originals, the better Lasso, ours.
"""

import argparse

import quiet_tensorflow  # noqa: F401
import places
import report
from drawing import draw_rows

import tf_gencs as gencs


def main():
    options = parse()
    images, _ = gencs.datasets.mnist_samples()
    problem = report.measure(images[: options.signals], options.m, options.seed)
    print(
        f"Recovering {options.signals} held-out MNIST digits of 784 pixels from "
        f"{options.m} noisy Gaussian measurements each "
        f"(native ops: {gencs.ops.backend()})\n"
    )
    # In chunks, so that the bar moves.
    shown = {"seed": options.seed, "batch_size": 16, "verbose": 1}
    methods = {
        "ours (solver='auto')": report.ours(shown),
        "reference protocol (Adam)": report.reference_protocol(shown),
        "Lasso, pixel basis, tuned": report.tuned_lasso("pixel", problem).recover,
        "Lasso, DCT basis, tuned": report.tuned_lasso("dct", problem).recover,
    }
    outcomes = []
    for name, recover in methods.items():
        print(f"{name} ...", flush=True)
        outcomes.append(report.evaluate(name, problem, recover))
    print("\n" + report.HEADER)
    for outcome in outcomes:
        print(outcome.row())
    best_lasso = min(outcomes[2:], key=lambda outcome: outcome.mse)
    rows = {"original": problem.x, "Lasso": best_lasso.x_hat, "ours": outcomes[0].x_hat}
    title = f"{options.m} Gaussian measurements of 784 pixels"
    draw_rows(rows, options.picture, title)
    print(f"\nPicture: {options.picture}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signals", type=int, default=64, help="digits, at most 300")
    parser.add_argument("--m", type=int, default=100, help="measurements of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=places.file, default="quickstart.png")
    options = parser.parse_args()
    if not 1 <= options.signals <= 300:
        parser.error(f"--signals must be from 1 to 300. Received: {options.signals}")
    if options.m < 1:
        parser.error(f"--m must be at least 1. Received: {options.m}")
    return options


if __name__ == "__main__":
    main()
