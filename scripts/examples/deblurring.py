"""Deblurring: undoes a Gaussian blur of 2 pixels, with noise.

./scripts/example deblurring
"""

import example
import tensorflow as tf

import tf_gencs as gencs

NOISE = 0.05  # standard deviation, of each pixel


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.BlurDownsample(1, sigma=2.0)
    y = gencs.layers.AdditiveNoise(NOISE, seed=1)(A(images))

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, A, seed=0)

    lasso = example.tuned_lasso("dct", A, NOISE)
    answers = {"Lasso, DCT, tuned": lasso.recover(y, A), "tf_gencs": x_hat}
    seen = {"measured": tf.reshape(y, (-1, *A.measurement_shape)).numpy()}
    title = "Deblurring: a Gaussian blur of 2 pixels, with noise"
    example.show(options, title, images, answers, seen)


if __name__ == "__main__":
    main()
