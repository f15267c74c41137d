"""The cat by gradient: a 4 that a classifier takes for a 9, by pixels and by latents.

    ./scripts/example cat

Pixels that follow the gradient of "9" fool the classifier within a distance of 2.5, by
smears that no digit has. Latents that follow it stay in G's range: what the classifier
takes for a 9 there is a digit between the two.
"""

import example
import keras

import tf_gencs as gencs

NINE = 9


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    fours = example.digits(options, label=4)
    labels = [4] * len(fours)
    classifier = gencs.metrics.classifier("mnist")
    model = gencs.models.VAE.from_preset("mnist_vae")
    pixels = gencs.defence.pgd(
        classifier, fours, labels, eps=2.5, target=NINE, stop_early=False, seed=0
    )
    latents = gencs.defence.latent_attack(
        model, classifier, fours, labels, target=NINE, confidence=1.0, seed=0
    )
    answers = {"moved in pixels": pixels.images, "tf_gencs, in latents": latents.images}
    for name, attack in (("pixels", pixels), ("latents", latents)):
        print(f"{name}: {attack}")

    def probability(x):
        return keras.ops.softmax(classifier(x)).numpy()[:, NINE].mean()

    title = "The cat by gradient: 4s that are taken for 9s"
    example.show(options, title, fours, answers, scores={"P(9)": probability})


if __name__ == "__main__":
    main()
