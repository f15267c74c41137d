"""Does a generator that follows the causal graph learn better than one that does not?

Three continuous variables in [0, 1], whose causes are a line, a collider or all that
come before; mechanisms are random cubic polynomials of the causes and a uniform noise.
Generators are trained alike, each against a discriminator of its own: one small network
for each variable along the true graph or along the others, or one network of all from
all noise, 3, 5 or 10 layers deep.

All data sets of all graphs are trained on at once, side by side, and share nothing but
the graph of operations. Every kind of generator sees the same rows and the same noise,
so differences between kinds are compared data set by data set.

Source: the synthetic study of Kocaoglu et al., "CausalGAN", ICLR 2018. Its GANs go
round what they look for (distances of .5 and more at any step, with or without the
minibatch features of its discriminator), too far to tell kinds apart. Here the
discriminator is three times as wide and has a gradient penalty on data, and the
generator that is judged is the mean of those that trained.
"""

import dataclasses
import itertools

import keras
import numpy as np
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs import seeds
from tf_gencs.causal.networks import SideBySide

GRAPHS = {
    "line": gencs.causal.CausalGraph([("A", "B"), ("B", "C")]),
    "collider": gencs.causal.CausalGraph(
        [("A", "B"), ("C", "B")], nodes=["A", "B", "C"]
    ),
    "complete": gencs.causal.CausalGraph([("A", "B"), ("A", "C"), ("B", "C")]),
}
DEPTHS = (3, 5, 10)
_WIDTH, _CRITIC_WIDTH, _BINS = 10, 30, 10
_BATCH, _RATE, _PENALTY, _MEAN = 64, 2e-3, 0.01, 0.999
_ROWS = 50_000  # to train on, and as many to judge by


def data(graph, n, seed):
    """Samples (n, 3) of a random model along a graph."""
    rng = np.random.default_rng(seed)
    columns = {}
    for name in graph.order:
        inputs = [columns[parent] for parent in graph.parents(name)]
        inputs = np.stack([*inputs, rng.random(n)])
        value = np.zeros(n)
        powers = itertools.product(range(4), repeat=len(inputs))
        for power in (p for p in powers if 0 < sum(p) <= 3):
            monomial = np.prod(
                [x**e for x, e in zip(inputs, power, strict=True)], axis=0
            )
            value += rng.normal() * monomial
        low, high = value.min(), value.max()
        columns[name] = 0.05 + 0.9 * (value - low) / (high - low)
    return np.stack([columns[name] for name in "ABC"], axis=1).astype("float32")


class Along:
    """Generators (runs, batch, 3) -> (runs, batch, 3), a network for each variable."""

    def __init__(self, graph, runs):
        self.graph = graph
        self.networks = {
            name: SideBySide(
                runs, 1 + len(graph.parents(name)), (_WIDTH,) * 2, 1, i, "tanh"
            )
            for i, name in enumerate(graph.order)
        }

    @property
    def weights(self):
        return [w for network in self.networks.values() for w in network.weights]

    def __call__(self, z):
        columns = {}
        for name in self.graph.order:
            causes = [columns[parent] for parent in self.graph.parents(name)]
            own = z[..., "ABC".index(name)][..., None]
            h = tf.concat([own, *causes], axis=-1)
            columns[name] = tf.sigmoid(self.networks[name](h))
        return tf.concat([columns[name] for name in "ABC"], axis=-1)


class Connected:
    """Generators (runs, batch, 3) -> (runs, batch, 3) of one network of all."""

    def __init__(self, depth, runs):
        hidden = (_WIDTH,) * (depth - 1)
        self.network = SideBySide(runs, 3, hidden, 3, seed=0, activation="tanh")
        self.weights = self.network.weights

    def __call__(self, z):
        return tf.sigmoid(self.network(z))


KINDS = {
    **{f"along {name}": (Along, graph) for name, graph in GRAPHS.items()},
    **{f"connected {depth}": (Connected, depth) for depth in DEPTHS},
}


def distances(generator, rows, seed=0):
    """Total variation over 1,000 cells, of as many samples as rows, for each run."""
    runs, n, _ = rows.shape
    z = np.random.default_rng(seed).random((1, n, 3), "float32")
    made = generator(tf.repeat(z, runs, axis=0)).numpy()
    states = dict.fromkeys("ABC", _BINS)

    def table(values):
        bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
        named = dict(zip("ABC", bins.T, strict=True))
        return gencs.metrics.LabelTable.of(named, states)

    pairs = zip(made, rows, strict=True)
    return np.array(
        [
            gencs.metrics.total_variation(table(one), table(other)).distance
            for one, other in pairs
        ]
    )


def train(generator, rows, steps, seed=0):
    """Trains generators as GANs, one graph of all steps; leaves means of their weights.

    Args:
        generator: `Along` or `Connected`.
        rows: array (runs, n, 3).
        steps: how many.
        seed: of the batches and the noise.
    """
    runs, n, _ = rows.shape
    critic = SideBySide(runs, 3, (_CRITIC_WIDTH,) * 3, 1, seed=100)
    nets = (critic, generator)
    optimizers = [keras.optimizers.Adam(_RATE, beta_1=0.0, beta_2=0.99) for _ in nets]
    means = [tf.Variable(w) for w in generator.weights]
    for optimizer, net in zip(optimizers, nets, strict=True):
        optimizer.build(net.weights)
    rows = tf.constant(rows)
    stream = seeds.stream(seed, "study")

    def uniform(step, part, size):
        where = seeds.at_step(stream, step, part)
        return tf.random.stateless_uniform((runs, _BATCH, size), where)

    def one(step):
        which = tf.cast(uniform(step, 0, 1)[..., 0] * n, tf.int32)
        real = tf.gather(rows, tf.minimum(which, n - 1), batch_dims=1)
        with tf.GradientTape(persistent=True) as tape:
            fake = generator(uniform(step, 1, 3))
            with tf.GradientTape() as inner:
                inner.watch(real)
                on_real = critic(real)
            slope = inner.gradient(on_real, real)
            penalty = tf.reduce_sum(tf.square(slope), axis=-1, keepdims=True)
            on_fake = critic(fake)
            loss = tf.nn.softplus(-on_real) + tf.nn.softplus(on_fake)
            loss += _PENALTY / 2 * penalty
            # Means over a batch, summed over runs: each learns as if alone.
            loss, fool = (
                tf.reduce_sum(tf.reduce_mean(each, axis=(1, 2)))
                for each in (loss, tf.nn.softplus(-on_fake))
            )
        for optimizer, net, value in zip(optimizers, nets, (loss, fool), strict=True):
            optimizer.apply(tape.gradient(value, net.weights), net.weights)
        for mean, weight in zip(means, generator.weights, strict=True):
            mean.assign(_MEAN * mean + (1 - _MEAN) * weight)
        return step + 1

    @tf.function(autograph=False)
    def whole():
        return tf.while_loop(lambda i: i < steps, lambda i: (one(i),), (0,))

    whole()
    for mean, weight in zip(means, generator.weights, strict=True):
        weight.assign(mean)


@dataclasses.dataclass
class Row:
    """What the study says of the data of one graph.

    Attributes:
        graph: its name.
        distances: dict from kinds of generators to their mean total variation.
        rival: the connected kind with the least mean.
        gap, error: by how much the generator along the true graph is nearer than that
            one, a mean over data sets, and its standard error.
    """

    graph: str
    distances: dict
    rival: str
    gap: float
    error: float

    @property
    def verdict(self):
        if self.gap >= 0:
            return "ok"
        return "level" if self.gap > -2 * self.error else "MISSES"


def study(steps, datasets):
    """A list of `Row`s, one for each true graph."""
    rows = np.stack(
        [
            data(graph, 2 * _ROWS, seed)
            for graph in GRAPHS.values()
            for seed in range(datasets)
        ]
    )
    found = {}
    for kind, (make, what) in KINDS.items():
        generator = make(what, len(rows))
        train(generator, rows[:, _ROWS:], steps)
        apart = distances(generator, rows[:, :_ROWS])
        found[kind] = apart.reshape(len(GRAPHS), datasets)
    return [_row(i, name, found) for i, name in enumerate(GRAPHS)]


def _row(place, name, found):
    of_graph = {kind: values[place] for kind, values in found.items()}
    means = {kind: float(values.mean()) for kind, values in of_graph.items()}
    rival = min((kind for kind in means if kind.startswith("connected")), key=means.get)
    gaps = of_graph[rival] - of_graph[f"along {name}"]
    error = gaps.std(ddof=1) / len(gaps) ** 0.5 if len(gaps) > 1 else float("nan")
    return Row(name, means, rival, float(gaps.mean()), float(error))
