"""What BEGAN's measure of convergence is for."""

import math

import keras

from tf_gencs import checks
from tf_gencs.callbacks.step_callback import StepCallback, optimizers, value_of

_ACTIONS = ("reduce", "stop")


class ConvergenceControl(StepCallback):
    """Lowers the learning rates, or stops, when convergence no longer improves.

    The measure is averaged over windows of `every` steps. After `patience` windows
    without a new best, all learning rates of the model are multiplied by `factor`, but
    not below `floor`; or training stops.

    Args:
        action: "reduce" or "stop".
        every: steps in a window.
        patience: windows without improvement to wait for.
        factor: what learning rates are multiplied by, in (0, 1).
        floor: below which no learning rate is brought, above 0.
        min_delta: how much lower counts as improvement, at least 0.
        monitor: name of the metric, the lower the better.

    Raises:
        ValueError: naming the argument that is wrong; or when training starts, for
            "reduce" with an optimizer that has a learning-rate schedule, and where the
            model has no such metric.

    Example:

    ```python
    control = gencs.callbacks.ConvergenceControl("reduce", every=1000, patience=10)
    # began.fit(images, callbacks=[control]), which measures "convergence"
    ```

    Source: Berthelot, Schumm and Metz, "BEGAN: Boundary equilibrium generative
    adversarial networks", 2017, section 3.4.1; the floor: BEGAN-tensorflow.
    """

    def __init__(
        self,
        action="reduce",
        every=1000,
        patience=10,
        *,
        factor=0.5,
        floor=2e-5,
        min_delta=0.0,
        monitor="convergence",
    ):
        super().__init__(every)
        self.action = checks.choice(action, "action", _ACTIONS)
        self.patience = checks.integer(patience, "patience")
        self.factor = checks.number(factor, "factor", above=0, below=1)
        self.floor = checks.number(floor, "floor", above=0)
        self.min_delta = checks.number(min_delta, "min_delta", at_least=0)
        if not isinstance(monitor, str):
            raise TypeError(
                f"`monitor` must be the name of a metric. Received: {monitor!r}"
            )
        self.monitor = monitor
        self.best, self.waited, self._sum, self._count = math.inf, 0, 0.0, 0

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self.action == "reduce":
            for optimizer in optimizers(self.model):
                _adjustable_rate(optimizer)

    def on_train_batch_end(self, batch, logs=None):
        if self.monitor not in (logs or {}):
            raise ValueError(
                f"`monitor` must name a metric of the model, {sorted(logs or {})}. "
                f"Received: {self.monitor!r}"
            )
        self._sum += float(logs[self.monitor])
        self._count += 1
        super().on_train_batch_end(batch, logs)

    def act(self, step, logs):
        mean = self._sum / self._count
        self._sum, self._count = 0.0, 0
        if mean < self.best - self.min_delta:
            self.best, self.waited = mean, 0
            return
        self.waited += 1
        if self.waited < self.patience:
            return
        self.waited = 0
        if self.action == "stop":
            self.model.stop_training = True
            return
        for optimizer in optimizers(self.model):
            rate = _adjustable_rate(optimizer)
            now = float(value_of(rate))
            # A rate that was below the floor from the start stays where it is.
            rate.assign(min(now, max(now * self.factor, self.floor)))

    def get_state(self):
        """What training that goes on needs, for `Checkpoint(stateful=...)`."""
        best = None if math.isinf(self.best) else self.best  # JSON knows no infinity
        return [best, self.waited, self._sum, self._count]

    def set_state(self, state):
        best, self.waited, self._sum, self._count = state
        self.best = math.inf if best is None else best


def _adjustable_rate(optimizer):
    rate = getattr(optimizer, "inner_optimizer", optimizer)._learning_rate
    if not isinstance(rate, keras.Variable):
        raise ValueError(
            "`action` must be 'stop' for optimizers with a learning-rate schedule, "
            f"which sets the rate itself. Received: 'reduce' with {rate!r}"
        )
    return rate
