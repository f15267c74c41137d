"""A mixture of losses: a given 4, but more of what a classifier takes for a 9.

    ./scripts/example mixture

Two data terms with names of their own: "digit" keeps to the image, "nine" wants the
classifier to say 9, and a weight trades one for the other. The alternative mixes the
same losses over pixels: the classifier is fooled, and nothing is to be seen.
"""

import example
import keras
import tensorflow as tf

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    fours = example.digits(options, label=4)
    classifier = example.digit_classifier()
    nine = gencs.losses.CrossEntropy(9, from_logits=True)
    A = {"digit": gencs.layers.IdentityMeasurement(), "nine": classifier}
    y = {"digit": fours.reshape(len(fours), -1), "nine": None}

    answers = {}
    model = gencs.models.VAE.from_preset("mnist_vae")
    for weight in (0, 1, 3, 10):
        model.compile(
            loss={"digit": "sse", "nine": nine}, loss_weights={"nine": weight}
        )
        answers[f"tf_gencs, weight {weight}"] = model.recover(y, A, seed=0)

    def mixed(x):
        error = tf.reduce_sum((x - fours) ** 2, (1, 2, 3))
        return error + 10 * nine(None, classifier(x))

    answers["over pixels, weight 10"] = example.search_pixels(mixed, fours)

    def probability(x):
        return keras.ops.softmax(classifier(x)).numpy()[:, 9].mean()

    title = "Mixture of losses: this 4, but more of a 9"
    example.show(options, title, fours, answers, scores={"P(9)": probability})


if __name__ == "__main__":
    main()
