"""Denoising: digits under noise as strong as half the range of a pixel.

    ./scripts/example denoising

Every pixel is measured, and none can be trusted: told the noise, `recover` leaves the
generator's range only where so much noise cannot explain what was measured.
"""

import example

import tf_gencs as gencs

NOISE = 0.5  # standard deviation, of each pixel


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.IdentityMeasurement()
    y = gencs.layers.AdditiveNoise(NOISE, seed=1)(A(images)).numpy()
    noisy = y.reshape(images.shape)

    model = gencs.models.VAE.from_preset("mnist_vae")
    nearest = model.invert(noisy, seed=0).x
    model.compile(noise=NOISE)
    x_hat = model.recover(y, A, seed=0)

    lasso = example.tuned_lasso("wavelet", A, NOISE)
    answers = {
        "Lasso, wavelet, tuned": lasso.recover(y, A),
        "nearest G(z)": nearest,
        "tf_gencs": x_hat,
    }
    title = "Denoising: noise of 0.5 in every pixel"
    example.show(options, title, images, answers, seen={"measured": noisy})


if __name__ == "__main__":
    main()
