"""A whole search inside another solver's step."""

import tensorflow as tf


def minimise(solver, z, lanes):
    """The best latents that a solver finds from one start of each lane.

    Its restarts, probes and racing are the engine's business and play no part here.

    Args:
        solver: `Solver`.
        z: the starts, (lanes, k).
        lanes: what to minimise, see `Solver`.

    Returns:
        Tensor (lanes, k).
    """
    (state,) = tf.while_loop(
        lambda state: tf.reduce_any(solver.running(state)),
        lambda state: (solver.step(state, lanes),),
        (solver.start(z, lanes),),
        maximum_iterations=solver.steps,
        parallel_iterations=1,
    )
    return solver.best(state)
