"""What a controller answers: samples, abducted noise, counterfactuals."""

import numpy as np
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.causal import conditions, label_data
from tf_gencs.causal.sampling import abduction
from tf_gencs.causal.sampling.draw_where import draw_where
from tf_gencs.causal.sampling.interventions import Interventions
from tf_gencs.causal.sampling.selection import Selection

# Draws at once: from so many on, memory grows and speed does not.
_CHUNK = 2**16
_SMALLEST_CHUNK = 2**6
_MOST_CANDIDATES = 2**20  # of one row's noise: they are held together


class ControllerSampling:
    """The part of `CausalController` that samples."""

    def __call__(self, noise, *args, **kwargs):
        self._flow.check(noise)
        return super().__call__(noise, *args, **kwargs)

    def call(self, noise):
        """Labels that follow from noise, as columns (batch, nodes, states - 1).

        Args:
            noise: dict of tensors, as `abduct` gives it.

        Raises:
            TypeError, ValueError: something else.
        """
        return self._flow.propagate(self.mechanisms, noise)[0]

    def draw(self, batch, stream):
        """Labels as they were observed, inside of graphs: states (batch, nodes).

        Args:
            batch: how many.
            stream: stateless seed, integer tensor (2,).
        """
        return self._layout.labels(self.call(self._flow.draw(batch, stream)))

    def draw_where(self, stream, do, given):
        """One sample after interventions and under conditions, inside of graphs.

        Args:
            stream: stateless seed, integer tensor (2,).
            do: int32 tensor (nodes,): the state that each node is set to, -1 for none.
            given: the same: the state that it must have after that.

        Returns:
            States, int32 (nodes,), and whether the condition held: a bool tensor (). If
            it did not in 4,096 draws, or a node has no such state, states are -1.
        """
        return draw_where(self, stream, do, given)

    def sample(
        self, n, do=None, given=None, seed=None, *, soft=False, most_draws=2**24
    ):
        """Draws labels, after interventions, under conditions.

        First `do` cuts what is done loose from its causes, then `given` selects in the
        model so cut: P(labels | do(X = x), Y = y). That is no counterfactual, which
        asks what would have been of somebody who was seen without `do`.

        A condition on causes alone, all of whose own causes are in `do` or `given`, is
        the same as an intervention and costs nothing. Any other selects from draws:
        exactly, but slowly where the event is rare.

        Args:
            n: how many.
            do: dict from nodes to a state, an array (n,) of states, a function from
                arrays of old states to new ones, or a dict from states to
                probabilities. Where outputs are soft, binary labels take any number in
                [0, 1].
            given: dict from nodes to a state or to several, of which one must hold.
            seed: integer; None draws one. The same `n` and seed under another `do` is
                the same noise: nodes not caused by what is done keep their labels.
            soft: False for states, int32. True for numbers, which say how clear a state
                is: (n,) of state 1 where there are two, (n, states) of all otherwise.
            most_draws: where `given` selects, how many draws it may take.

        Returns:
            Dict from nodes to arrays (n, ...): `pandas.DataFrame` takes it.

        Raises:
            TypeError, ValueError: naming the argument that is wrong; and where `given`
                is so rare that n samples would take more than `most_draws`: it says how
                often it came, and its estimated probability.
        """
        n = checks.integer(n, "n", at_least=0)
        soft = checks.flag(soft, "soft")
        most_draws = checks.integer(most_draws, "most_draws")
        do, given = conditions.check_apart(do, given)
        do = conditions.check_do(do, self.graph, self._do_states(), n)
        given = conditions.check_event(given, self.graph, self.states, "given")
        stream = seeds.stream(seeds.resolve(seed), "controller sample")
        interventions = Interventions(self, do, stream)
        selection = Selection(self.graph, do, given)
        interventions.fix(selection.fixed)
        if selection.checked:
            found = self._selected(n, interventions, selection, most_draws)
        else:
            found = self._plain(n, interventions)
        return self._named(found, soft)

    def abduct(self, observed, seed=None, *, candidates=64):
        """Noise that explains observed labels, drawn from what does.

        Args:
            observed: dict of arrays (n,) of states, of all nodes, or a DataFrame.
            seed: integer; None draws one.
            candidates: draws of each noise, of which one is chosen by how well it
                explains the label. More are nearer to the exact distribution.

        Returns:
            Dict of float32 arrays, which `counterfactual` and `call` take: "own"
            (nodes, n, noise_dim), "shared" (unobserved causes, n, noise_dim) and, where
            outputs are hard, "choice" (nodes, n, states), with which the observed
            labels are made again.

        Raises:
            TypeError, ValueError: labels that lack a node, or that it does not have; or
                outputs are soft, and no candidate makes the label.
        """
        labels = label_data.matrix(observed, self.graph, self.states, "observed")
        candidates = checks.integer(candidates, "candidates", at_most=_MOST_CANDIDATES)
        stream = seeds.stream(seeds.resolve(seed), "controller abduct")
        return abduction.abduct(self, labels, stream, candidates)

    def counterfactual(self, observed, do, seed=None, *, soft=False, candidates=64):
        """What would have been: the noise of what was observed, after an intervention.

        Args:
            observed, candidates: as for `abduct`.
            do: as for `sample`; n is the number of rows observed.
            seed: integer; None draws one.
            soft: as for `sample`.

        Returns:
            Dict from nodes to arrays (n, ...). Nodes that are not caused by what is
            done are as observed.

        Raises:
            TypeError, ValueError: as `abduct` and `sample`.
        """
        soft = checks.flag(soft, "soft")
        noise = self.abduct(observed, seed, candidates=candidates)
        n = noise["own"].shape[1]
        do = self.check_do(do, n)
        stream = seeds.stream(seeds.resolve(seed), "controller counterfactual")
        interventions = Interventions(self, do, stream)
        return self._named(interventions.labels_of(noise, np.arange(n), 0), soft)

    def check_do(self, do, n=None):
        """Raises TypeError or ValueError for a `do` that `sample` would refuse.

        Args:
            do: as for `sample`.
            n: how many samples there are; None refuses arrays.
        """
        do, _ = conditions.check_apart(do, None)
        return conditions.check_do(do, self.graph, self._do_states(), n)

    def _do_states(self):
        """What `do` may say of each node; None for a number in [0, 1]."""
        if self.outputs == "hard":
            return self.states
        return {name: None if k == 2 else k for name, k in self.states.items()}

    def _chunk(self, n):
        size = 2 ** int(np.ceil(np.log2(max(n, 1))))
        return min(max(size, _SMALLEST_CHUNK), _CHUNK)

    def _draw(self, interventions, rows, chunk):
        """States and numbers of draw number `chunk`, for the rows of the call."""
        where = seeds.at_step(interventions.stream, chunk)
        noise = self._flow.draw(len(rows), where)
        return interventions.labels_of(noise, rows, chunk)

    def _plain(self, n, interventions):
        size = self._chunk(n)
        parts = []
        for chunk, start in enumerate(range(0, max(n, 1), size)):
            rows = np.arange(start, start + size) % max(n, 1)
            kept = min(size, n - start)
            states, numbers = self._draw(interventions, rows, chunk)
            parts.append((states[:kept], numbers[:kept]))
        return tuple(map(np.concatenate, zip(*parts, strict=True)))

    def _selected(self, n, interventions, selection, most_draws):
        """Draws until every row has found a sample for which the condition holds."""
        shape = (n, len(self.graph.nodes))
        states = np.zeros(shape, "float32")
        numbers = np.zeros((*shape, self._layout.width + 1), "float32")
        waiting, drawn, held = np.arange(n), 0, 0
        chunk = 0
        while len(waiting):
            selection.check_budget(n, n - len(waiting), held, drawn, most_draws)
            size = self._chunk(len(waiting) * selection.draws_per_hit(held, drawn))
            rows = np.resize(waiting, size)
            some, more = self._draw(interventions, rows, chunk)
            hits = np.flatnonzero(selection.holds(some, self._layout.place))
            drawn, held, chunk = drawn + size, held + len(hits), chunk + 1
            if interventions.alike:  # any sample is as good for any row
                hits = hits[: len(waiting)]
                taken = waiting[: len(hits)]
            else:
                taken, first = np.unique(rows[hits], return_index=True)
                hits = hits[first]
            states[taken], numbers[taken] = some[hits], more[hits]
            waiting = np.setdiff1d(waiting, taken, assume_unique=True)
        return states, numbers

    def _named(self, found, soft):
        states, numbers = found
        named = {}
        for i, name in enumerate(self.graph.nodes):
            k = self.states[name]
            if k is None:
                named[name] = states[:, i]
            elif not soft:
                named[name] = states[:, i].astype("int32")
            else:
                named[name] = numbers[:, i, 1] if k == 2 else numbers[:, i, :k]
        return named

    def _forward(self, noise, mask, values):
        """States (batch, nodes) and numbers (batch, nodes, states) as arrays."""
        if self._traced is None:
            self._traced = tf.function(
                self._forward_graph, reduce_retracing=True, autograph=False
            )
        found = self._traced(noise, tf.constant(mask), tf.constant(values))
        return tuple(each.numpy() for each in found)

    def _forward_graph(self, noise, mask, values):
        layout, flow = self._layout, self._flow
        columns, logits = flow.propagate(self.mechanisms, noise, mask, values)
        numbers = layout.all_states(columns)
        if flow.hard:
            choice = tf.transpose(noise["choice"], (1, 0, 2))
            numbers = tf.where(mask[:, None], numbers, tf.nn.softmax(logits + choice))
        return layout.labels(columns), numbers
