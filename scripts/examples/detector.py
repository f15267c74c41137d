"""A detector of attributes: this face, but with more of a mustache.

    ./scripts/example detector

The labeler of a causal GAN reads attributes off images. In a mixture of losses, "face"
keeps to the face and "mustache" wants the labeler to see one; over pixels the same
losses leave a smear, which a held-out classifier does not always take for one. As a
nonlinear measurement, the labeler's output for "Male" is all that is known of a face.
"""

import example
import numpy as np
import tensorflow as tf

import tf_gencs as gencs

RANGE = (-1, 1)


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    faces, attributes = gencs.datasets.face_avatars_samples()
    column = gencs.datasets.FACE_ATTRIBUTES.index("Mustache")
    shaven = faces[attributes[:, column] == 0][: options.signals]
    model = gencs.models.CausalGAN.from_preset("causal_gan_face_avatars_64")

    def detector(name):
        place = model.columns.places()[name]
        return lambda x: model.labeler(x)[:, place]

    mustache = gencs.losses.CrossEntropy(1, from_logits=True)
    A = {"face": gencs.layers.IdentityMeasurement(), "mustache": detector("Mustache")}
    y = {"face": shaven.reshape(len(shaven), -1), "mustache": None}
    answers = {}
    for weight in (0, 100):
        loss = {"face": "sse", "mustache": mustache}
        model.compile(loss=loss, loss_weights={"mustache": weight})
        answers[f"tf_gencs, weight {weight}"] = model.recover(y, A, seed=0)

    def mixed(x):
        error = tf.reduce_sum((x - shaven) ** 2, (1, 2, 3))
        return error + 100 * mustache(None, detector("Mustache")(x))

    answers["over pixels"] = example.search_pixels(mixed, shaven, value_range=RANGE)
    model.compile(estimate="best")
    male = detector("Male")(shaven).numpy()
    answers["tf_gencs, Male alone"] = model.recover(male, detector("Male"), seed=0)

    def share(name):
        seen = gencs.metrics.attribute_frequencies
        return lambda x: seen(np.clip(x, *RANGE), "face_combinations_64")[name]

    scores = {"mustached": share("Mustache"), "men": share("Male")}
    title = "A detector: this face, more of a mustache; and of Male alone"
    example.show(options, title, shaven, answers, None, scores, "faces", 3, RANGE)


if __name__ == "__main__":
    main()
