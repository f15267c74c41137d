"""Samples and losses for TensorBoard."""

import os

import numpy as np
import tensorflow as tf

from tf_gencs.callbacks.sample_grid import SampleGrid


class TensorBoardImages(SampleGrid):
    """Writes a grid of samples and every number of the logs, by step.

    `keras.callbacks.TensorBoard` writes scalars by epoch and no samples. TensorBoard
    itself is needed to look at them only: `tensorboard --logdir FOLDER`.

    Takes the arguments of `SampleGrid`, with the folder of the event files.

    Example:

    ```python
    board = gencs.callbacks.TensorBoardImages("runs/board", rows=4, cols=4)
    # model.fit(images, callbacks=[board])
    ```
    """

    _writer = None

    def act(self, step, logs):
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(os.fspath(self.folder))
        # `tf.summary.image` is TensorBoard's, which TensorFlow comes without.
        summary = tf.compat.v1.Summary()
        for name, value in logs.items():
            if np.ndim(value) == 0:
                summary.value.add(tag=name, simple_value=float(value))
        sheet = self.sheet()
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
