"""The learning rate of BEGAN."""

import keras

from tf_gencs import checks


@keras.saving.register_keras_serializable(package="tf_gencs")
class HalvingDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Halves the learning rate every so many steps, down to a floor.

    Args:
        initial_learning_rate: above 0.
        every: steps from halving to halving.
        floor: the least that it comes to, at least 0.

    Raises:
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    rate = gencs.models.HalvingDecay(8e-5, every=100_000, floor=2e-5)
    optimizer = keras.optimizers.Adam(rate)
    float(rate(250_000))  # 2e-5
    ```

    Source: github.com/carpedm20/BEGAN-tensorflow, where the floor came in after
    trainings had collapsed without decay.
    """

    def __init__(self, initial_learning_rate=8e-5, every=100_000, floor=2e-5):
        super().__init__()
        self.initial_learning_rate = checks.number(
            initial_learning_rate, "initial_learning_rate", above=0
        )
        self.every = checks.integer(every, "every")
        self.floor = checks.number(floor, "floor", at_least=0)

    def __call__(self, step):
        halvings = keras.ops.cast(keras.ops.floor_divide(step, self.every), "float32")
        rate = self.initial_learning_rate * 0.5**halvings
        return keras.ops.maximum(rate, min(self.floor, self.initial_learning_rate))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "every": self.every,
            "floor": self.floor,
        }
