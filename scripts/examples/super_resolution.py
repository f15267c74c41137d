"""Super-resolution: 28 x 28 pixels from a blurred 7 x 7.

./scripts/example super_resolution
"""

import example
import tensorflow as tf

import tf_gencs as gencs


def main(arguments=None):
    options = example.parse(__doc__, arguments)
    images = example.digits(options)
    A = gencs.layers.BlurDownsample(4)
    y = A(images)  # (signals, 49)

    model = gencs.models.VAE.from_preset("mnist_vae")
    x_hat = model.recover(y, A, seed=0)

    small = tf.reshape(y, (-1, *A.measurement_shape))  # (signals, 7, 7, 1)
    bicubic = tf.image.resize(small, (28, 28), "bicubic").numpy()
    lasso = example.tuned_lasso("dct", A)
    answers = {
        "bicubic": bicubic,
        "Lasso, DCT, tuned": lasso.recover(y, A),
        "tf_gencs": x_hat,
    }
    seen = {"measured": tf.image.resize(small, (28, 28), "nearest").numpy()}
    title = "Super-resolution: four times, each way"
    example.show(options, title, images, answers, seen)


if __name__ == "__main__":
    main()
