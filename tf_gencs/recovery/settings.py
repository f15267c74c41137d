"""What `compile` says about recovery."""

import dataclasses
import functools

import keras

from tf_gencs import checks, losses, solvers
from tf_gencs.method import Method
from tf_gencs.recovery import latent_penalty as latent_penalties
from tf_gencs.recovery.automatic import Automatic
from tf_gencs.recovery.problem import DataTerms, Term

# The name of the only data term where there is no mixture of them.
ONLY = "y"


@dataclasses.dataclass(frozen=True, eq=False)
class RecoverySettings:
    """How a model recovers, checked; it never changes.

    Attributes:
        solver: a `Method`; "auto" and what else `tf_gencs.solvers.get` knows become
            one.
        loss: see `tf_gencs.losses.get`; or a dict of them by the names of a mixture. It
            is kept as a dict, in which a loss that serves every term has the name None.
        loss_weights: None, or a dict from names of the mixture to numbers.
        latent_penalty: "auto" or a number of at least 0.
        estimate: "best", "mean", or "auto": "mean" where the solver is "auto".
        noise: standard deviation of the noise in each measurement, or None.
        adaptive: whether an automatic penalty may follow the residual of each signal.
        explains: whether an answer that does not explain y is in doubt; the nearest
            G(z) may be far away.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    settings = gencs.recovery.RecoverySettings("lbfgs", noise=0.1)
    settings.solver, settings.estimate  # LBFGS(steps=50, ...), "auto"
    settings.replace(noise=None).noise  # None
    ```
    """

    solver: Method = "auto"
    loss: dict = "sse"
    loss_weights: dict | None = None
    latent_penalty: float | str = "auto"
    estimate: str = "auto"
    noise: float | None = None
    adaptive: bool = False
    explains: bool = True

    def __post_init__(self):
        loss, weights = _check_losses(self.loss, self.loss_weights)
        if not isinstance(self.estimate, str) or self.estimate not in _ESTIMATES:
            raise ValueError(
                f"`estimate` must be 'auto', 'best' or 'mean'. Received: "
                f"{self.estimate!r}"
            )
        noise = self.noise
        if noise is not None:
            # Its square enters objectives in float32.
            noise = checks.number(noise, "noise", at_least=0, below=1e18)
        checked = {
            "solver": _method(self.solver),
            "loss": loss,
            "loss_weights": weights,
            "latent_penalty": latent_penalties.check(self.latent_penalty),
            "noise": noise,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def replace(self, **changes):
        """The same settings but for some."""
        return dataclasses.replace(self, **changes)

    @functools.cached_property
    def inverting(self):
        """Settings for the G(z) nearest to a signal: squares, nothing beside G(z).

        Only the search stays what was compiled.
        """
        search = self.solver.search or Automatic().search
        return RecoverySettings(solver=search, estimate="best", explains=False)

    @functools.cached_property
    def nearest(self):
        """Settings for the nearest G(z), however unlikely its z is."""
        return self.inverting.replace(latent_penalty=0.0)

    def data(self, measurements, dtype, facts):
        """Data terms of what was compiled and what is measured.

        Args:
            measurements: dict from names to built `Measurement`s.
            dtype, facts: see `DataTerms`.

        Raises:
            ValueError: names that do not fit those of the compiled losses or weights.
        """
        unknown = set(self.loss_weights) - set(measurements)
        if unknown:
            raise ValueError(
                f"`A` must name every data term of `loss_weights`, {_names(unknown)} "
                f"too. Received: {_names(measurements)}"
            )
        shared = self.loss.get(None)
        if shared is None and set(self.loss) != set(measurements):
            raise ValueError(
                f"`A` must name the data terms {_names(self.loss)} that `compile` got "
                f"losses for. Received: {_names(measurements)}"
            )
        terms = {
            name: Term(
                measurement,
                self.loss.get(name, shared),
                self.loss_weights.get(name, 1.0),
            )
            for name, measurement in measurements.items()
        }
        return DataTerms(terms, dtype, facts, self)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        losses_ = {name: serialize(loss) for name, loss in self.loss.items()}
        automatic = isinstance(self.solver, Automatic)
        return {
            "solver": "auto" if automatic else serialize(self.solver),
            "loss": losses_.get(None, losses_),
            "loss_weights": self.loss_weights or None,
            "latent_penalty": self.latent_penalty,
            "estimate": self.estimate,
            "noise": self.noise,
        }


_ESTIMATES = ("auto", "best", "mean")


def _method(solver):
    auto = isinstance(solver, str) and solver == "auto"
    return Automatic() if auto else solvers.get(solver)


def _names(terms):
    return sorted(map(str, terms))


def _check_losses(loss, weights):
    """Losses and weights as dicts; a loss that serves every term has the name None."""
    mixture = isinstance(loss, dict) and "class_name" not in loss
    if mixture and not all(isinstance(n, (str, type(None))) for n in loss):
        raise ValueError(
            f"`loss` must name its data terms by strings. Received: {_names(loss)}"
        )
    if mixture and not loss:
        raise ValueError("`loss` must name at least one data term. Received: {}")
    by_name = loss if mixture else {None: loss}
    found = {name: losses.get(value) for name, value in by_name.items()}
    if not any(getattr(loss, "needs_y", True) for loss in found.values()):
        raise ValueError(
            "`loss` must compare with y somewhere: one that needs no y is one of a "
            'mixture, `loss={"y": "sse", "natural": ...}`. Received: '
            f"{loss!r}"
        )
    if weights is None:
        return found, {}
    if not mixture:
        raise ValueError(
            "`loss_weights` must be None where `loss` is one for all: give a dict of "
            f"losses by the same names. Received: {weights!r} and loss {loss!r}"
        )
    mixture = mixture and None not in found
    if not isinstance(weights, dict) or (mixture and set(weights) - set(found)):
        raise ValueError(
            "`loss_weights` must be None or a dict from names of data terms to "
            f"numbers. Received: {weights!r} for losses {_names(found)}"
        )
    return found, {
        name: checks.number(weight, f"loss_weights[{name!r}]")
        for name, weight in weights.items()
    }
