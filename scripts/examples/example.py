"""What the examples share: options, digits, alternatives, and how answers are shown.

Examples import this module first: it keeps TensorFlow's start-up lines off the screen.
"""
# ruff: noqa: E402 (scripts/ must be on the path before what lies there is imported)

import argparse
import pathlib
import sys

SCRIPTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SCRIPTS))

import quiet_tensorflow  # noqa: F401
import keras
import numpy as np
import places
import tensorflow as tf
from drawing import draw_rows

import tf_gencs as gencs


def parse(documentation, arguments=None):
    """The options of an example: `signals` and `picture`."""
    name = documentation.split("./scripts/example ")[1].split()[0]
    parser = argparse.ArgumentParser(
        prog=f"./scripts/example {name}", description=documentation.splitlines()[0]
    )
    parser.add_argument("--signals", type=int, default=64, help="images, at most 300")
    parser.add_argument(
        "--picture", type=places.file, default=pathlib.Path(f"{name}.png")
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.signals <= 300:
        parser.error(f"--signals must be from 1 to 300. Received: {options.signals}")
    return options


def digits(options, label=None):
    """Held-out digits (signals, 28, 28, 1) in [0, 1], of one label if given."""
    images, labels = gencs.datasets.mnist_samples()
    if label is not None:
        images = images[labels == label]
    return images[: options.signals]


def tuned_lasso(basis, A, noise=0.0, digits=20):
    """Lasso in a basis, with the penalty that suits training digits best under A."""
    tuning, _ = gencs.datasets.mnist_samples("train")
    return gencs.baselines.Lasso.tuned(
        basis, A, tuning[:digits], noise=noise, tolerance=1e-3
    )


def digit_classifier(copies=200):
    """A small Keras classifier, trained on 100 digits: images to 10 logits."""
    keras.utils.set_random_seed(0)
    images, labels = gencs.datasets.mnist_samples("train")
    images, labels = np.repeat(images, copies, 0), np.repeat(labels, copies, 0)
    # Moved and noisy copies teach it what 100 still digits do not.
    for disturb in (
        keras.layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
        keras.layers.RandomRotation(0.04, fill_mode="constant"),
        keras.layers.GaussianNoise(0.3),
    ):
        images = disturb(images, training=True)
    classifier = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 5, strides=2, activation="softplus"),
            keras.layers.Conv2D(32, 5, strides=2, activation="softplus"),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(3e-3), loss)
    classifier.fit(images, labels, batch_size=100, epochs=5, verbose=0)
    return classifier


def search_pixels(loss, start, steps=500, value_range=(0, 1)):
    """Minimises loss(x), one number per image, over pixels in a range: no generator."""
    x = tf.Variable(start)
    optimizer = keras.optimizers.Adam(0.01)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(loss(x))
        optimizer.apply([tape.gradient(total, x)], [x])
        x.assign(tf.clip_by_value(x, *value_range))

    optimizer.build([x])
    for _ in range(steps):
        step()
    return x.numpy()


def show(
    options,
    title,
    images,
    answers,
    seen=None,
    scores=None,
    kind="digits",
    columns=12,
    value_range=(0, 1),
    truth="original",
):
    """Prints how near answers come to the truth, and draws them below it.

    Args:
        options: of `parse`.
        title: the problem in a line.
        images: the truth, in `value_range`.
        answers: dict from methods to what they recovered, shaped like `images`.
        seen: dict from labels to images that show what was measured, if that can be.
        scores: dict from names to functions of images, to be printed as well.
        kind: of the images, in words.
        columns: images in a row of the picture.
        value_range: (low, high) of all images.
        truth: what the row of `images` is called.
    """
    low, high = value_range
    scores = scores or {}
    print(f"\n{title}; {len(images)} held-out {kind}\n")
    print(f"{'':<28} {'MSE per pixel':>13} {'PSNR':>8}  " + "  ".join(scores))
    rows = {truth: images, **(seen or {})}
    for method, x_hat in answers.items():
        mse = np.mean((x_hat - images) ** 2)
        within = np.clip(x_hat, low, high)
        psnr = np.mean(tf.image.psnr(images, within, max_val=high - low))
        line = f"{method:<28} {mse:>13.4f} {psnr:>5.1f} dB"
        label = f"{method}\nMSE {mse:.4f}"
        for name, score in scores.items():
            value = score(x_hat)
            line += f"  {value:>{len(name)}.2f}"
            label += f", {name} {value:.2f}"
        print(line)
        rows[label] = x_hat
    draw_rows(rows, options.picture, title, columns, value_range)
    print(f"\nPicture: {options.picture}")
