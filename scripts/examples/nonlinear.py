"""A nonlinear measurement: finds an image by what a classifier answers to it.

    ./scripts/example nonlinear

A is a Keras model, trained here in seconds; y are its 10 logits. The alternatives: the
training digit with the most similar answer, and a search over pixels, whose images get
the same answer and are no digits.
"""

import example
import numpy as np
import tensorflow as tf

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    classifier = example.digit_classifier()
    y = classifier.predict(images, verbose=0)  # (signals, 10)

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, classifier, seed=0)

    training, _ = gencs.datasets.mnist_samples("train")
    known = classifier.predict(training, verbose=0)
    distances = np.sum((y[:, None] - known[None]) ** 2, axis=2)
    answers = {
        "search over pixels": example.search_pixels(
            lambda x: tf.reduce_sum((classifier(x) - y) ** 2, 1), 0 * images + 0.5
        ),
        "most similar training digit": training[distances.argmin(axis=1)],
        "tf_gencs": x_hat,
    }

    def same_class(x):
        found = classifier.predict(x, verbose=0).argmax(axis=1)
        return np.mean(found == y.argmax(axis=1))

    title = "Nonlinear measurement: 10 logits of a classifier"
    scores = {"same class": same_class}
    example.show(options, title, images, answers, scores=scores)


if __name__ == "__main__":
    main()
