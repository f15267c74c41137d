"""Inversion: finds the latents whose signals are nearest to given images.

    ./scripts/example inversion

What comes back is the image as the generator can say it. Beside it: what the VAE's
encoder makes of the image in one pass, without a search.
"""

import example

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    model = gencs.models.VAE.from_preset("mnist_vae")

    result = model.invert(images, seed=0)  # result.z holds the latents

    mean, _ = model.encoder.predict(images, verbose=0)
    answers = {
        "encoder": model.generate(z=mean),
        "tf_gencs": result.x,
    }
    example.show(options, "Inversion: the nearest G(z)", images, answers)


if __name__ == "__main__":
    main()
