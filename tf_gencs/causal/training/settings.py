"""What `CausalController.compile` was told."""

import dataclasses

import keras

from tf_gencs import checks

_RATE, _CRITIC_RATE = 0.01, 0.02
# The critics' rate ends with this share of it. Critics that stop while mechanisms still
# learn would hold on to errors of theirs, which mechanisms then follow.
_LAST = 0.2


@dataclasses.dataclass
class TrainingSettings:
    """The arguments of `CausalController.compile`, checked."""

    optimizer: object
    critic_optimizer: object
    steps: int
    critic_steps: int
    penalty_weight: float
    penalty_center: float
    ema: float | None
    balance: float

    def __post_init__(self):
        self.steps = checks.integer(self.steps, "steps")
        self.critic_steps = checks.integer(self.critic_steps, "critic_steps")
        self.penalty_weight = checks.number(
            self.penalty_weight, "penalty_weight", above=0
        )
        self.penalty_center = checks.number(
            self.penalty_center, "penalty_center", at_least=0
        )
        if self.ema is not None:
            self.ema = checks.number(self.ema, "ema", above=0, below=1)
        self.balance = checks.number(self.balance, "balance", at_least=0, at_most=1)
        given = self.optimizer
        updates = -(-self.steps // self.critic_steps)
        self.optimizer = _optimizer(given, "optimizer", _RATE, updates, 0.0)
        self.critic_optimizer = _optimizer(
            self.critic_optimizer, "critic_optimizer", _CRITIC_RATE, self.steps, _LAST
        )
        if self.optimizer is self.critic_optimizer:
            raise ValueError(
                "`critic_optimizer` must be another object than `optimizer`: each "
                f"keeps the state of one kind of network. Received: {given!r} for both"
            )

    def get_config(self):
        config = {
            each.name: getattr(self, each.name) for each in dataclasses.fields(self)
        }
        for name in ("optimizer", "critic_optimizer"):
            config[name] = keras.saving.serialize_keras_object(config[name])
        return config


# Slopes fall with the chance of a state: under Adam's own 1e-7, a rare one that was
# lost would never come back.
_EPSILON = 1e-14


def _optimizer(identifier, argument, rate, steps, last):
    if identifier is None:
        rate = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=last)
        return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99, epsilon=_EPSILON)
    try:
        return keras.optimizers.get(identifier)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{argument}` must be a Keras optimizer, its name or None. "
            f"Received: {identifier!r}"
        ) from error
