"""Overpowered pairs: images in G's range, close together, that are told apart.

    ./scripts/example overpowered

Of each pair the classifier takes one for this and the other for that, though a distance
of 1.5 is between them. Both lie in G's range: no inversion helps. As much noise, for
comparison, changes hardly a label.
"""

import example
import numpy as np

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    classifier = gencs.metrics.classifier("mnist")
    model = gencs.models.VAE.from_preset("mnist_vae")
    pairs = gencs.defence.overpowered(
        model, classifier, starts=options.signals, steps=300, seed=0
    )
    print(pairs)
    noise = np.random.default_rng(0).normal(size=pairs.first.shape)
    noise *= 1.5 / np.linalg.norm(noise, axis=(1, 2), keepdims=True)
    answers = {
        "as much noise": np.clip(pairs.first + noise, 0, 1).astype("float32"),
        "tf_gencs, the others": pairs.second,
    }

    def other(x):
        return np.mean(np.argmax(classifier(x), axis=1) != pairs.first_label)

    title = "Pairs within L2 1.5 that a classifier tells apart"
    scores = {"told apart": other}
    example.show(options, title, pairs.first, answers, None, scores, truth="the ones")


if __name__ == "__main__":
    main()
