"""Pictures of how smoothly samples turn into each other."""

from tf_gencs import checks, files, images
from tf_gencs.callbacks.step_callback import SampleCallback, file_stem
from tf_gencs.models.latent_travel import MODES

_FORMATS = ("png", "gif")


class LatentWalk(SampleCallback):
    """Draws the ways between pairs of latents, the same pairs each time.

    A generator that has learnt by heart jumps; a collapsed one stands still.

    Args:
        folder: where step_00000500.png and the like go; made if need be.
        walks: how many pairs, one below the other.
        steps: images on each way, at least 2.
        every, unit: how often, "steps" or "epochs".
        format: "png" for a strip of each walk, or "gif" for a moving picture there and
            back, which needs Pillow.
        mode: of `GenerativeModel.interpolate`.
        seed: of the latents.
        value_range: (low, high) of black and white; None for the model's.

    Raises:
        TypeError, ValueError: naming the argument that is wrong, or if the model has no
            images to show.

    Example:

    ```python
    walk = gencs.callbacks.LatentWalk("runs/walks", walks=4, steps=10, format="gif")
    # model.fit(images, callbacks=[walk])
    ```
    """

    def __init__(
        self,
        folder,
        walks=4,
        steps=10,
        every=500,
        *,
        unit="steps",
        format="png",
        mode="slerp",
        seed=0,
        value_range=None,
    ):
        super().__init__(every, unit, seed, value_range)
        self.folder = files.path(folder, "folder")
        self.walks = checks.integer(walks, "walks")
        self.steps = checks.integer(steps, "steps", at_least=2)
        self.format = checks.choice(format, "format", _FORMATS)
        self.mode = checks.choice(mode, "mode", MODES)

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        files.folder_to_write(self.folder, "folder")

    def act(self, step, logs):
        z = self.latents(2 * self.walks, "walk")
        x = self.model.interpolate(
            z[: self.walks], z[self.walks :], self.steps, self.mode
        )
        path = self.folder / f"{file_stem(step)}.{self.format}"
        if self.format == "png":
            strips = x.reshape(-1, *x.shape[2:])
            images.save_grid(
                path, strips, self.walks, self.steps, value_range=self.shown_range
            )
            return
        there = [
            images.grid(x[:, i], cols=1, value_range=self.shown_range)
            for i in range(self.steps)
        ]
        images.save_gif(path, there + there[-2:0:-1])
