"""Pictures of how samples get better."""

from tf_gencs import checks, files, images
from tf_gencs.callbacks.step_callback import SampleCallback, file_stem


class SampleGrid(SampleCallback):
    """Writes a PNG of rows x cols samples of the same latents, again and again.

    Args:
        folder: where step_00000500.png and the like go; made if need be.
        rows, cols: of the grid.
        every, unit: how often, "steps" or "epochs".
        seed: of the latents.
        value_range: (low, high) of black and white; None for the model's.

    Raises:
        TypeError, ValueError: naming the argument that is wrong, or if the model has no
            images to show.

    Example:

    ```python
    grid = gencs.callbacks.SampleGrid("runs/samples", rows=4, cols=8, every=100)
    # model.fit(images, callbacks=[grid])
    ```
    """

    def __init__(
        self,
        folder,
        rows=8,
        cols=8,
        every=500,
        *,
        unit="steps",
        seed=0,
        value_range=None,
    ):
        super().__init__(every, unit, seed, value_range)
        self.folder = files.path(folder, "folder")
        self.rows = checks.integer(rows, "rows")
        self.cols = checks.integer(cols, "cols")

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        files.folder_to_write(self.folder, "folder")

    def act(self, step, logs):
        images.save_png(self.folder / f"{file_stem(step)}.png", self.sheet())

    def sheet(self):
        """The grid as it stands now, uint8 (height, width, channels)."""
        return images.grid(
            self.model.generate(z=self.latents(self.rows * self.cols, "grid")),
            self.rows,
            self.cols,
            value_range=self.shown_range,
        )
