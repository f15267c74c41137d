"""Lanes of small problems with a known optimum, for tests of solvers."""

import tensorflow as tf

from tf_gencs import losses, priors
from tf_gencs.layers import as_measurement
from tf_gencs.recovery import DataTerms, Facts, Objective, Term


def make_lanes(
    generator, y, A=None, *, loss="sse", weight=1.0, prior="normal", penalty=0.0
):
    """The objective of lanes that measured y (lanes, m); A is the identity if None.

    `generator` maps z (lanes, k) to signals (lanes, ...); it may be a plain function.
    """
    y = tf.convert_to_tensor(y)
    dtype = y.dtype.name
    signal = generator.output_shape[1:] if hasattr(generator, "layers") else y.shape[1:]
    A = as_measurement((lambda x: x) if A is None else A, signal, dtype=dtype)
    called = generator
    if not hasattr(generator, "layers"):
        called = lambda z, training: generator(z)  # noqa: E731
    data = bound({"y": Term(A, losses.get(loss), weight)}, {"y": y}, dtype)
    return Objective(called, priors.get(prior), penalty, data)


def bound(terms, y, dtype="float32", facts=None, norm=False):
    """`DataTerms` of lanes that measured y, a dict from names to (lanes, m)."""
    data = DataTerms(terms, dtype, facts or Facts())
    values = data.values()
    return data.bind(data.observe(y, values), data.derive(values, norm))


def searcher(solver, lanes):
    """A function of starts, and of a number of steps, that gives the state after them.

    It is traced once for all numbers of steps.
    """

    @tf.function(autograph=False)
    def search(z, steps):
        return tf.while_loop(
            lambda state: tf.reduce_any(solver.running(state)),
            lambda state: (solver.step(state, lanes),),
            (solver.start(z, lanes),),
            maximum_iterations=steps,
        )[0]

    def run(z, steps=solver.steps):
        return search(tf.convert_to_tensor(z), tf.constant(steps))

    return run


def run(solver, lanes, z, steps=None):
    """The state after all steps, or after `steps` of them."""
    return searcher(solver, lanes)(z, solver.steps if steps is None else steps)
