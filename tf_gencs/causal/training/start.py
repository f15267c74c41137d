"""Where mechanisms begin: every node as frequent as it is in the data."""

import numpy as np


def start_at_frequencies(networks, layout, rows):
    """Sets the last biases of networks to the logits of what labels are on the whole.

    From even chances a rare state overshoots: its chance comes to nothing before its
    critic notices, and what has no chance has no slope to come back by.

    Args:
        networks: `SideBySide`s of all nodes.
        layout: `Layout`.
        rows: labels (n, nodes).
    """
    logits = np.zeros((len(layout.nodes), 1, layout.width), "float32")
    for place, count in enumerate(layout.counts):
        if not layout.continuous[place]:
            found = np.bincount(rows[:, place].astype(int), minlength=count) + 0.5
            logits[place, 0, : count - 1] = np.log(found[1:] / found[0])
    for network in networks:
        network.biases[-1].assign(logits)
