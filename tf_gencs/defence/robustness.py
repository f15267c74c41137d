"""The report on a defence that does not flatter it."""

import dataclasses
import time

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.defence import arguments
from tf_gencs.defence.ascent import noisy
from tf_gencs.defence.gradient_attacks import bpda, pgd
from tf_gencs.defence.hard_label import hard_label
from tf_gencs.defence.judging import failures, rejection
from tf_gencs.defence.purify_and_classify import PurifyAndClassify
from tf_gencs.defence.robustness_page import RobustnessReport
from tf_gencs.defence.segment import segment

# Attacks that know the defence, and those that do not use what they know.
ADAPTIVE = ("gradient", "segment")
BLIND = ("blind", "noise", "hard_label")
_NOISE_DRAWS = 5


def robustness_report(
    defence,
    images,
    labels,
    *,
    eps=(1.5, 2.5, 4.0, 6.0),
    attacks=ADAPTIVE + BLIND,
    undefended=None,
    model=None,
    guide=None,
    steps=40,
    restarts=5,
    draws=1,
    queries=100,
    bounds=None,
    seed=None,
    verbose=1,
):
    """Judges a defence by its adaptive accuracy, and by whether to believe that.

    Every attack goes on where it failed at the smaller distance. An image counts as
    right where it withstood all of them.

    Args:
        defence: Keras model or function, images -> logits. `PurifyAndClassify` is
            attacked by `bpda`, by each of its `backwards`, all else by `pgd`.
        images: (batch, *signal_shape), which nothing was trained on.
        labels: (batch,), from 0.
        eps: L2 distances. At the largest an attack should have all it wants: otherwise
            it is too weak to prove anything.
        attacks: names, at least one of "gradient" and "segment", which know the
            defence; "segment" is left out where there is no generative model, "blind",
            which is PGD on the undefended classifier, where there is no such
            classifier. "noise" is random moves of each length, "hard_label" an attack
            that uses labels alone.
        undefended: classifier that blind attacks attack; None for `defence.classifier`.
        model: whose range segments lead to; None for `defence.model`.
        guide: classifier with a gradient, which the ends of segments fool; None for
            `defence.classifier`, or the defence itself.
        steps, restarts, draws: of attacks by gradients, see `pgd`; once more with twice
            the steps, at the smallest distance. A defence that is random needs more
            `draws` than 1.
        queries: of the attack by labels.
        bounds: as for `pgd`.
        seed: of attacks; None draws one.
        verbose: 1 prints the report, 0 nothing.

    Returns:
        `RobustnessReport`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong; `attacks` without one
            that knows the defence.

    Example:

    ```python
    report = gencs.defence.robustness_report(
        defence, images, labels, eps=(1.5, 4), attacks="gradient", steps=2, restarts=1
    )
    report.adaptive  # dict from distances to shares of the images
    ```

    Sources: Carlini et al., "On evaluating adversarial robustness", 2019; Croce et al.,
    "Evaluating the adversarial robustness of adaptive test-time defenses", ICML 2022.
    """
    attacks = _attacks(attacks)
    task = arguments.task(defence, images, labels, None, bounds)
    if not len(task.images):
        raise ValueError(
            f"`images` must hold at least one image. Received: shape "
            f"{task.images.shape}"
        )
    eps = sorted(checks.number(e, "eps", above=0) for e in np.atleast_1d(eps))
    if not eps:
        raise ValueError("`eps` must hold at least one distance. Received: none")
    seed = seeds.resolve(seed)
    verbose = checks.integer(verbose, "verbose", at_least=0)
    if undefended is None:
        undefended = getattr(defence, "classifier", None)
    model = model if model is not None else getattr(defence, "model", None)
    if model is None and "gradient" not in attacks:
        raise ValueError(
            "`model` must be given, for segments to lead into its range, where "
            '`attacks` are without "gradient". Received: None'
        )
    by_gradient = {"steps": steps, "restarts": restarts, "draws": draws}
    runs = _Runs(
        defence, task, eps, undefended, model, guide, by_gradient, queries, seed
    )
    report = runs.report(attacks)
    if verbose:
        print(report)
    return report


def _attacks(attacks):
    names = ADAPTIVE + BLIND
    attacks = (attacks,) if isinstance(attacks, str) else tuple(attacks)
    for name in attacks:
        checks.choice(name, "attacks", names)
    if not set(attacks) & set(ADAPTIVE):
        raise ValueError(
            f"`attacks` must hold at least one of {ADAPTIVE}, which know the defence: "
            "what a defence makes of attacks on something else is no result. "
            f"Received: {attacks}"
        )
    return attacks


@dataclasses.dataclass
class _Runs:
    """The attacks on one defence, each as first distances of failure (batch,)."""

    defence: object
    task: arguments.Task
    eps: list
    undefended: object
    model: object
    guide: object
    by_gradient: dict
    queries: int
    seed: int

    def report(self, attacks):
        task, defence = self.task, self.defence
        seconds, logits = _timed(defence, task.images)
        again = np.asarray(defence(task.images))
        cost = None
        if self.undefended is not None:
            cost = seconds / max(_timed(self.undefended, task.images)[0], 1e-9)
        rejects = rejection(defence)
        refused = rejects(task.images) if rejects else np.zeros(len(logits), bool)
        right = (logits.argmax(axis=1) == task.labels) & ~refused
        fails = {}
        flat = 0.0
        if "gradient" in attacks:
            for name in self._backwards():
                found, share = self._by_gradient(name, self.eps)
                fails[name], flat = found, max(flat, share)
        if "segment" in attacks and self.model is not None:
            fails["segment"] = self._at_once(
                segment, model=self.model, classifier=self.guide
            )
        if "hard_label" in attacks:
            fails["hard_label"] = self._at_once(hard_label, queries=self.queries)
        if "noise" in attacks:
            fails["noise"] = self._noise()
        plain = None
        if "blind" in attacks and self.undefended is not None:
            fails["blind"], plain = self._blind()
        doubled = None
        if "gradient" in attacks:
            doubled = self._doubled(fails)
        return RobustnessReport(
            eps=tuple(self.eps),
            images=len(task.images),
            clean=float(right.mean()),
            refused=float(refused.mean()) if rejects else None,
            # What is wrong from the start is wrong at every distance.
            fails={name: np.where(right, found, 0.0) for name, found in fails.items()},
            undefended=plain,
            doubled=doubled,
            deterministic=bool(np.array_equal(logits, again)),
            flat=flat,
            cost=cost,
            seconds=seconds / len(task.images),
            settings={
                **self.by_gradient,
                "queries": self.queries,
                "seed": self.seed,
                "norm": "l2",
                "bounds": task.bounds,
            },
        )

    def _backwards(self):
        if isinstance(self.defence, PurifyAndClassify):
            return [f"bpda, {name}" for name in self.defence.backwards]
        return ["pgd"]

    def _by_gradient(self, name, eps, **other):
        """First distance of `eps` at which each image fails; share of no gradient."""

        def attack(x, labels, e):
            given = {
                "eps": e,
                "bounds": self.task.bounds,
                "seed": self.seed,
                **self.by_gradient,
                **other,
            }
            if name == "pgd":
                return pgd(self.defence, x, labels, **given)
            backward = name.split(", ")[1]
            return bpda(self.defence, x, labels, backward=backward, **given)

        flats = []

        def fails(x, labels, e):
            found = attack(x, labels, e)
            flats.append(found.flat)
            return found.success

        return self._rising(fails, eps), max(flats, default=0.0)

    def _rising(self, fails, eps):
        """Each image's first distance at which something fails it, or infinity."""
        first = np.full(len(self.task.images), np.inf)
        for e in eps:
            left = np.flatnonzero(np.isinf(first))
            if len(left):
                failed = fails(self.task.images[left], self.task.labels[left], e)
                first[left[failed]] = e
        return first

    def _at_once(self, attack, **own):
        """Distance at which an attack that takes no distance fails each image."""
        task = self.task
        found = attack(
            self.defence,
            task.images,
            task.labels,
            bounds=task.bounds,
            seed=self.seed,
            **own,
        )
        return np.where(found.success, found.distance, np.inf)

    def _noise(self):
        rng = np.random.default_rng([self.seed, *b"noise of a report"])

        def fails(x, labels, e):
            failed = np.zeros(len(x), bool)
            part = dataclasses.replace(self.task, images=x, labels=labels)
            for _ in range(_NOISE_DRAWS):
                moved = noisy(x, e, self.task.bounds, rng)
                failed |= failures(self.defence, moved, part)
            return failed

        return self._rising(fails, self.eps)

    def _blind(self):
        task = self.task
        given = {"bounds": task.bounds, "seed": self.seed, **self.by_gradient}

        def attacked(x, labels, e, **other):
            return pgd(self.undefended, x, labels, eps=e, **given, **other)

        def fails(x, labels, e):
            part = dataclasses.replace(task, images=x, labels=labels)
            found = attacked(x, labels, e, stop_early=False)
            return failures(self.defence, found.images, part)

        plain = {e: attacked(task.images, task.labels, e).accuracy for e in self.eps}
        return self._rising(fails, self.eps), plain

    def _doubled(self, fails):
        """By how much twice the steps lower the accuracy at the least distance."""
        least = self.eps[0] * (1 + 1e-5)
        name = min(self._backwards(), key=lambda n: np.mean(fails[n] > least))
        twice = 2 * self.by_gradient["steps"]
        found, _ = self._by_gradient(name, self.eps[:1], steps=twice)
        return float(np.mean(fails[name] > least) - np.mean(found > least))


def _timed(function, images):
    np.asarray(function(images))  # traced
    start = time.perf_counter()
    logits = np.asarray(function(images))
    return time.perf_counter() - start, logits
