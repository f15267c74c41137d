"""Inpainting: fills in a hidden box of 12 x 12 pixels.

./scripts/example inpainting
"""

import example
import numpy as np

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.MaskMeasurement(box=(8, 8, 12, 12))
    y = A(images)  # the 640 pixels that are left

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, A, seed=0)

    hidden = A.adjoint(A(np.ones_like(images))).numpy() == 0
    seen = np.where(hidden, 0.5, images)
    lasso = example.tuned_lasso("dct", A)
    answers = {"Lasso, DCT, tuned": lasso.recover(y, A), "tf_gencs": x_hat}
    title = "Inpainting: a hidden box of 12 x 12 pixels"
    example.show(options, title, images, answers, seen={"measured": seen})


if __name__ == "__main__":
    main()
