"""MRI: images from a quarter of the columns of k-space, with noise.

    ./scripts/example mri

Digits stand in for slices. Zero filling takes what was not measured for 0: the image
that a scanner shows first.
"""

import example

import tf_gencs as gencs

NOISE = 0.05  # standard deviation, of each number


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.FourierMeasurement(
        "variable_density", acceleration=4, center_lines=2, seed=0
    )
    y = gencs.layers.AdditiveNoise(NOISE, seed=1)(A(images))

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, A, seed=0)

    lasso = example.tuned_lasso("wavelet", A, NOISE)
    answers = {
        "zero filling": A.adjoint(y).numpy(),
        "Lasso, wavelet, tuned": lasso.recover(y, A),
        "tf_gencs": x_hat,
    }
    title = "MRI: 7 of 28 columns of k-space, with noise"
    example.show(options, title, images, answers)


if __name__ == "__main__":
    main()
