"""Early signs that a GAN trains in vain."""

import math
import warnings

from tf_gencs import checks
from tf_gencs.callbacks.step_callback import StepCallback


class CollapseWarning(StepCallback):
    """Warns, once each, of what GANs do not come back from.

    - Samples of different latents that are all but the same: their standard deviation,
      averaged over pixels, is below `threshold` times the width of the value range.
    - A discriminator that has won: `d_loss` in [0, `loss_threshold`).
    - A balance of BEGAN that never got going: `k` at 0 in `patience` checks on end.

    `warned` holds the signs seen: "samples", "d_loss", "k".

    Args:
        every, unit: how often to look, "steps" or "epochs".
        samples: how many samples to compare, at least 2.
        threshold: see above; at least 0. Images of a data set have 0.1 or more.
        loss_threshold: see above; 0 where a low loss is no sign.
        patience: checks in a row with k = 0.
        grace: training steps before which samples may be alike, as those of a new
            generator are.
        seed: of the latents.

    Raises:
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    watch = gencs.callbacks.CollapseWarning(every=500, threshold=0.02)
    # dcgan.fit(images, callbacks=[watch])
    ```
    """

    def __init__(
        self,
        every=500,
        *,
        unit="steps",
        samples=32,
        threshold=0.01,
        loss_threshold=1e-3,
        patience=5,
        grace=2_000,
        seed=0,
    ):
        super().__init__(every, unit)
        self.samples = checks.integer(samples, "samples", at_least=2)
        self.threshold = checks.number(threshold, "threshold", at_least=0)
        self.loss_threshold = checks.number(loss_threshold, "loss_threshold")
        self.patience = checks.integer(patience, "patience")
        self.grace = checks.integer(grace, "grace", at_least=0)
        self.seed = checks.integer(seed, "seed", at_least=0)
        self.warned = set()
        self._checks_at_zero = 0

    def act(self, step, logs):
        spread = self._spread() if step >= self.grace else math.inf
        if spread < self.threshold:
            self._warn(
                "samples",
                f"At step {step} samples of {self.samples} latents hardly differ "
                f"(standard deviation {spread:.2g} of the value range): the generator "
                "has collapsed. A lower learning rate, more data, or going back to an "
                "earlier checkpoint with another seed may help.",
            )
        loss = logs.get("d_loss", math.inf)
        if 0 <= loss < self.loss_threshold:
            self._warn(
                "d_loss",
                f"At step {step} `d_loss` is {loss:.2g}: the discriminator tells real "
                "from fake without fail, and the generator learns nothing from it. A "
                "lower `d_optimizer` learning rate, more generator steps or more data "
                "may help.",
            )
        if "k" in logs:
            at_zero = float(logs["k"]) == 0
            self._checks_at_zero = self._checks_at_zero + 1 if at_zero else 0
            if self._checks_at_zero >= self.patience:
                self._warn(
                    "k",
                    f"At step {step} `k` has been 0 for {self.patience} checks: the "
                    "discriminator is never told of samples, so they need not look "
                    "real. A higher `gamma`, or a lower learning rate of the "
                    "generator, may help.",
                )

    def _spread(self):
        z = self.model.draw_z(self.samples, self.seed, "collapse")
        x = self.model.generate(z=z).astype("float64")
        low, high = self.model.value_range or (x.min(), x.max())
        return float(x.std(axis=0).mean() / max(high - low, 1e-30))

    def _warn(self, sign, message):
        if sign not in self.warned:
            self.warned.add(sign)
            warnings.warn(message, RuntimeWarning, stacklevel=2)
