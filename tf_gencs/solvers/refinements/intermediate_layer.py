"""Signals that only the generator's later layers can make."""

import itertools
import math
import numbers

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.ops import first_order
from tf_gencs.solvers.refinements.l1_ball import project_to_l1_ball
from tf_gencs.solvers.refinements.layer_chain import layer_chain
from tf_gencs.solvers.refinements.refinement import Refinement
from tf_gencs.solvers.registry import register


@register("intermediate_layer")
@keras.saving.register_keras_serializable(package="tf_gencs")
class IntermediateLayer(Refinement):
    """ILO: after z, searches the activations of the generator's layers in turn.

    With G cut after its layer i, it starts from the activation u_i that the search so
    far leads to, and minimises

        ||A G_{>i}(u) - y||^2  with  ||u - u_i||_1 <= radius_i

    by gradient steps with momentum, keeping each signal's best u; then it goes on to
    the next cut. Steps are as long as Adam's, but along the gradient: with a scale for
    every coordinate, projections onto the ball would come to rest in wrong places.
    What comes out is a G_{>i}(u) for the last cut, and as a rule no G(z). Later layers
    reach more signals, so they need more measurements, a `radius` or few steps.

    It goes on from each signal's best z; what `estimate="mean"` makes of the others
    has no activations and is not used.

    Args:
        solver: the solver that searches z; None for L-BFGS.
        layers: after which layers to cut, from first to last: their names, or their
            positions in the chain, from 0. None: before every layer with a kernel, but
            the first.
        steps: steps after each cut, at least 1.
        learning_rate: about the root mean square of a step's values, above 0: a number,
            or one for each cut.
        radius: of the l1 balls, above 0: a number, one for each cut, or None for
            no bounds.

    Raises:
        TypeError: `solver` is no solver.
        ValueError: wrong arguments; at the first recovery, a generator that cannot be
            cut there.

    Example:

    ```python
    search = gencs.solvers.LBFGS(restarts=3)
    model.compile(solver=gencs.solvers.IntermediateLayer(search, steps=20))
    ```

    Source: Daras, Dean, Jalal and Dimakis, "Intermediate layer optimization for
    inverse problems using deep generative models", ICML 2021.
    """

    _MOMENTUM = 0.9
    _MEMORY = 100.0  # steps

    def __init__(
        self, solver=None, layers=None, steps=50, learning_rate=0.03, radius=None
    ):
        super().__init__(solver)
        if self.solver.search is not self.solver:
            raise ValueError(
                "`solver` must be one whose answer is a G(z), to have activations. "
                f"Received: {self.solver!r}"
            )
        self.layers = None if layers is None else _checked_layers(layers)
        self.stage_steps = checks.integer(steps, "steps")
        self.learning_rate = self._checked(learning_rate, "learning_rate")
        self.radius = None if radius is None else self._checked(radius, "radius")

    def check(self, model, data):
        self._parts(model.generator)

    def refine(self, found, data, model):
        first, *later = self._parts(model.generator)
        settings = zip(
            later,
            _each(self.learning_rate, len(later)),
            _each(self.radius, len(later)),
            strict=True,
        )
        u = _apply(first, found["z"])
        for index, (_, learning_rate, radius) in enumerate(settings):
            rest = list(itertools.chain(*later[index:]))

            def generate(u, rest=rest):
                return tf.cast(_apply(rest, u), data.dtype)

            u = tf.cast(u, data.dtype)
            u = self._improve(u, generate, data, learning_rate, radius)
            if index + 1 < len(later):
                u = _apply(later[index], u)
        return generate(u)

    def _improve(self, start, generate, data, learning_rate, radius):
        """The best activations of every signal, of the shape of `start`."""
        shape = tf.shape(start)
        flat = tf.reshape(start, (-1, math.prod(start.shape[1:])))

        def step(count, state, square):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(state.z)
                loss = data.loss(generate(tf.reshape(state.z, shape)))
            gradient = tape.gradient(loss, state.z)
            # Adam's running mean of squares, without its bias to 0 at the start.
            square += (tf.reduce_mean(gradient**2, axis=1) - square) / tf.minimum(
                count, self._MEMORY
            )
            rate = learning_rate * (1 - self._MOMENTUM) * tf.math.rsqrt(square + 1e-30)
            state = first_order.momentum_step(
                state, loss, gradient, rate, self._MOMENTUM
            )
            if radius is not None:
                z = flat + project_to_l1_ball(state.z - flat, radius)
                state = state._replace(z=z)
            return count + 1, state, square

        _, state, _ = tf.while_loop(
            lambda *_: True,
            step,
            (
                tf.ones((), start.dtype),
                first_order.momentum_start(flat),
                tf.zeros(shape[:1], start.dtype),
            ),
            # The start counts as the first point, so the last move is the one before.
            maximum_iterations=self.stage_steps + 1,
            parallel_iterations=1,
        )
        return tf.reshape(state.best_z, shape)

    def _parts(self, generator):
        """The generator's layers between cuts: a list of lists, one more than cuts."""
        chain = layer_chain(generator)
        cuts = self._cuts(chain)
        for name in ("learning_rate", "radius"):
            setting = getattr(self, name)
            if isinstance(setting, tuple) and len(setting) != len(cuts):
                raise ValueError(
                    f"`{name}` must be one number, or one for each of {len(cuts)} "
                    f"cuts. Received: {setting}"
                )
        ends = [0, *cuts, len(chain)]
        return [chain[a:b] for a, b in itertools.pairwise(ends)]

    def _cuts(self, chain):
        """Where to cut: before which positions in the chain."""
        names = [layer.name for layer in chain]
        if len(chain) == 1:
            raise ValueError(
                "`generator` must have two layers or more, to be cut between them. "
                f"Received: a generator of one layer, {names[0]!r}"
            )
        if self.layers is None:
            kernels = [i for i, layer in enumerate(chain) if _has_kernel(layer)]
            cuts = kernels[1:]
        else:
            cuts = [
                names.index(layer) + 1 if layer in names else layer + 1
                for layer in self.layers
                if layer in names or isinstance(layer, int)
            ]
        wanted = len(self.layers) if self.layers else 1
        inner = all(0 < cut < len(chain) for cut in cuts)
        if len(cuts) < wanted or not inner or cuts != sorted(set(cuts)):
            raise ValueError(
                "`layers` must name layers of the generator's chain but the last, from "
                f"first to last: of {names[:-1]} or their positions. "
                f"Received: {self.layers}"
            )
        return cuts

    def _checked(self, value, argument):
        if isinstance(value, (list, tuple)):
            if not value:
                raise ValueError(
                    f"`{argument}` must be one number, or one for each cut. "
                    f"Received: {value!r}"
                )
            return tuple(checks.number(v, argument, above=0) for v in value)
        return checks.number(value, argument, above=0)

    def get_config(self):
        return {
            "solver": keras.saving.serialize_keras_object(self.solver),
            "layers": self.layers,
            "steps": self.stage_steps,
            "learning_rate": self.learning_rate,
            "radius": self.radius,
        }


def _checked_layers(layers):
    valid = isinstance(layers, (list, tuple)) and all(
        isinstance(layer, (str, numbers.Integral)) and not isinstance(layer, bool)
        for layer in layers
    )
    if not valid or not layers:
        raise ValueError(
            "`layers` must be None or a list of layer names or positions. "
            f"Received: {layers!r}"
        )
    return tuple(v if isinstance(v, str) else int(v) for v in layers)


def _each(setting, count):
    return setting if isinstance(setting, tuple) else (setting,) * count


def _has_kernel(layer):
    return any(len(weight.shape) > 1 for weight in layer.weights)


def _apply(layers, u):
    """Applies layers one after the other, as the generator does outside of training."""
    for layer in layers:
        training = {"training": False} if layer._call_has_training_arg else {}
        u = layer(u, **training)
    return u
