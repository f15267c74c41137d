"""Denoising: digits under noise as strong as half the range of a pixel.

    ./scripts/example denoising

`invert` asks for the nearest G(z), which has no room for noise. `recover` may leave the
generator's range to explain what it measures; under strong noise it should not.
"""

import example

import tf_gencs as gencs

NOISE = 0.5  # standard deviation, of each pixel


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    noisy = gencs.layers.AdditiveNoise(NOISE, seed=1)(images).numpy()

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.invert(noisy, seed=0).x

    A = gencs.layers.IdentityMeasurement()
    A.build(images.shape)
    lasso = example.tuned_lasso("wavelet", A, NOISE)
    answers = {"Lasso, wavelet, tuned": lasso.recover(A(noisy), A), "tf_gencs": x_hat}
    title = "Denoising: noise of 0.5 in every pixel"
    example.show(options, title, images, answers, seen={"measured": noisy})


if __name__ == "__main__":
    main()
