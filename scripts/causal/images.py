"""How well a causal model of images does what it is asked: the figures, and their bars.

A model is whatever has `sample(n, do=, given=, seed=)` -> (images, labels),
`abduct(x, seed=)` and `counterfactual(abduction, do)` with `.x`.
"""

import dataclasses

import numpy as np

from causal import faces

SEEN, UNSEEN = 0.95, 0.85  # labels read back, of cells that trained and of others
MEN_GIVEN, MEN_DONE = 0.97, 0.05  # P(Male = 1), and how far from the marginal
SET, KEPT, NEAREST = 0.90, 0.95, 0.95  # of counterfactuals


@dataclasses.dataclass
class Share:
    """How many of so many are right, beside a bar.

    Attributes:
        what: in words.
        share: of the images, in [0, 1].
        count: of images.
        bar: the least that will do, or a pair with the most; None where nothing is
            asked.
        best: what drawn faces reach under the same judge, if known.
    """

    what: str
    share: float
    count: int
    bar: float | tuple | None = None
    best: float | None = None

    @property
    def verdict(self):
        if self.bar is None or not self.count:
            return ""
        least, most = self.bar if isinstance(self.bar, tuple) else (self.bar, 1.0)
        return "ok" if least <= self.share <= most else "MISSES"

    def row(self):
        floor = np.sqrt(self.share * (1 - self.share) / max(self.count, 1))
        bars = () if self.bar is None else np.atleast_1d(self.bar)
        bar = "-".join(f"{each:.2f}" for each in bars)
        best = "" if self.best is None else f"{self.best:.3f}"
        return (
            f"{self.what:<44}{self.share:>8.4f}{floor:>8.4f}{self.count:>8}{bar:>11}"
            f"{best:>8}  {self.verdict}"
        )


HEADER = f"{'':<44}{'share':>8}{'error':>8}{'images':>8}{'bar':>11}{'drawn':>8}"


def judge_the_judge(judge, side, scm, copies=4, seed=3):
    """What a judge reads off drawn faces of every combination.

    Returns:
        A bool array (attributes, combinations, copies): where it is right. And a bool
        array (combinations,): which may be among those who trained.
    """
    labels = faces.combinations(copies)
    read = judge.read(faces.draw(labels, seed, side))
    right = np.stack([read[name] == labels[name] for name in faces.NAMES])
    cells = 2 ** len(faces.NAMES)
    right = right.reshape(len(faces.NAMES), copies, cells).swapaxes(1, 2)
    return right, faces.possible(labels, scm)[:cells]


def asked(model, scm, n, seed=0, nodes=faces.NAMES, states=(0, 1)):
    """Images and labels under every single condition and intervention.

    Yields:
        (kind, node, state, images, labels), with kind "observed", "given" or "do".
    """
    yield ("observed", None, None, *model.sample(n, seed=seed))
    for kind in ("given", "do"):
        for node in nodes:
            for state in states:
                if kind == "given" and not scm.probability({node: state}):
                    continue
                found = model.sample(n, **{kind: {node: state}}, seed=seed)
                yield (kind, node, state, *found)


def read_back(judge, scm, samples, shuffled=None):
    """How often each attribute is read as it was asked for, by kind and cells.

    Args:
        judge: `faces.Judge`.
        scm: the truth.
        samples: as `asked` yields them.
        shuffled: seed by which the labels of each kind go to others' images: the
            negative control.

    Returns:
        Dict from (kind, attribute) to pairs (right, possible): bool arrays, one item an
        image.
    """
    found = {}
    for kind, _, _, images, labels in samples:
        read, possible = judge.read(images), faces.possible(labels, scm)
        order = np.arange(len(images))
        if shuffled is not None:
            order = np.random.default_rng(shuffled).permutation(order)
        for name in faces.NAMES:
            right = read[name] == labels[name][order]
            found.setdefault((kind, name), []).append((right, possible))
    return {
        key: tuple(np.concatenate(part) for part in zip(*pairs, strict=True))
        for key, pairs in found.items()
    }


def shares(read, best=None):
    """`Share`s of what `read_back` found: kind by kind, possible cells and others.

    Args:
        read: see `read_back`.
        best: dict from (attribute, whether its cells are possible) to what the judge
            reads right of drawn faces.
    """
    best = best or {}
    for (kind, name), (right, possible) in read.items():
        for seen, bar in ((True, SEEN), (False, UNSEEN)):
            some = right[possible == seen]
            if len(some):
                cells = "" if seen else ", never trained on"
                yield Share(
                    f"{kind}: {name}{cells}",
                    float(some.mean()),
                    len(some),
                    bar,
                    best.get((name, seen)),
                )


def men_with_mustaches(judge, model, scm, n, seed=1):
    """P(Male = 1) among images, given a mustache and with one done."""
    men = {}
    for kind in ("given", "do"):
        images, _ = model.sample(n, **{kind: {"Mustache": 1}}, seed=seed)
        men[kind] = float(judge.read(images)["Male"].mean())
    marginal = scm.probability({"Male": 1})
    yield Share("P(Male = 1 | given Mustache = 1)", men["given"], n, MEN_GIVEN)
    bar = (marginal - MEN_DONE, marginal + MEN_DONE)
    yield Share("P(Male = 1 | do Mustache = 1)", men["do"], n, bar)


def people(scm, count, side, seed=faces.PEOPLE_SEED):
    """Test faces: their images and their labels."""
    labels = scm.sample(count, seed=seed)
    return faces.draw(labels, seed, side), labels


def changed_people(scm, labels, do, side, seed=faces.PEOPLE_SEED):
    """The same faces as they would have been: drawn, with all that varies kept."""
    return faces.draw(scm.counterfactual(labels, do, seed), seed, side)


def counterfactual_shares(judge, scm, x, labels, do, images, bars=True):
    """What became of test faces: set, kept, near.

    Args:
        judge: `faces.Judge`.
        scm: the truth.
        x, labels: the faces as they were.
        do: dict of one node and its state.
        images: as they are said to have been.
        bars: whether they must be good.
    """
    ((node, state),) = do.items()
    read = judge.read(images)
    words = f"do({node}={state})"

    def share(what, right, bar):
        right = np.asarray(right)
        return Share(
            f"{words}: {what}", float(right.mean()), len(right), bar if bars else None
        )

    yield share("set", read[node] == state, SET)
    others = labels[node] != state
    if others.any():
        yield share("set where it was not", (read[node] == state)[others], None)
    descendants = scm.graph.descendants(node)
    for name in faces.NAMES:
        if name != node and name not in descendants:
            yield share(f"{name} kept", read[name] == labels[name], KEPT)
    yield share("nearest is the original", nearest(images, x), NEAREST)


def nearest(images, x):
    """Whether image i is nearer to x[i] than to any other of x, bool (n,)."""
    flat, known = (part.reshape(len(part), -1) for part in (images, x))
    squares = np.sum(known**2, axis=1) - 2 * flat @ known.T
    return squares.argmin(axis=1) == np.arange(len(x))


def distance(images, others):
    """Root mean square difference of a pixel."""
    return float(np.sqrt(np.mean((images - others) ** 2)))
