"""What an attack found."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, repr=False)
class Attack:
    """Images that an attack made of others.

    Attributes:
        images: float32 (batch, *signal_shape), within the bounds: where it failed, the
            one that came nearest to success.
        success: bool (batch,): taken for something else, or for the target. Also
            true, at a distance of 0, where that was so from the start.
        distance: (batch,), in the attack's norm; of a success.
        norm: "l2" or "linf".
        flat: share of the looks at which the gradient was exactly 0. Of a
            deterministic classifier of images that should be next to none: otherwise
            the gradient is masked, and the attack proves nothing.

    Example:

    ```python
    attack = gencs.defence.pgd(classifier, images, labels, eps=2.5, steps=10, seed=0)
    attack.accuracy, attack.distance  # share that withstood, and how far images moved
    attack.within(1.5)  # bool (4,): which fooled it within that distance
    ```
    """

    images: np.ndarray
    success: np.ndarray
    distance: np.ndarray
    norm: str = "l2"
    flat: float = 0.0

    @property
    def accuracy(self):
        """Share of the images at which the attack failed; NaN of none."""
        return float(1 - np.mean(self.success)) if len(self.success) else float("nan")

    def within(self, eps):
        """Which succeeded within a distance: bool (batch,)."""
        # A projection onto a ball may miss it by rounding.
        return self.success & (self.distance <= eps * (1 + 1e-5))

    def __repr__(self):
        found = f"{np.count_nonzero(self.success)} of {len(self.success)} succeeded"
        if self.success.any():
            median = np.median(self.distance[self.success])
            found += f", median {self.norm} distance {median:.3g}"
        if self.flat > 0.01:
            found += f"; no gradient at {100 * self.flat:.0f} % of the looks"
        return f"Attack({found})"
