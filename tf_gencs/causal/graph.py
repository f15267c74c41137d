"""Which variable is a cause of which."""

import keras

from tf_gencs.causal.graphs import drawing, forms, separation


@keras.saving.register_keras_serializable(package="tf_gencs")
class CausalGraph:
    """A directed graph without cycles: each node is caused by its parents and noise.

    ```python
    graph = gencs.causal.CausalGraph([("Male", "Bald"), ("Young", "Bald")])
    graph = gencs.causal.CausalGraph([["Male", []], ["Bald", ["Male"]]])
    graph = gencs.causal.CausalGraph({"Male": [], "Bald": ["Male"]})
    graph = gencs.causal.CausalGraph(networkx_digraph)
    graph = gencs.causal.named_graph("G1")
    ```

    Args:
        graph: edges (cause, effect), pairs [node, [parents]], a dict from nodes to
            lists of parents, a directed networkx graph, or another `CausalGraph`.
        nodes: names in the order wanted, among them nodes without an edge; None for
            the order in which they are named.
        bidirected: pairs of nodes that share an unobserved cause: a noise that enters
            both.
        argument: what error messages call `graph`.

    Attributes:
        nodes: tuple of names.
        edges: tuple of pairs (cause, effect).
        bidirected: tuple of pairs.
        order: the nodes, each after its parents.

    Raises:
        TypeError: no such form, or names that are no text.
        ValueError: a cycle, which is named, an unknown name, for which a known one is
            suggested, or a name or edge given twice.
    """

    def __init__(self, graph=(), nodes=None, bidirected=(), *, argument="graph"):
        if isinstance(graph, CausalGraph):
            bidirected = (*graph.bidirected, *bidirected)
            graph = {name: graph.parents(name) for name in graph.nodes}
        parents = forms.read(graph, nodes, argument)
        self._parents = {name: tuple(given) for name, given in parents.items()}
        self.nodes = tuple(self._parents)
        self.edges = tuple(
            (parent, name) for name in self.nodes for parent in self._parents[name]
        )
        self.order = self._causes_first(argument)
        self.bidirected = self._checked_pairs(bidirected)

    def check_name(self, name, argument, beside=()):
        """Returns `name` if it is a node, else ValueError with a suggestion.

        Args:
            name: what is to be one.
            argument: what the error message calls what held it.
            beside: names that came with it, none of which is suggested.
        """
        if name not in self._parents:
            raise forms.unknown(name, self.nodes, argument, beside)
        return name

    def parents(self, name):
        """The direct causes of a node, in the order given."""
        return self._parents[self.check_name(name, "name")]

    def children(self, name):
        """The nodes of which this one is a direct cause."""
        self.check_name(name, "name")
        return tuple(node for node in self.nodes if name in self._parents[node])

    def ancestors(self, *names):
        """A set of all causes of these nodes, direct or not, without themselves."""
        return self._reached(names, self.parents)

    def descendants(self, *names):
        """A set of all that these nodes are causes of, without themselves."""
        return self._reached(names, self.children)

    def confounded_with(self, name):
        """The nodes that share an unobserved cause with this one."""
        self.check_name(name, "name")
        pairs = [pair for pair in self.bidirected if name in pair]
        return tuple(one if other == name else other for one, other in pairs)

    def confounded_groups(self):
        """Tuples of nodes that bidirected edges join, in order; most hold one node.

        These are the "c-components" of Tian and Pearl, "A general identification
        condition for causal effects", AAAI 2002.
        """
        groups, seen = [], set()
        for name in self.order:
            if name not in seen:
                group = {name} | self._reached((name,), self.confounded_with)
                seen |= group
                groups.append(tuple(node for node in self.order if node in group))
        return tuple(groups)

    def d_separated(self, some, others, given=()):
        """Whether `some` and `others` must be independent given `given`.

        Args:
            some, others, given: a name or several, disjoint.

        Raises:
            ValueError: an unknown name, or one that is in two of them.
        """
        sets = []
        for argument, names in (("some", some), ("others", others), ("given", given)):
            names = {names} if isinstance(names, str) else set(names)
            for name in names:
                self.check_name(name, argument, names)
            sets.append(names)
        some, others, given = sets
        twice = (some & others) | (some & given) | (others & given)
        if twice:
            raise ValueError(
                "`some`, `others` and `given` must be disjoint. "
                f"Received in two of them: {sorted(twice)}"
            )
        parents = {name: list(self._parents[name]) for name in self.nodes}
        for pair in self.bidirected:
            parents[pair] = []  # the unobserved cause itself
            for name in pair:
                parents[name].append(pair)
        return separation.separated(parents, some, others, given)

    def do(self, *names):
        """The graph after surgery: nothing is a cause of these nodes any more."""
        for name in names:
            self.check_name(name, "names", names)
        parents = {
            name: () if name in names else self._parents[name] for name in self.nodes
        }
        kept = [pair for pair in self.bidirected if not set(pair) & set(names)]
        return CausalGraph(parents, bidirected=kept)

    def complete(self, order=None):
        """The graph in which every node causes all that come after it.

        Args:
            order: all names; None for `order`. Reversed, it contradicts this graph.
        """
        order = self.order if order is None else tuple(order)
        return CausalGraph({name: order[:i] for i, name in enumerate(order)})

    def text(self):
        """The graph as text, a line for each node: `Bald <- Male, Young`."""
        return drawing.as_text(self)

    def draw(self, path, highlight=()):
        """Draws the graph.

        Args:
            path: file to write, .png or .svg.
            highlight: names to draw in another colour.

        Returns:
            `path` as `pathlib.Path`.

        Raises:
            ImportError: without matplotlib.
            ValueError: another ending, or an unknown name.
        """
        return drawing.draw(self, path, highlight)

    def to_networkx(self):
        """A `networkx.DiGraph` of nodes and edges; it has no bidirected ones."""
        try:
            import networkx
        except ImportError as error:
            raise ImportError(
                'This needs networkx: `pip install "tf_gencs[causal]"` or '
                "`pip install networkx`."
            ) from error
        graph = networkx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from(self.edges)
        return graph

    def _reached(self, names, ahead_of):
        found, ahead = set(), list(names)
        while ahead:
            new = set(ahead_of(ahead.pop())) - found
            found |= new
            ahead += new
        return found - set(names)

    def _causes_first(self, argument):
        order, left = [], dict(self._parents)
        while left:
            ready = [name for name in left if not set(left[name]) & set(left)]
            if not ready:
                raise ValueError(
                    f"`{argument}` must be free of cycles. Received: "
                    + " -> ".join(_cycle(left))
                )
            order += ready
            for name in ready:
                del left[name]
        return tuple(order)

    def _checked_pairs(self, pairs):
        found = {}
        for item in pairs:
            pair = item if isinstance(item, (tuple, list)) else ()
            if len(pair) != 2 or pair[0] == pair[1]:
                raise ValueError(
                    "`bidirected` must hold pairs of different nodes. "
                    f"Received: {item!r}"
                )
            for name in pair:
                self.check_name(name, "bidirected", pair)
            found[tuple(sorted(pair, key=self.nodes.index))] = None
        return tuple(found)

    def get_config(self):
        return {
            "graph": [[name, list(self._parents[name])] for name in self.nodes],
            "bidirected": [list(pair) for pair in self.bidirected],
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, CausalGraph) and self._identity() == other._identity()

    def __hash__(self):
        return hash(self._identity())

    def _identity(self):
        return tuple(self._parents.items()), frozenset(self.bidirected)

    def __repr__(self):
        shared = f", bidirected={self.bidirected}" if self.bidirected else ""
        return f"CausalGraph({dict(self._parents)}{shared})"


def _cycle(parents):
    """Nodes along a cycle, from cause to effect, the first one again at the end."""
    path = [next(iter(parents))]
    while path[-1] not in path[:-1]:
        path.append(next(name for name in parents[path[-1]] if name in parents))
    return path[path.index(path[-1]) :][::-1]
