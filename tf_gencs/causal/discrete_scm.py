"""A causal model that is known exactly: tables of probabilities."""

import math
import zlib

import keras
import numpy as np

from tf_gencs import checks, label_checks, seeds
from tf_gencs.array_checks import short
from tf_gencs.causal import conditions, label_data
from tf_gencs.causal.exact import tables
from tf_gencs.causal.exact.inference import ExactInference
from tf_gencs.causal.graph import CausalGraph

# Labels that nobody told the number of states of: more are identifiers, say.
_MOST_STATES = 2**12

_MOST_CELLS = 10_000_000


@keras.saving.register_keras_serializable(package="tf_gencs")
class DiscreteSCM(ExactInference):
    """A structural causal model of discrete variables, each with a table.

    A node's state follows from those of its parents and from a noise of its own, u,
    uniform in [0, 1): it is the number of states s >= 1 with
    u < P(node >= s | parents).

    ```python
    scm = gencs.causal.DiscreteSCM.from_tables(
        {"Male": ((), [0.5, 0.5]), "Bald": (("Male",), [[0.98, 0.02], [0.7, 0.3]])}
    )
    scm.probability({"Bald": 1}, do={"Male": 1})
    scm.sample(1000, given={"Bald": 1}, seed=0)
    ```

    Two models with the same tables have the same answers under `do` and `given`, but
    not the same counterfactuals: those depend on how noise decides, here as above.

    Args:
        graph: `CausalGraph`, without bidirected edges.
        tables: dict from every node to an array (*states of its parents, states); or to
            a dict from tuples of its parents' states to P(node = 1), or to the
            probabilities of all states. Rows sum to 1.

    Attributes:
        graph: `CausalGraph`.
        states: dict from nodes to how many states they have.
        tables: dict from nodes to float64 arrays.

    Raises:
        TypeError, ValueError: naming the node and what is wrong with it.

    Source: Pearl, "Causality", 2nd edition, 2009, chapters 3 and 7.
    """

    def __init__(self, graph, tables):
        super().__init__(CausalGraph(graph), tables, "tables")

    @classmethod
    def from_tables(cls, nodes, *, argument="nodes"):
        """A model from {node: (parents, table)}; see the class.

        Args:
            nodes: dict from every node to a pair: the names of its parents, and its
                table.
            argument: what error messages call `nodes`.
        """
        parents, contents = tables.check_nodes(nodes, argument)
        scm = cls.__new__(cls)
        graph = CausalGraph(parents, argument=argument)
        ExactInference.__init__(scm, graph, contents, argument)
        return scm

    def to_tables(self):
        """A dict {node: (parents, array)}, which `from_tables` takes."""
        return {
            name: (self.graph.parents(name), self.tables[name].copy())
            for name in self.graph.nodes
        }

    def get_config(self):
        tables = {name: table.tolist() for name, table in self.tables.items()}
        return {"graph": self.graph.get_config(), "tables": tables}

    @classmethod
    def from_config(cls, config):
        return cls(CausalGraph(**config["graph"]), config["tables"])

    def __repr__(self):
        states = ", ".join(f"{name}: {k}" for name, k in self.states.items())
        return f"DiscreteSCM({states})"

    @classmethod
    def by_counting(cls, labels, graph, states=None, prior=0.0):
        """The model whose tables are the frequencies in data.

        Where all variables are discrete and observed, nothing learns faster or better.

        Args:
            labels: dict of arrays (n,) of states, or a DataFrame.
            graph: `CausalGraph`, or what makes one.
            states: dict from nodes to their number of states; None for one more than
                the largest in `labels`, at least 2.
            prior: added to each count, at least 0. Rows that were never seen are
                uniform.

        Raises:
            TypeError, ValueError: a wrong argument, labels that their nodes do not
                have, or a table of more than 10 million cells.
        """
        if _swapped(labels, graph):
            raise TypeError(
                "`labels` must come first, then the `graph`: "
                "`DiscreteSCM.by_counting(labels, graph)`. "
                f"Received: {short(labels)} as `labels`"
            )
        graph, prior = CausalGraph(graph), checks.number(prior, "prior", at_least=0)
        told = states is not None
        if told and not (
            isinstance(states, dict) and states.keys() >= set(graph.nodes)
        ):
            raise ValueError(
                "`states` must be None or a dict with the number of states of each "
                f"node, {list(graph.nodes)}. Received: {states!r}"
            )
        most = states if told else dict.fromkeys(graph.nodes, _MOST_STATES)
        seen = label_data.matrix(labels, graph, most).astype(np.int64)
        columns = dict(zip(graph.nodes, seen.T, strict=True))
        if not told:
            states = {name: max(2, int(v.max()) + 1) for name, v in columns.items()}
        contents = {}
        for name in graph.nodes:
            family = (*graph.parents(name), name)
            shape = [states[each] for each in family]
            if math.prod(shape) > _MOST_CELLS:
                raise ValueError(
                    f"The table of {name!r} and its parents would have "
                    f"{math.prod(shape):.3g} cells, more than {_MOST_CELLS:,}. "
                    f"Received: nodes of {shape} states"
                )
            cells = np.ravel_multi_index([columns[each] for each in family], shape)
            counts = np.bincount(cells, minlength=np.prod(shape)).reshape(shape) + prior
            counts = counts + (counts.sum(axis=-1, keepdims=True) == 0)
            contents[name] = counts / counts.sum(axis=-1, keepdims=True)
        return cls(graph, contents)

    def sample(self, n, do=None, given=None, seed=None):
        """Draws from the model, after interventions, under conditions.

        First `do` cuts what is done loose from its causes, then `given` selects in the
        model so cut. That is no counterfactual: see there.

        Args:
            n: how many.
            do: dict from nodes to a state, an array (n,) of states, a function from old
                states to new ones, or a dict from states to probabilities.
            given: dict from nodes to a state or to several, of which one must hold.
            seed: integer; None draws one. The same seed under another `do` without
                `given` is the same noise: nodes that are not caused by what is done
                stay as they are.

        Returns:
            Dict from nodes to int32 arrays (n,).

        Raises:
            TypeError, ValueError: a wrong argument, or an impossible `given`.
        """
        n = checks.integer(n, "n", at_least=0)
        do, given = conditions.check_apart(do, given)
        do = conditions.check_do(do, self.graph, self.states, n)
        rng = _stream(seed, "sample")
        uniforms = rng.random((n, len(self.graph.nodes)))
        if given:
            allowed = conditions.check_event(given, self.graph, self.states, "given")
            return self._sample_given(n, do, allowed, rng.random(n))
        return self.decide(dict(zip(self.graph.nodes, uniforms.T, strict=True)), do)

    def decide(self, noise, do=None):
        """The states that follow from noise.

        Args:
            noise: dict from every node to an array (n,) of numbers in [0, 1).
            do: as for `sample`.

        Returns:
            Dict from nodes to int32 arrays (n,).
        """
        n = len(noise[self.graph.nodes[0]]) if self.graph.nodes else 0
        do = conditions.check_do(do or {}, self.graph, self.states, n)
        values = {}
        for name in self.graph.order:
            how, u = do.get(name), np.asarray(noise[name])
            if how is None or callable(how):
                chances = self._at_least(name, values)
                found = np.count_nonzero(u[:, None] < chances, axis=1).astype("int32")
                if how is not None:
                    where = f"do[{name!r}]"
                    found = conditions.apply(how, found, self.states[name], where)
            elif isinstance(how, conditions.Drawn):
                found = how.draw(u)
            else:
                found = np.broadcast_to(how, n)
            values[name] = np.array(found, "int32")
        return {name: values[name] for name in self.graph.nodes}

    def abduct(self, observed, seed=None):
        """Noise that explains what was observed, drawn from all that does.

        Args:
            observed: dict from nodes to states or arrays (n,) of states; nodes that are
                left out are drawn from what is likely given the others.
            seed: integer; None draws one.

        Returns:
            Dict from nodes to arrays (n,) of numbers in [0, 1). `decide` makes the
            observed states of them again.

        Raises:
            ValueError: a wrong state, or one that the model makes impossible.
        """
        rng = _stream(seed, "abduct")
        values = self._completed(observed, rng)
        noise = {}
        for name in self.graph.nodes:
            ends = np.pad(self._at_least(name, values), ((0, 0), (1, 1)))
            ends[:, 0] = 1.0
            rows, state = np.arange(len(ends)), values[name]
            low, high = ends[rows, state + 1], ends[rows, state]
            drawn = low + (high - low) * rng.random(len(ends))
            noise[name] = np.minimum(drawn, np.nextafter(high, 0))
        return noise

    def counterfactual(self, observed, do, seed=None):
        """What would have been: the same noise, after an intervention.

        Args:
            observed: as for `abduct`.
            do: as for `sample`.
            seed: integer; None draws one.

        Returns:
            Dict from nodes to int32 arrays (n,). Nodes that are not caused by what is
            done are as observed.
        """
        do, _ = conditions.check_apart(do, None)
        return self.decide(self.abduct(observed, seed), do)

    def _at_least(self, name, values):
        """P(node >= s | parents) for s = 1, 2, ..., (n or 1, states - 1)."""
        table = self.tables[name]
        rows = table[tuple(values[parent] for parent in self.graph.parents(name))]
        chances = np.cumsum(rows[..., :0:-1], axis=-1)[..., ::-1]
        n = max((len(v) for v in values.values()), default=1)
        return (
            np.broadcast_to(chances, (n, chances.shape[-1]))
            if rows.ndim == 1
            else chances
        )


def _swapped(labels, graph):
    """Whether `labels` is a graph, or `graph` has columns of numbers."""
    if isinstance(labels, CausalGraph) or hasattr(labels, "successors"):
        return True
    columns = [graph[name] for name in graph] if label_checks.named(graph) else []
    return any(np.size(c) and np.asarray(c).dtype.kind in "biuf" for c in columns)


def _stream(seed, purpose):
    label = zlib.crc32(f"causal {purpose}".encode())
    return np.random.default_rng([seeds.resolve(seed), label])
