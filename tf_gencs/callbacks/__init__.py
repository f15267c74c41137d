"""Keras callbacks for training that takes hours: look, keep, stop, go on.

They count training steps, of which a GAN's epoch has too many to wait for; `unit` is
"steps" or "epochs".

```python
model.fit(
    batches,
    steps_per_epoch=20_000,
    callbacks=[
        gencs.callbacks.StopOnNaN("run/checkpoints"),
        gencs.callbacks.CollapseWarning(every=500),
        gencs.callbacks.SampleGrid("run/samples", rows=6, cols=8, every=500),
        gencs.callbacks.Checkpoint("run/checkpoints", every=500, keep=2),
    ],
)
model = keras.saving.load_model(gencs.callbacks.latest("run/checkpoints"))
```
"""

from tf_gencs.callbacks.checkpoint import Checkpoint, latest
from tf_gencs.callbacks.collapse_warning import CollapseWarning
from tf_gencs.callbacks.convergence_control import ConvergenceControl
from tf_gencs.callbacks.latent_walk import LatentWalk
from tf_gencs.callbacks.sample_grid import SampleGrid
from tf_gencs.callbacks.step_callback import StepCallback, training_step
from tf_gencs.callbacks.stop_on_nan import StopOnNaN
from tf_gencs.callbacks.tensorboard_images import TensorBoardImages

__all__ = [
    "Checkpoint",
    "CollapseWarning",
    "ConvergenceControl",
    "LatentWalk",
    "SampleGrid",
    "StepCallback",
    "StopOnNaN",
    "TensorBoardImages",
    "latest",
    "training_step",
]
