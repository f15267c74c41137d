"""The settings of the CausalGAN reference, and its rule when to stop."""

import math

import keras

from tf_gencs import checks
from tf_gencs.causal import label_data
from tf_gencs.metrics import LabelTable, total_variation

_ITERATIONS = 10_000
# Of its iterations, 20 train the critic; then both learn once.
_CRITIC_STEPS = 21


def reference_settings():
    """New arguments as github.com/mkocaoglu/CausalGAN has them.

    Soft labels, one critic of all labels that asks for slope 1 with weight 0.1, Adam at
    8e-5, 21 steps of the critic to one of the controller, no average. It is slow, and
    its critic does not come to rest: see `CausalController.compile`.

    ```python
    settings = gencs.causal.reference_settings()
    controller = gencs.causal.CausalController(graph, **settings["init"])
    controller.compile(**settings["compile"])
    stop = gencs.causal.StopAtTotalVariation(labels)
    controller.fit(labels, **settings["fit"], callbacks=[stop])
    ```

    Returns:
        Dict of the arguments of `CausalController` ("init"), of its `compile` and of
        its `fit`.
    """
    return {
        "init": {
            "noise_dim": 10,
            "hidden": (10,) * 5,
            "critic_hidden": (15,) * 5,
            "critics": "joint",
            "outputs": "soft",
            "interactions": False,
        },
        "compile": {
            "optimizer": keras.optimizers.Adam(8e-5),
            "critic_optimizer": keras.optimizers.Adam(8e-5),
            "steps": _CRITIC_STEPS * _ITERATIONS,
            "critic_steps": _CRITIC_STEPS,
            "penalty_weight": 0.1,
            "penalty_center": 1.0,
            "ema": None,
            "balance": 0.0,
        },
        "fit": {"batch_size": 16, "steps_per_epoch": _CRITIC_STEPS * 1000},
    }


class StopAtTotalVariation(keras.callbacks.Callback):
    """Ends the training of a controller when its labels are as in the data.

    At the end of an epoch it draws samples and compares all cells; "total_variation" is
    in the history from then on.

    Args:
        labels: the data: a dict of arrays or a DataFrame.
        below: the total variation at which training ends.
        after: controller steps before which it does not end. Soft labels need time to
            come near integers.
        samples: how many to draw.
        seed: of the samples.

    The defaults are the reference's, which looks every 1,000 controller steps; how
    often `fit` does is its `steps_per_epoch`.

    Example:

    ```python
    labels = people.sample(1000, seed=0)
    stop = gencs.causal.StopAtTotalVariation(labels, below=0.02, after=1000)
    # controller.fit(labels, steps_per_epoch=100, epochs=50, callbacks=[stop])
    ```
    """

    def __init__(self, labels, below=0.02, after=5000, samples=500_000, seed=0):
        super().__init__()
        self.labels = labels
        self.below = checks.number(below, "below", above=0)
        self.after = checks.integer(after, "after", at_least=0)
        self.samples = checks.integer(samples, "samples")
        self.seed = seed
        self.truth = None

    def on_train_begin(self, logs=None):
        controller = self.model
        names = [k for k, states in controller.states.items() if states is not None]
        self.states = {name: controller.states[name] for name in names}
        cells = math.prod(self.states.values())
        if cells > 2**24:
            raise ValueError(
                "`StopAtTotalVariation` compares all cells, at most 2**24. "
                f"Received: labels with {cells:.2g}"
            )
        label_data.matrix(self.labels, controller.graph, controller.states)
        self.truth = LabelTable.of(self.labels, self.states)

    def on_epoch_end(self, epoch, logs=None):
        samples = self.model.sample(self.samples, seed=self.seed)
        found = LabelTable.of(samples, self.states)
        distance = total_variation(found, self.truth).distance
        if logs is not None:
            logs["total_variation"] = distance
        steps = int(self.model.training_steps) // self.model.settings.critic_steps
        if steps >= self.after and distance < self.below:
            self.model.stop_training = True
