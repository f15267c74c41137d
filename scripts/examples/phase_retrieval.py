"""Phase retrieval: 200 random measurements of 784 pixels, without their signs.

    ./scripts/example phase_retrieval

The alternative, amplitude flow, descends on the same error over pixels in [0, 1]. It
starts at the mean training digit, but nothing else tells it what a digit is.
"""

import example
import numpy as np
import tensorflow as tf

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.MagnitudeMeasurement(gencs.layers.GaussianMeasurement(200, seed=0))
    y = A(images)  # (signals, 200), none below 0

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, A, seed=0)

    training, _ = gencs.datasets.mnist_samples("train")
    start = np.broadcast_to(training.mean(axis=0), images.shape)
    flow = example.search_pixels(lambda x: tf.reduce_sum((A(x) - y) ** 2, 1), start)
    answers = {"amplitude flow": flow, "tf_gencs": x_hat}
    title = "Phase retrieval: 200 magnitudes of 784 pixels"
    example.show(options, title, images, answers)


if __name__ == "__main__":
    main()
