"""A small causal model that is known, controllers that learn it, and comparisons."""

import numpy as np

from tf_gencs.causal import CausalController, DiscreteSCM
from tf_gencs.metrics import LabelTable, total_variation

# Z causes X and Y, X causes Y: to see X = 1 is not to set it.
SIMPSON = DiscreteSCM.from_tables(
    {
        "Z": ((), [0.3, 0.7]),
        "X": (("Z",), [[0.8, 0.2], [0.1, 0.9]]),
        "Y": (("X", "Z"), [[[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], [[0.7, 0.2, 0.1]] * 2]),
    }
)


def tiny(scm=SIMPSON, **arguments):
    arguments = {"states": scm.states, **arguments}
    return CausalController(scm.graph, seed=0, **arguments)


def trained(scm=SIMPSON, steps=500, **arguments):
    controller = tiny(scm, **arguments)
    controller.compile(steps=steps, ema=0.98)
    labels = scm.sample(50_000, seed=1)
    controller.fit(labels, batch_size=256, steps_per_epoch=100, verbose=0)
    return controller


def distance(samples, scm, **conditions):
    found = LabelTable.of(samples, scm.states)
    return total_variation(found, LabelTable(scm.graph.nodes, scm.joint(**conditions)))


def same(one, other, names=None):
    return all(np.array_equal(one[name], other[name]) for name in names or one)
