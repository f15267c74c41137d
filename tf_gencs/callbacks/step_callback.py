"""What callbacks that act every so many steps share."""

import math

import keras
import tensorflow as tf

from tf_gencs import checks

_UNITS = ("steps", "epochs")


def optimizers(model):
    """All optimizers that a model holds: `optimizer`, or a GAN's two."""
    held = {
        id(value): value
        for value in vars(model).values()
        if isinstance(value, keras.optimizers.Optimizer)
    }
    return list(held.values())


def training_step(model):
    """How many training steps a model has behind it, in this process and before.

    Args:
        model: compiled Keras model; GANs count in `training_steps`, others in their
            optimizer.

    Returns:
        int; 0 for a model without an optimizer.

    Example:

    ```python
    step = gencs.callbacks.training_step(model)
    ```
    """
    counter = getattr(model, "training_steps", None)
    if counter is not None:
        return int(value_of(counter))
    counts = (value_of(held.iterations) for held in optimizers(model))
    return min(map(int, counts), default=0)


def value_of(variable):
    """The number in a Keras variable; on many replicas, that of the first."""
    return tf.convert_to_tensor(variable).numpy()


def writes_files(model):
    """Whether this process writes for all: of several machines, the first one does."""
    return model.distribute_strategy.extended.should_checkpoint


class StepCallback(keras.callbacks.Callback):
    """Calls `act(step, logs)` every so many training steps or epochs.

    Steps are counted over the model's whole life: training that goes on from a file
    acts where training never stopped would have acted.

    Args:
        every: how many of them.
        unit: "steps" or "epochs".

    Raises:
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    class Shout(gencs.callbacks.StepCallback):
        def act(self, step, logs):
            print(step, logs)

    shout = Shout(every=2, unit="epochs")
    ```
    """

    on_all_machines = True  # False for what writes files: the first one's are enough

    def __init__(self, every, unit="steps"):
        super().__init__()
        self.every = checks.integer(every, "every")
        self.unit = checks.choice(unit, "unit", _UNITS)
        self.step = 0
        self._before_epoch = 0

    def act(self, step, logs):
        """What to do after `step` steps, with the logs as numbers by name."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self.step = training_step(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        self._before_epoch = self.step

    def on_train_batch_end(self, batch, logs=None):
        # Counted here and not read from the model: a variable on a GPU would have to
        # be waited for. `batch` is the last one where an execution has several.
        before, self.step = self.step, self._before_epoch + batch + 1
        if self.unit == "steps" and before // self.every < self.step // self.every:
            self._act(logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.unit == "epochs" and (epoch + 1) % self.every == 0:
            self._act(logs)

    def _act(self, logs):
        if self.on_all_machines or writes_files(self.model):
            self.act(self.step, logs or {})


class SampleCallback(StepCallback):
    """A `StepCallback` that shows samples of fixed latents.

    Args:
        every, unit: as for `StepCallback`.
        seed: of the latents; the same in each picture.
        value_range: (low, high) of black and white; None for the model's.
    """

    on_all_machines = False

    def __init__(self, every, unit, seed, value_range):
        super().__init__(every, unit)
        self.seed = checks.integer(seed, "seed", at_least=0)
        self.value_range = checks.value_range(value_range)

    def set_model(self, model):
        super().set_model(model)
        if not hasattr(model, "generate"):
            raise TypeError(
                f"{type(self).__name__} shows samples of a `GenerativeModel`. "
                f"Received: {model!r}"
            )
        self.shown_range = self.value_range or model.value_range
        if self.shown_range is None:
            raise ValueError(
                "`value_range` must be given for a model that has none. Received: None"
            )
        if len(model.signal_shape) != 3:
            raise ValueError(
                f"{type(self).__name__} shows images (height, width, channels). "
                f"Received: a model of signals of shape {model.signal_shape}"
            )

    def latents(self, count, stream):
        """Latents that the model draws, the same at each call: (count, k)."""
        return self.model.draw_z(count, self.seed, stream)


def file_stem(step):
    return f"step_{step:08}"


def not_finite(logs):
    """Names of the logs that are NaN or infinite."""
    return [name for name, value in logs.items() if not math.isfinite(value)]
