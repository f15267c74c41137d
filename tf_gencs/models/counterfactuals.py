"""What images would have been: noise and labels of an image, then an intervention."""

import dataclasses
import math

import numpy as np

from tf_gencs import checks, label_checks, pixels, seeds
from tf_gencs.models.held_labels import NoiseSearch
from tf_gencs.recovery.arguments import check_batch_size
from tf_gencs.recovery.progress import check_verbose


@dataclasses.dataclass(frozen=True, repr=False)
class Abduction:
    """What explains images: the noise and the labels that a causal model has for them.

    Attributes:
        x: the images that were explained, (batch, *signal_shape).
        noise: of the images, (batch, noise_dim).
        labels: dict from nodes to int32 arrays (batch,).
        seed: of the call. `counterfactual` draws the noise of the labels from it.
        generated: G(noise, labels), (batch, *signal_shape).
        measurement_error: ||G(noise, labels) - x||^2, a sum over the pixels, (batch,).
    """

    x: np.ndarray
    noise: np.ndarray
    labels: dict
    seed: int
    generated: np.ndarray
    measurement_error: np.ndarray

    def __repr__(self):
        return f"Abduction(x: {self.x.shape}, labels: {list(self.labels)})"


@dataclasses.dataclass(frozen=True, repr=False)
class Counterfactual:
    """Images as they would have been.

    Attributes:
        x: the images, (batch, *signal_shape).
        labels: dict from nodes to int32 arrays (batch,), as they would have been.
        factual: `Abduction`, what the images were explained by.
    """

    x: np.ndarray
    labels: dict
    factual: Abduction

    def __repr__(self):
        return f"Counterfactual(x: {self.x.shape}, labels: {list(self.labels)})"


class Counterfactuals:
    """The part of causal models of images that answers for one image.

    The class it is mixed into is a `GenerativeModel` with `latents(noise, labels)`,
    `labeler`, `columns`, `controller` and `noise_dim`.
    """

    _noise_search = None

    def read_labels(self, x):
        """Labels that `labeler` sees in images.

        Args:
            x: images (n, *signal_shape) in `value_range`.

        Returns:
            Dict from nodes to int32 arrays (n,).

        Raises:
            TypeError, ValueError: images of another shape, or out of range by more than
                a quarter of its width.

        Warns of images that leave the range by less or use its upper half alone.
        """
        return self._read_labels(self._checked_images(x, tolerated=pixels.LOOSE))

    def _read_labels(self, x):
        if not len(x):  # Keras predicts nothing of nothing
            return self.columns.likeliest(np.zeros((0, self.columns.count)))
        return self.columns.likeliest(self.labeler.predict(x, verbose=0))

    def abduct(self, x, labels=None, *, seed=None, batch_size=None, verbose="auto"):
        """Finds the noise and the labels that explain images.

        The labels are what `labeler` sees, or what is told. The noise is that with
        which G comes nearest to the image, its labels held. A `latent_penalty` that was
        compiled keeps it near to what is likely; "auto" asks for the nearest.

        Args:
            x: images (batch, *signal_shape) in `value_range`.
            labels: what is known: dict from nodes, some or all, to arrays (batch,) of
                states; None for nothing.
            seed: integer; None draws one, see `Abduction.seed`.
            batch_size, verbose: as for `recover`.

        Returns:
            `Abduction`.

        Raises:
            TypeError, ValueError: images of another shape or out of range, an unknown
                node, or a state that it does not have.
        """
        x = self._checked_images(x)
        told, seed = self._told_labels(labels, len(x)), seeds.resolve(seed)
        check_batch_size(batch_size)
        search = {"seed": seed, "batch_size": batch_size, "verbose": verbose}
        labels = self._labels_of(x, told)
        noise = self._noise_of(x, labels, search)
        generated = self.generate(z=self.latents(noise, labels))
        misses = (generated - x).reshape(len(x), math.prod(self.signal_shape))
        error = np.sum(np.square(misses), axis=1)
        return Abduction(x, noise, labels, seed, generated, error)

    def counterfactual(
        self,
        x,
        do,
        labels=None,
        *,
        deviation=True,
        seed=None,
        batch_size=None,
        verbose="auto",
    ):
        """What images would have been after an intervention: "this face, mustached".

        First `abduct` finds what explains x. Then `do` is done with the noise kept:
        labels that are not caused by what is done stay, those that are follow by their
        own noise (see `CausalController.counterfactual`), and G draws the new labels
        with the old noise. That is another question than `sample(given=...)`, which
        picks others of whom something is true: women, say, are no candidates there for
        mustaches. Nor is it `sample(do=...)`, which draws somebody new.

        ```python
        mustached = model.counterfactual(faces, do={"Mustache": 1})
        mustached.x, mustached.labels["Mustache"]
        ```

        Args:
            x: images (batch, *signal_shape) in `value_range`; or an `Abduction` of
                them, which saves the search.
            do: dict from nodes to a state, an array (batch,) of states, a function from
                old states to new ones, or a dict from states to probabilities.
            labels: as for `abduct`, without which nothing is known.
            deviation: whether what G misses of x is noise of the image too, and is put
                on top: then nothing changes but what G changes. Without it, answers
                are in G's range.
            seed, batch_size, verbose: as for `abduct`.

        Returns:
            `Counterfactual`.

        Raises:
            TypeError, ValueError: as `abduct` and `CausalController.sample`; arguments
                of a search where x is an `Abduction`.

        Source: Pearl, "Causality", 2nd edition, 2009, section 7.1: abduction, action,
        prediction; Pawlowski, Castro and Glocker, "Deep structural causal models for
        tractable counterfactual inference", NeurIPS 2020, for images.
        """
        deviation = checks.flag(deviation, "deviation")
        check_verbose(verbose)
        if isinstance(x, Abduction):
            told = {"labels": labels, "seed": seed, "batch_size": batch_size}
            for name, value in told.items():
                if value is not None:
                    raise ValueError(
                        f"`{name}` must be None where `x` is an `Abduction`, which was "
                        f"found with its own. Received: {value!r}"
                    )
            self.controller.check_do(do, len(x.x))
            factual = x
        else:
            x = self._checked_images(x)
            self.controller.check_do(do, len(x))
            factual = self.abduct(
                x, labels, seed=seed, batch_size=batch_size, verbose=verbose
            )
        labels = factual.labels
        if len(factual.x):
            labels = self.controller.counterfactual(labels, do, factual.seed)
        images = self.generate(z=self.latents(factual.noise, labels))
        if deviation:
            images = images + (factual.x - factual.generated)
            if self.value_range is not None:
                images = np.clip(images, *self.value_range)
        return Counterfactual(images, labels, factual)

    def _checked_images(self, x, tolerated=pixels.STRICT):
        if isinstance(x, (Abduction, Counterfactual)):
            has = "x" if isinstance(x, Abduction) else "x` and its `factual"
            raise TypeError(
                "`x` must be images, or for `counterfactual` an `Abduction` of them. "
                f"Received: {type(x).__name__}, whose `{has}` may serve"
            )
        x = checks.float_array(x, "x", self.signal_shape, self.recovery_dtype)
        pixels.check(x, self.value_range, "x", 4, tolerated)
        return x

    def _labels_of(self, x, told):
        """What the labeler sees, but for what is told."""
        seen = self._read_labels(x)
        return {name: told.get(name, seen[name]) for name in seen}

    def _told_labels(self, labels, count):
        """Checked labels of some nodes: a dict of int32 arrays (count,)."""
        labels = {} if labels is None else labels
        label_checks.check_named(labels, "labels", ())
        graph, states = self.controller.graph, self.controller.states
        return {
            graph.check_name(name, "labels", labels): label_checks.labels(
                labels[name], states[name], f"labels[{name!r}]", (count,)
            )
            for name in labels
        }

    def _noise_of(self, x, labels, search):
        """Noise (batch, noise_dim) with which G comes nearest to images."""
        none = np.zeros((len(x), self.noise_dim), self.recovery_dtype)
        if not len(x):
            return none
        if self._noise_search is None:
            self._noise_search = NoiseSearch()
        held = self.latents(none, labels)[:, self.noise_dim :]
        weight = self._settings.latent_penalty
        weight = 0.0 if weight == "auto" else weight  # as `invert` has it at m = n
        return self._noise_search(self, x, held, weight, **search)
