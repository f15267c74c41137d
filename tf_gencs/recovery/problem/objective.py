"""The side of z: the function of latents that a search minimises."""

import copy

import tensorflow as tf

from tf_gencs.layers import IdentityMeasurement
from tf_gencs.losses import SumSquaredError
from tf_gencs.recovery import sizes
from tf_gencs.recovery.problem.data_terms import DataTerms
from tf_gencs.recovery.problem.linearisation import Linearisation
from tf_gencs.recovery.problem.term import Term


class Objective:
    """Data terms of G(z) + penalty * prior.penalty(z), per lane.

    Solvers know it as `lanes`: those whose data are bound.

    Args:
        generator: Keras model z -> x.
        prior: object with `penalty(z)`.
        penalty: its weight, at least 0: a number, or a tensor () or (lanes,).
        data: `DataTerms`, bound to as many lanes as z has where values are asked for.

    Attributes:
        generator, prior, penalty, data: see above.

    Example:

    ```python
    data = model.prepare_recovery(A).program.data
    bound = data.bind(data.observe({"y": y}, data.values()), data.derive(data.values()))
    objective = gencs.recovery.Objective(generator, model.latent_prior, 0.1, bound)
    value, gradient = objective.value_and_gradient(tf.zeros([8, 20]))  # (8,), (8, 20)
    ```
    """

    def __init__(self, generator, prior, penalty, data):
        self.generator = generator
        self.prior = prior
        self.penalty = penalty
        self.data = data

    def take(self, index):
        """Some of the lanes: `index` (count,) may repeat and reorder them."""
        other = self.over(self.data.take(index))
        if tf.is_tensor(self.penalty) and self.penalty.shape.rank == 1:
            other.penalty = tf.gather(self.penalty, index)
        return other

    def over(self, data):
        """The same objective over other data, bound ones as a rule."""
        other = copy.copy(self)
        other.data = data
        return other

    def penalised(self, weight):
        """The same lanes with another weight of the prior's penalty."""
        other = copy.copy(self)
        other.penalty = weight
        return other

    def inverting(self, x, penalty=None):
        """Lanes with the same prior that search for the G(z) nearest to x.

        Args:
            x: signals (lanes, *signal_shape).
            penalty: weight of the prior's penalty against ||G(z) - x||^2; None for
                the weight that it has here.
        """
        identity = IdentityMeasurement(dtype=self.data.dtype)
        identity.build((None, *x.shape[1:]))
        terms = {"x": Term(identity, SumSquaredError())}
        data = DataTerms(terms, self.data.dtype, self.data.facts)
        observed = {"x": {"y": tf.reshape(x, (-1, identity.measurements))}}
        bound = data.bind(observed, {"x": {"shared": {}}})
        weight = self.penalty if penalty is None else penalty
        return Objective(self.generator, self.prior, weight, bound)

    def generate(self, z):
        """Signals of latents: (lanes, k) -> (lanes, *signal_shape)."""
        return tf.cast(self.generator(z, training=False), self.data.dtype)

    def weighted_penalty(self, z):
        """What the prior adds to the objective: (lanes, k) -> (lanes,)."""
        if self.unpenalised:
            return tf.zeros(tf.shape(z)[:1], self.data.dtype)
        return tf.cast(self.penalty, z.dtype) * self.prior.penalty(z)

    @property
    def unpenalised(self):
        """Whether the penalty's weight is known to be 0."""
        return not tf.is_tensor(self.penalty) and self.penalty == 0

    def value(self, z):
        """Objective (lanes,) of latents (lanes, k)."""
        return self.data.loss(self.generate(z)) + self.weighted_penalty(z)

    def value_and_gradient(self, z):
        """Objective (lanes,) and its gradient in z (lanes, k).

        Raises:
            ValueError: the loss does not depend on z by differentiable operations, or
                is not one number per lane.
        """
        # Lanes never mix, so the gradient of their sum holds each lane's own.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            loss = self.data.loss(self.generate(z))
        gradient = tape.gradient(loss, z)
        if gradient is None:
            terms = self.data.terms.values()
            x = self.generate(z)
            for name, term in self.data.terms.items():
                if term.measurement.linear and _is_constant(term.measurement, x):
                    sizes.refuse_zero(self.data, name)
            received = ", ".join(repr(term.measurement) for term in terms)
            raise ValueError(
                "`A` and the generator must be differentiable: the loss does not "
                f"depend on z. Received: {received}"
            )
        if self.unpenalised:
            return loss, gradient
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            penalty = self.weighted_penalty(z)
        return loss + penalty, gradient + tape.gradient(penalty, z)

    def linearise(self, z):
        """The objective near z (lanes, k), for Gauss-Newton: a `Linearisation`."""
        return Linearisation(self, z)

    def quadratic_model(self, z):
        """Objective (lanes,), its gradient (lanes, k) and Gauss-Newton matrix.

        Near z, the objective is about value + gradient d + d normal d / 2, with
        normal of shape (lanes, k, k).
        """
        near = self.linearise(z)
        return near.value, near.gradient, near.normal()


def _is_constant(measurement, x):
    """Whether y does not even ask for x: that of a linear A is then 0."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = measurement(x)
    return tape.gradient(y, x) is None
