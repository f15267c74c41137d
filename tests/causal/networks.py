"""Public networks with exact answers, from tables that others published."""

import json
import pathlib

import numpy as np

from tf_gencs.causal import DiscreteSCM

_CONTENT = json.loads(pathlib.Path(__file__).with_name("networks.json").read_text())
NETWORKS = ("asia", "cancer", "earthquake", "survey", "sachs")


def network(name):
    return DiscreteSCM.from_tables(
        {
            node: (content["parents"], np.array(content["table"]))
            for node, content in _CONTENT[name].items()
        }
    )


def state_names(name):
    return {node: content["states"] for node, content in _CONTENT[name].items()}
