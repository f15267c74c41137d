"""What a report on a defence holds, and the page that it prints."""

import dataclasses

import numpy as np

# How much twice the steps may change, and what may be left at the largest distance.
_CHANGE, _LEFT = 0.03, 0.05


@dataclasses.dataclass(frozen=True, repr=False)
class RobustnessReport:
    """How often a defence is right under attack; accuracies are shares in [0, 1].

    Attributes:
        eps: L2 distances, rising.
        images: how many were attacked.
        clean: accuracy without attack; refused images count as wrong.
        refused: share of clean images that are refused, or None.
        fails: dict from attacks to the least distance at which each image failed,
            (images,), infinity where it withstood.
        undefended: dict from eps to the accuracy of the classifier without defence
            under PGD, or None.
        doubled: by how much twice the steps lower the accuracy at the least eps.
        deterministic: whether the same images give the same logits twice. Otherwise
            `draws` of the attacks must be raised, and the defence be attacked with
            what is random in it fixed.
        flat: largest share of looks at which the gradient was exactly 0.
        cost: time of the defence over that of the undefended classifier, or None.
        seconds: for one image, of a batch of all.
        settings: of the attacks.

    Example:

    ```python
    report = gencs.defence.robustness_report(
        classifier, images, labels, attacks="gradient", steps=10, restarts=1, seed=0
    )
    report.clean, report.adaptive  # shares: of clean images, and by distance
    report.doubts  # sentences
    ```
    """

    eps: tuple
    images: int
    clean: float
    refused: float | None
    fails: dict
    undefended: dict | None
    doubled: float | None
    deterministic: bool
    flat: float
    cost: float | None
    seconds: float
    settings: dict

    def accuracy(self, attack):
        """Accuracies under one attack: dict from eps to shares."""
        return self._accuracies(self.fails[attack])

    @property
    def adaptive(self):
        """Dict from eps to the share of images that withstood every attack."""
        return self._accuracies(np.min(list(self.fails.values()), axis=0))

    @property
    def blind(self):
        """The same under PGD that does not know the defence; None if not asked for."""
        return self.accuracy("blind") if "blind" in self.fails else None

    def _accuracies(self, fails):
        return {e: float(np.mean(fails > e * (1 + 1e-5))) for e in self.eps}

    @property
    def doubts(self):
        """Why not to believe it: sentences, none if nothing was found."""
        found = []
        if self.clean < 0.5:
            found.append(
                f"only {self.clean:.2f} of the images are right without an attack: "
                "labels, or the range of images, may be wrong"
            )
        adaptive = self.adaptive
        last = self.eps[-1]
        if adaptive[last] > _LEFT:
            found.append(
                f"at L2 {last:g} still {adaptive[last]:.2f} are right: the attacks are "
                "too weak, or the distance too small to tell"
            )
        if self.doubled is not None and self.doubled >= _CHANGE:
            found.append(
                f"twice the steps lower the accuracy by {self.doubled:.2f}: the attack "
                "had not ended"
            )
        if self.flat > 0.01:
            found.append(
                f"the gradient is 0 at {100 * self.flat:.0f} % of the looks: it is "
                "masked"
            )
        if not self.deterministic:
            found.append(
                "the defence is random: raise `draws`, and attack it with what is "
                "random fixed"
            )
        knowing = [n for n in self.fails if n not in ("blind", "noise", "hard_label")]
        best = np.min([self.fails[name] for name in knowing], axis=0)
        for name in [n for n in self.fails if n not in knowing]:
            for e, right in self.accuracy(name).items():
                if right < self._accuracies(best)[e]:
                    found.append(
                        f"{name} at L2 {e:g} does more harm than what knows the "
                        "defence: gradients are masked"
                    )
                    break
        return found

    def __str__(self):
        head = "".join(f"{f'L2 {e:g}':>9}" for e in self.eps)
        lines = [f"{f'{self.images} images, accuracy within':<34}{head}"]

        def row(name, accuracies):
            numbers = "".join(f"{accuracies[e]:>9.2f}" for e in self.eps)
            lines.append(f"{name:<34}{numbers}")

        row("adaptive: worst of all, per image", self.adaptive)
        for name in self.fails:
            row(f"  {name.replace('_', ' ')}", self.accuracy(name))
        if self.undefended is not None:
            row("without the defence, PGD", self.undefended)
        lines.append(f"{'clean':<34}{self.clean:>9.2f}")
        if self.refused is not None:
            lines.append(f"{'clean images refused':<34}{self.refused:>9.2f}")
        if self.blind is not None:
            gap = ", ".join(f"{self.blind[e] - self.adaptive[e]:.2f}" for e in self.eps)
            lines.append(f"a blind attack flatters by {gap}")
        if self.doubled is not None:
            lines.append(
                f"twice the steps: {0.0 - self.doubled:+.2f} at L2 {self.eps[0]:g}"
            )
        same = "yes" if self.deterministic else "no"
        lines.append(f"the same image twice, the same logits: {same}")
        cost = "" if self.cost is None else f", {self.cost:,.0f} times the classifier's"
        lines.append(f"cost: {1000 * self.seconds:.3g} ms an image{cost}")
        told = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        lines.append(f"attacks: {told}")
        lines += [f"DOUBT: {sentence}" for sentence in self.doubts]
        lines.append(
            "It lowers what these attacks get at these distances; it is no security "
            "boundary."
        )
        return "\n".join(lines)

    __repr__ = __str__
