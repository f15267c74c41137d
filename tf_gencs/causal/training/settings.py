"""What `CausalController.compile` was told."""

import keras

from tf_gencs import checks

_RATE, _CRITIC_RATE = 0.01, 0.02
# The critics' rate ends with this share of it. Critics that stop while mechanisms still
# learn would hold on to errors of theirs, which mechanisms then follow.
_LAST = 0.2


class TrainingSettings:
    """The arguments of `CausalController.compile`, checked."""

    def __init__(
        self,
        optimizer,
        critic_optimizer,
        steps,
        critic_steps,
        penalty_weight,
        penalty_center,
        ema,
        balance,
    ):
        self.steps = checks.integer(steps, "steps")
        self.critic_steps = checks.integer(critic_steps, "critic_steps")
        self.penalty_weight = checks.number(penalty_weight, "penalty_weight", above=0)
        self.penalty_center = checks.number(
            penalty_center, "penalty_center", at_least=0
        )
        self.ema = None if ema is None else checks.number(ema, "ema", above=0, below=1)
        self.balance = checks.number(balance, "balance", at_least=0, at_most=1)
        updates = -(-self.steps // self.critic_steps)
        self.optimizer = _optimizer(optimizer, "optimizer", _RATE, updates, 0.0)
        self.critic_optimizer = _optimizer(
            critic_optimizer, "critic_optimizer", _CRITIC_RATE, self.steps, _LAST
        )
        if self.optimizer is self.critic_optimizer:
            raise ValueError(
                "`critic_optimizer` must be another object than `optimizer`: each "
                "keeps the state of one kind of network. "
                f"Received: {optimizer!r} for both"
            )

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "optimizer": serialize(self.optimizer),
            "critic_optimizer": serialize(self.critic_optimizer),
            "steps": self.steps,
            "critic_steps": self.critic_steps,
            "penalty_weight": self.penalty_weight,
            "penalty_center": self.penalty_center,
            "ema": self.ema,
            "balance": self.balance,
        }


def _optimizer(identifier, argument, rate, steps, last):
    if identifier is None:
        rate = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=last)
        return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)
    try:
        return keras.optimizers.get(identifier)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{argument}` must be a Keras optimizer, its name or None. "
            f"Received: {identifier!r}"
        ) from error
