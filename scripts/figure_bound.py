"""Draws error bounds over m, and MRI by adapted and by other masks.

    ./scripts/figure_bound            # a minute or two

`theory_bound`: the a-posteriori bound of digits, in its three terms, and the true error
as a dot, for several m. `theory_masks`: masks of as many places of k-space, and digits
recovered from them within G's range, with noise.
"""

import argparse
import pathlib

import quiet_tensorflow  # noqa: F401
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import places
import report
from drawing import draw_rows

import tf_gencs as gencs

FIGURES = pathlib.Path(__file__).resolve().parent / "figures"
MEASUREMENTS = (25, 50, 100, 200, 400)
PLACES = 50
NOISE = 0.1


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--signals", type=int, default=100, help="digits, at most 300")
    parser.add_argument("--out", type=places.folder, help="default scripts/figures")
    options = parser.parse_args(arguments)
    options.out = options.out or places.folder(str(FIGURES))
    images = gencs.datasets.mnist_samples()[0][: options.signals]
    draw_bounds(images, options)
    draw_masks(images, options)


def draw_bounds(images, options):
    model = gencs.models.GenerativeModel.from_preset("mnist_vae", deviation_basis=None)
    figure, axis = plt.subplots(figsize=(7, 4.5))
    names = [f"{m}" for m in MEASUREMENTS]
    terms, errors = {"representation": [], "noise": [], "optimisation": []}, []
    for m in MEASUREMENTS:
        problem = report.measure(images, m, 0)
        found = gencs.theory.error_bound(
            model, problem.A, problem.y, x=images, tangents=False, seed=0
        )
        for name, medians in terms.items():
            medians.append(np.median(getattr(found, name)))
        errors.append(np.median(found.error))
        print(f"m={m}: {found}")
    below = np.zeros(len(names))
    for name, medians in terms.items():
        axis.bar(names, medians, 0.6, below, label=name)
        below += medians
    axis.plot(names, errors, "ko", label="true error")
    axis.set_xlabel("Gaussian measurements of 784 pixels")
    axis.set_ylabel("||x - x*||, medians")
    axis.set_title(f"What bounds the error of {len(images)} held-out digits")
    axis.legend(fontsize=8)
    figure.tight_layout()
    path = options.out / "theory_bound.png"
    figure.savefig(path, dpi=100)
    plt.close(figure)
    print(f"Picture: {path}")


def draw_masks(images, options):
    model = gencs.models.GenerativeModel.from_preset("mnist_vae", deviation_basis=None)
    acceleration = images[0].size / PLACES
    evenly = np.zeros(images[0].size, bool)
    rng = np.random.default_rng(0)
    evenly[rng.choice(evenly.size, PLACES, replace=False)] = True
    make = gencs.layers.fourier_mask
    masks = {
        "even": evenly.reshape(28, 28),
        "variable\ndensity": make("variable_density", (28, 28), acceleration, seed=0),
        "Poisson\ndisc": make("poisson_disc", (28, 28), acceleration, 3, seed=0),
        "adapted": make("adapted", (28, 28), acceleration, seed=0, model=model),
    }
    rows = {"original": images}
    for name, mask in masks.items():
        A = gencs.layers.FourierMeasurement(mask)
        y = gencs.layers.AdditiveNoise(NOISE, seed=1)(A(images))
        x_hat = model.recover(y, A, seed=0, verbose=0)
        error = np.mean((x_hat - images) ** 2)
        print(f"{name!r}: {mask.sum()} places, MSE {error:.4f}")
        shown = np.concatenate([mask[None, ..., None].astype("float32"), x_hat])
        rows[f"{name}, {mask.sum()}\nMSE {error:.4f}"] = shown
    rows["original"] = np.concatenate([np.ones_like(images[:1]), images])
    path = options.out / "theory_masks.png"
    title = "The mask, and digits within G's range from it, with noise"
    draw_rows(rows, path, title, 12)
    print(f"Picture: {path}")


if __name__ == "__main__":
    main()
