"""A detector of attributes: this face, but more of a mustache; and faces that look male.

    ./scripts/example detector

The labeler of a causal GAN reads attributes off images. In a mixture of losses "face"
keeps to the face, "mustache" wants the labeler to see one, and a weight trades one for
the other; over pixels the same losses fool it, and nothing is to be seen. As a nonlinear
measurement, its one output for "Male" is all that is known of a face.
"""

import example
import numpy as np
import tensorflow as tf

import tf_gencs as gencs

NAMES = gencs.datasets.FACE_ATTRIBUTES


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    faces, attributes = gencs.datasets.face_avatars_samples(value_range=(0, 1))
    shaven = faces[attributes[:, NAMES.index("Mustache")] == 0][: options.signals]
    model = gencs.models.CausalGAN.from_preset(
        "causal_gan_face_avatars_64", value_range=(0, 1)
    )

    def detector(name):
        column = list(model.controller.graph.nodes).index(name)
        return lambda x: model.labeler(x)[:, column : column + 1]

    mustache = gencs.losses.CrossEntropy(1, from_logits=True)
    A = {"face": gencs.layers.IdentityMeasurement(), "mustache": detector("Mustache")}
    y = {"face": shaven.reshape(len(shaven), -1), "mustache": None}
    answers = {}
    for weight in (0, 30, 300):
        loss = {"face": "sse", "mustache": mustache}
        model.compile(loss=loss, loss_weights={"mustache": weight})
        answers[f"tf_gencs, weight {weight}"] = model.recover(y, A, seed=0)

    def mixed(x):
        error = tf.reduce_sum((x - shaven) ** 2, (1, 2, 3))
        return error + 300 * mustache(None, detector("Mustache")(x))

    answers["over pixels, weight 300"] = example.search_pixels(mixed, shaven, steps=100)
    model.compile(estimate="best")
    male = detector("Male")(shaven).numpy()
    answers["tf_gencs, of Male alone"] = model.recover(male, detector("Male"), seed=0)
    judge = gencs.metrics.classifier("face_combinations_64", value_range=(0, 1))

    def share(name):
        return lambda x: np.mean(np.asarray(judge(x))[:, NAMES.index(name)] > 0)

    scores = {"mustached": share("Mustache"), "men": share("Male")}
    title = "Detectors: this face, more mustache; of Male alone"
    example.show(options, title, shaven, answers, None, scores, "faces", columns=8)


if __name__ == "__main__":
    main()
