"""Does a generator that follows the causal graph learn better than one that does not?

Three continuous variables in [0, 1], whose causes are a line, a collider or all that
come before; mechanisms are random cubic polynomials of the causes and a uniform noise.
Generators are trained alike, against one discriminator: one small network for each
variable along the true graph or along the others, or one network of all from all noise,
3, 5 or 10 layers deep.

Source: the synthetic study of Kocaoglu et al., "CausalGAN", ICLR 2018, without the
minibatch features of its discriminator.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf

import tf_gencs as gencs

GRAPHS = {
    "line": gencs.causal.CausalGraph([("A", "B"), ("B", "C")]),
    "collider": gencs.causal.CausalGraph(
        [("A", "B"), ("C", "B")], nodes=["A", "B", "C"]
    ),
    "complete": gencs.causal.CausalGraph([("A", "B"), ("A", "C"), ("B", "C")]),
}
DEPTHS = (3, 5, 10)
_WIDTH, _BATCH, _RATE, _BINS = 10, 64, 5e-4, 10


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


def along(graph):
    """A generator (batch, 3) -> (batch, 3) with a network for each variable."""
    z = keras.Input((3,))
    columns = {}
    for name in graph.order:
        own = z[:, "ABC".index(name) :][:, :1]
        h = keras.layers.Concatenate()(
            [own, own, *(columns[parent] for parent in graph.parents(name))]
        )
        for _ in range(2):
            h = keras.layers.Dense(_WIDTH, "tanh")(h)
        columns[name] = keras.layers.Dense(1, "sigmoid")(h)
    return keras.Model(z, keras.layers.Concatenate()([columns[n] for n in "ABC"]))


def connected(depth):
    """A generator (batch, 3) -> (batch, 3) of one network."""
    layers = [keras.layers.Dense(_WIDTH, "tanh") for _ in range(depth - 1)]
    return keras.Sequential(
        [keras.Input((3,)), *layers, keras.layers.Dense(3, "sigmoid")]
    )


def distance(generator, rows, n=50_000, seed=0):
    """Total variation over 1,000 cells, of `n` samples of each."""
    z = np.random.default_rng(seed).random((n, 3), "float32")
    made = generator.predict(z, batch_size=10_000, verbose=0)
    states = dict.fromkeys("ABC", _BINS)
    tables = []
    for values in (made, rows[:n]):
        bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
        named = dict(zip("ABC", bins.T, strict=True))
        tables.append(gencs.metrics.LabelTable.of(named, states))
    return gencs.metrics.total_variation(*tables)


def train(generator, rows, steps):
    """Trains a generator as a GAN, in one graph."""
    leaky = [keras.layers.Dense(_WIDTH) for _ in range(3)]
    layers = [layer for d in leaky for layer in (d, keras.layers.LeakyReLU(0.2))]
    critic = keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(1)])
    nets = (critic, generator)
    optimizers = [keras.optimizers.Adam(_RATE, beta_1=0.5) for _ in nets]
    for optimizer, net in zip(optimizers, nets, strict=True):
        optimizer.build(net.trainable_variables)
    rows = tf.constant(rows)

    @tf.function(autograph=False)
    def step():
        which = tf.random.uniform((_BATCH,), 0, len(rows), tf.int32)
        real, z = tf.gather(rows, which), tf.random.uniform((_BATCH, 3))
        with tf.GradientTape(persistent=True) as tape:
            fake = generator(z)
            on_real, on_fake = critic(real), critic(fake)
            loss = tf.reduce_mean(tf.nn.softplus(-on_real) + tf.nn.softplus(on_fake))
            fool = tf.reduce_mean(tf.nn.softplus(-on_fake))
        for optimizer, net, value in zip(optimizers, nets, (loss, fool), strict=True):
            weights = net.trainable_variables
            optimizer.apply(tape.gradient(value, weights), weights)

    for _ in range(steps):
        step()


def study(steps, datasets):
    """Yields the name of a graph, and for each generator its mean total variation."""
    for name, graph in GRAPHS.items():
        makers = {
            **{f"along {other}": (lambda g=g: along(g)) for other, g in GRAPHS.items()},
            **{f"connected {d}": (lambda d=d: connected(d)) for d in DEPTHS},
        }
        found = {maker: [] for maker in makers}
        for seed in range(datasets):
            rows = data(graph, 100_000, seed)
            for maker, make in makers.items():
                keras.utils.set_random_seed(seed)
                generator = make()
                train(generator, rows[50_000:], steps)
                found[maker].append(distance(generator, rows).distance)
        yield name, {maker: float(np.mean(values)) for maker, values in found.items()}
