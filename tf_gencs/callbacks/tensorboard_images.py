"""Samples and losses for TensorBoard."""

import os

import numpy as np
import tensorflow as tf

from tf_gencs import checks, images
from tf_gencs.callbacks.step_callback import SampleCallback


class TensorBoardImages(SampleCallback):
    """Writes a grid of samples and every number of the logs, by step.

    `keras.callbacks.TensorBoard` writes scalars by epoch and no samples. TensorBoard
    itself is needed to look at them only: `tensorboard --logdir FOLDER`.

    Args:
        folder: for the event files.
        rows, cols: of the grid.
        every, unit: how often, "steps" or "epochs".
        seed: of the latents.
        value_range: (low, high) of black and white; None for the model's.

    Raises:
        TypeError, ValueError: naming the argument that is wrong, or if the model has no
            images to show.
    """

    def __init__(
        self,
        folder,
        rows=4,
        cols=8,
        every=500,
        *,
        unit="steps",
        seed=0,
        value_range=None,
    ):
        super().__init__(every, unit, seed, value_range)
        self.folder = os.fspath(folder)
        self.rows = checks.integer(rows, "rows")
        self.cols = checks.integer(cols, "cols")
        self._writer = None

    def act(self, step, logs):
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(self.folder)
        # `tf.summary.image` is TensorBoard's, which TensorFlow comes without.
        summary = tf.compat.v1.Summary()
        for name, value in logs.items():
            if np.ndim(value) == 0:
                summary.value.add(tag=name, simple_value=float(value))
        sheet = images.grid(
            self.model.generate(z=self.latents(self.rows * self.cols, "grid")),
            self.rows,
            self.cols,
            value_range=self.shown_range,
        )
        height, width, channels = sheet.shape
        picture = tf.compat.v1.Summary.Image(
            height=height,
            width=width,
            colorspace=channels,
            encoded_image_string=tf.io.encode_png(sheet).numpy(),
        )
        summary.value.add(tag="samples", image=picture)
        with self._writer.as_default():
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)
        self._writer.flush()

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()
            self._writer = None
