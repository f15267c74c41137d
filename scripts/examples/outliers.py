"""Outliers: 5 % of the measurements are replaced by anything.

    ./scripts/example outliers

A `delta` of a tenth of what measurements are like, which is about 1, is far below the
outliers: how large they are hardly matters then.
"""

import example
import numpy as np

import tf_gencs as gencs

NOISE = 0.01  # standard deviation, of each measurement


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    y = gencs.layers.AdditiveNoise(NOISE, seed=1)(A(images)).numpy()
    rng = np.random.default_rng(2)
    anything = 10 * rng.normal(size=y.shape)
    dirty = np.where(rng.random(y.shape) < 0.05, anything, y).astype("float32")

    model = gencs.models.VAE.from_preset("mnist_vae")
    squares = model.recover(dirty, A, seed=0)
    model.compile(loss=gencs.losses.Huber(0.1))
    huber = model.recover(dirty, A, seed=0)

    answers = {
        "tf_gencs, 'sse'": squares,
        "tf_gencs, Huber": huber,
        "the same, no outliers": model.recover(y, A, seed=0),
    }
    title = "Outliers: 5 of 100 measurements replaced by N(0, 100)"
    example.show(options, title, images, answers)


if __name__ == "__main__":
    main()
