"""A counterfactual: this face, with a mustache, also where it is a woman's.

    ./scripts/example counterfactual

A causal GAN finds the noise and the labels of a face, then sets a label and keeps all
else: its effects alone follow. No woman that it learned from had a mustache. The faces
are drawn, so the truth is known: the same drawing with a mustache. The alternatives:
the face as it was, and another mustached one of the same labels, whose noise is new.
"""

import example
import numpy as np

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    scm = gencs.causal.DiscreteSCM.from_tables(gencs.datasets.FACE_UNSEEN_CAUSAL_MODEL)
    labels = scm.sample(options.signals, given={"Mustache": 0}, seed=5)
    faces, mustached = drawn(labels), drawn({**labels, "Mustache": 1})
    model = gencs.models.CausalGAN.from_preset("causal_gan_face_avatars_64")

    result = model.counterfactual(faces, do={"Mustache": 1}, seed=0)

    noise = model.draw_noise(len(faces), seed=1)
    other = model.generate(z=model.latents(noise, result.labels))
    answers = {
        "the face as it was": faces,
        "another one, do(Mustache=1)": other,
        "tf_gencs": result.x,
    }
    example.show(
        options,
        "Counterfactual: this face, with a mustache",
        mustached,
        answers,
        scores={"mustached": seen},
        kind="faces",
        columns=4,
        value_range=(-1, 1),
        truth="drawn with a mustache",
    )


def seen(x):
    """How often a judge sees a mustache that has learned from other faces."""
    return gencs.metrics.attribute_frequencies(x, "face_combinations_64")["Mustache"]


def drawn(labels):
    """Faces (n, 64, 64, 3) in [-1, 1] of a dict of labels; all else as ever."""
    columns = np.broadcast_arrays(*map(labels.get, gencs.datasets.FACE_ATTRIBUTES))
    attributes = np.stack(columns, axis=1)
    return gencs.datasets.draw_faces(attributes, seed=5)


if __name__ == "__main__":
    main()
