"""Compressed sensing: 100 random measurements of 784 pixels, with noise.

./scripts/example compressed_sensing
"""

import example

import tf_gencs as gencs

NOISE = 0.01  # standard deviation, of each measurement


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    y = gencs.layers.AdditiveNoise(NOISE, seed=1)(A(images))  # (signals, 100)

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, A, seed=0)

    lasso = example.tuned_lasso("wavelet", A, NOISE)
    answers = {"Lasso, wavelet, tuned": lasso.recover(y, A), "tf_gencs": x_hat}
    title = "Compressed sensing: 100 noisy measurements of 784 pixels"
    example.show(options, title, images, answers)


if __name__ == "__main__":
    main()
