"""The end of a training that has gone wrong."""

import warnings

from tf_gencs import files
from tf_gencs.callbacks.checkpoint import latest
from tf_gencs.callbacks.step_callback import StepCallback, not_finite


class StopOnNaN(StepCallback):
    """Stops training at the step where a loss or metric is NaN or infinite.

    A warning names the step, the losses and the checkpoint to go back to; `stopped_at`
    holds the step, None if all went well. `Checkpoint` writes no bad model by itself.

    Args:
        checkpoints: folder of `Checkpoint`, to name the last good one.

    Example:

    ```python
    keep = gencs.callbacks.Checkpoint("runs/checkpoints", every=1000)
    stop = gencs.callbacks.StopOnNaN("runs/checkpoints")
    # model.fit(images, callbacks=[keep, stop])
    ```
    """

    def __init__(self, checkpoints=None):
        super().__init__(every=1)
        self.checkpoints = (
            None if checkpoints is None else files.path(checkpoints, "checkpoints")
        )
        self.stopped_at = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.stopped_at = None

    def act(self, step, logs):
        names = not_finite(logs)
        if not names or self.stopped_at is not None:
            return
        self.stopped_at = step
        self.model.stop_training = True
        warnings.warn(
            f"Training stopped at step {step}: NaN or infinity in {', '.join(names)}. "
            f"{self._way_back()}A lower learning rate or `clipnorm` in the optimizers "
            "helps most often.",
            RuntimeWarning,
            stacklevel=2,
        )

    def _way_back(self):
        path = self.checkpoints and latest(self.checkpoints)
        return f"The last good checkpoint is {path}. " if path else ""
