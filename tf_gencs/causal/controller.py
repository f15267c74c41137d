"""A causal model of labels that is learned: networks in place of tables."""

import keras

from tf_gencs import checks, seeds
from tf_gencs.causal.graph import CausalGraph
from tf_gencs.causal.layout import Layout
from tf_gencs.causal.mechanisms import Mechanisms
from tf_gencs.causal.networks import SideBySide
from tf_gencs.causal.sampling.controller_sampling import ControllerSampling
from tf_gencs.causal.training.controller_training import ControllerTraining
from tf_gencs.causal.training.forced import ForcedFamilies
from tf_gencs.causal.training.free import FreeGroups


@keras.saving.register_keras_serializable(package="tf_gencs")
class CausalController(ControllerSampling, ControllerTraining):
    """Learns to make labels as a causal graph says: each of its parents and noise.

    The network of a node takes its parents' labels and noise. Trained on what was
    observed, it also answers under interventions, if the graph is right, if common
    causes that are not observed stand in it as bidirected edges, and where the causes'
    states occur together in the data.

    ```python
    controller = gencs.causal.CausalController([("Male", "Mustache")])
    controller.fit({"Male": male, "Mustache": mustache})
    labels = controller.sample(1000, do={"Mustache": 1}, seed=0)
    ```

    Where labels are discrete and all causes observed, tables by counting
    (`DiscreteSCM.by_counting`) are quicker and at least as near. A controller is for
    causes that are not observed, for labels with many causes, of which a table has too
    many rows, for continuous labels, and for models of images that go through it.

    Args:
        graph: `CausalGraph`, or what makes one.
        states: how many states labels have, k for 0..k-1: an int for all, or a dict
            from nodes; 2 where it says nothing. None stands for a number in [0, 1] and
            needs soft outputs.
        noise_dim: numbers of noise of each node, and of each unobserved cause.
        hidden: widths of the hidden layers of a node's network.
        critic_hidden: widths of the hidden layers of a critic.
        critics: "families" for a critic of each node with its parents, and of nodes
            with unobserved causes in common; "joint" for one of all nodes.
        outputs: "hard" if labels are states, chosen by a Gumbel number of each, or
            "soft" if they are numbers in (0, 1), which `sample` rounds; critics then
            make them near-integer.
        interactions: whether networks see, beside each cause, the joint states of all,
            where they are at most 64. What only several causes do together is learned
            late without.
        seed: of initial weights and of training; None draws one.
        **kwargs: `name`.

    Attributes:
        graph, states: see above; a dict from all nodes.
        mechanisms: `SideBySide`, the networks that `sample` uses: the averaged ones
            where `compile(ema=...)` asks for an average.
        training_steps: number of batches trained on, a weight.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Source: Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN: Learning causal
    implicit generative models with adversarial training", ICLR 2018; critics of groups
    by Rahman and Kocaoglu, "Modular learning of deep causal generative models", ICML
    2024. `gencs.causal.reference_settings` are those of the former.
    """

    def __init__(
        self,
        graph,
        states=2,
        noise_dim=4,
        hidden=(32, 32),
        critic_hidden=(32, 32),
        critics="families",
        outputs="hard",
        interactions=True,
        seed=None,
        **kwargs,
    ):
        # Labels and Gumbel numbers are float32, whatever policy Keras has.
        super().__init__(dtype="float32", **kwargs)
        self.graph = CausalGraph(graph)
        if not self.graph.nodes:
            raise ValueError("`graph` must have a node. Received: none")
        self.noise_dim = checks.integer(noise_dim, "noise_dim")
        self.hidden = checks.sizes(hidden, "hidden")
        self.critic_hidden = checks.sizes(critic_hidden, "critic_hidden")
        self.critics = checks.choice(critics, "critics", ("families", "joint"))
        self.outputs = checks.choice(outputs, "outputs", ("hard", "soft"))
        self.interactions = checks.flag(interactions, "interactions")
        self.states = _checked_states(states, self.graph, self.outputs)
        self.seed = seeds.resolve(seed)
        self._layout = Layout(self.graph, self.states, self.interactions)
        self._flow = Mechanisms(self._layout, self.noise_dim, self.outputs == "hard")
        self._make_networks()
        self.training_steps = self.add_weight(
            (), "zeros", "int64", trainable=False, name="training_steps"
        )
        self._means = [keras.metrics.Mean(name) for name in ("gap", "loss")]
        self._traced = None
        self.built = True

    def _make_networks(self):
        layout, flow = self._layout, self._flow
        count = len(layout.nodes)
        groups = [
            list(map(layout.place.get, g)) for g in self.graph.confounded_groups()
        ]
        if self.critics == "joint":
            groups, single = [list(range(count))], []
        else:
            single = [group[0] for group in groups if len(group) == 1]
            groups = [group for group in groups if len(group) > 1]
        self._single = sorted(single)

        def network(name, count, inputs, hidden, outputs, offset):
            seed = (self.seed + 1000 * offset) % 2**31
            named = {"name": name, "dtype": "float32"}
            return SideBySide(count, inputs, hidden, outputs, seed, **named)

        sizes = (count, flow.inputs, self.hidden, layout.width)
        self.mechanisms = network("mechanisms", *sizes, 0)
        self.raw_mechanisms = network("raw_mechanisms", *sizes, 0)
        self._learners, critics = [], []
        kinds = ((ForcedFamilies, self._single), (FreeGroups, groups))
        for offset, (kind, members) in enumerate(kinds, start=1):
            if members:
                learner = kind(flow, members)
                sizes = (len(members), learner.inputs, self.critic_hidden, 1)
                critics.append(network(f"critic_{offset}", *sizes, offset))
                self._learners.append(learner)
        self.critic_networks = critics

    def get_config(self):
        return {
            "name": self.name,
            "graph": self.graph.get_config(),
            "states": self.states,
            "noise_dim": self.noise_dim,
            "hidden": list(self.hidden),
            "critic_hidden": list(self.critic_hidden),
            "critics": self.critics,
            "outputs": self.outputs,
            "interactions": self.interactions,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "graph": CausalGraph(**config["graph"])})


def _checked_states(states, graph, outputs):
    """A dict from every node to its number of states, or None."""
    given = dict(states) if isinstance(states, dict) else None
    found = dict.fromkeys(graph.nodes, states if given is None else 2)
    for name, count in (given or {}).items():
        found[graph.check_name(name, "states", given)] = count
    for name, count in found.items():
        if count is None:
            if outputs == "hard":
                raise ValueError(
                    f"`states[{name!r}]` must be a number of states where `outputs` is "
                    "'hard'; continuous labels need 'soft'. Received: None"
                )
        else:
            found[name] = checks.integer(count, f"states[{name!r}]", at_least=2)
    return found
