"""Invert and classify: attacked digits, and the nearest G(z), which is classified.

    ./scripts/example invert_and_classify

An attacker who does not know the defence moves pixels by 2.5 against the classifier;
inversion takes most of that away. One who knows it moves them along G's range, where
inversion takes nothing away. `./scripts/robustness` measures both.
"""

import example
import numpy as np

import tf_gencs as gencs
from tf_gencs import defence


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    labels = gencs.datasets.mnist_samples()[1][: len(images)]
    classifier = gencs.metrics.classifier("mnist")
    model = gencs.models.VAE.from_preset("mnist_vae")
    defended = defence.InvertAndClassify(model, classifier)
    given = {"eps": 2.5, "seed": 0, "stop_early": False}
    blind = defence.pgd(classifier, images, labels, **given)
    knowing = defence.bpda(
        defended, images, labels, backward="tangent", steps=10, restarts=1, **given
    )
    answers = {
        "attacked": blind.images,
        "tf_gencs, before it": defended.purify(blind.images).numpy(),
        "attacked, knowing all": knowing.images,
        "tf_gencs, before that": defended.purify(knowing.images).numpy(),
    }

    def right(x):
        return np.mean(np.argmax(classifier(x), axis=1) == labels)

    title = "Invert and classify: digits attacked within L2 2.5"
    example.show(options, title, images, answers, scores={"right": right})


if __name__ == "__main__":
    main()
