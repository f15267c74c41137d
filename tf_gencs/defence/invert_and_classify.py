"""Defense-GAN: the nearest G(z) is classified in place of the image."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, lookup, pixels, seeds, solvers
from tf_gencs.defence import arguments
from tf_gencs.defence.inversion import Inversion, along_tangents
from tf_gencs.defence.purify_and_classify import PurifyAndClassify


@keras.saving.register_keras_serializable(package="tf_gencs")
class InvertAndClassify(PurifyAndClassify):
    """Classifies G(z), the nearest that an inversion finds, in place of an image.

    It lowers what a first-order attacker gets at small distances; it is no security
    boundary. Images in G's range that fool the classifier pass as they are.

    Every image is searched with the same seed, so that nothing is random; batches of
    other sizes round otherwise, no more.

    Args:
        model: a `gencs.models.GenerativeModel`; how it recovers is what `solver` says,
            not what it was compiled for.
        classifier: Keras model of images in the model's `value_range`, to logits.
        solver: "auto", or a `gencs.solvers.Solver`, that inverts.
        reject: None, or the false positive rate in (0, 1) at which images are refused
            that are far from the nearest G(z); `rejects` and `bpda` then do.
        images: clean images that neither network was trained on, needed with `reject`:
            1 / `reject` of them or more. That share of such images is refused.
        threshold: mean squared error per value beyond which an image is refused, in
            place of `images`, where it is known.
        seed: of the starts of inversions.
        **kwargs: `name`.

    Call:
        images (batch, *signal_shape) -> logits (batch, classes). The gradient is that
        of `backwards[0]`, see `PurifyAndClassify`.

    Attributes:
        backwards: "identity", and "tangent", the projection onto G's tangents.
        threshold: see above; None where nothing is refused.

    Raises:
        TypeError, ValueError: naming the argument that is wrong; a classifier that
            gives probabilities.

    Example:

    ```python
    model = gencs.models.VAE.from_preset("mnist_vae")
    classifier = gencs.metrics.classifier("mnist")
    defence = gencs.defence.InvertAndClassify(model, classifier)
    logits = defence(images)
    ```

    Source: Samangouei, Kabkab and Chellappa, "Defense-GAN: Protecting classifiers
    against adversarial attacks using generative models", ICLR 2018.
    """

    backwards = ("identity", "tangent")

    def __init__(
        self,
        model,
        classifier,
        solver="auto",
        reject=None,
        images=None,
        threshold=None,
        seed=0,
        **kwargs,
    ):
        arguments.pair(model, classifier)
        super().__init__(classifier, **kwargs)
        self.model = model
        self.value_range = model.value_range
        self.solver = solver if _is_auto(solver) else solvers.get(solver)
        if not _is_auto(solver) and self.solver.search is None:
            raise ValueError(
                "`solver` must search latents: the defence is the nearest G(z). "
                f"Received: {lookup.received(solver)}"
            )
        self.seed = seeds.resolve(seed)
        if reject is not None:
            reject = checks.number(reject, "reject", above=0, below=1)
        self.reject = reject
        self._invert = Inversion(model, self.solver, "auto", self.seed)
        self.threshold = self._threshold(threshold, images)
        self.built = True

    def purify(self, x):
        return tf.cast(self.invert(x)["x"], self._dtype_of(x))

    def invert(self, x):
        """The nearest G(z) to images: dict of "x", "z", "measurement_error" ..."""
        x = tf.convert_to_tensor(x)
        arguments.fitting(x, self.model)
        return self._invert(x)

    def differentiable(self, x, backward=None):
        backward = checks.choice(
            backward or self.backwards[0], "backward", self.backwards
        )
        x = tf.convert_to_tensor(x)
        found = self.invert(x)
        purified = tf.cast(found["x"], x.dtype)
        move = x - tf.stop_gradient(x)  # 0, with a gradient
        if backward == "tangent":
            move = along_tangents(self.model, found["z"], move)
        return purified + move

    def errors(self, x, purified=None):
        """Mean squared error per value of the nearest G(z): (batch,)."""
        x = tf.convert_to_tensor(x)
        purified = self.purify(x) if purified is None else purified
        axes = list(range(1, x.shape.rank))
        return tf.reduce_mean(tf.square(x - tf.stop_gradient(purified)), axes)

    @property
    def rejecting(self):
        return self.threshold is not None

    def excess(self, x, purified):
        if not self.rejecting:
            return None
        return self.errors(x, purified) - self.threshold

    def _threshold(self, threshold, images):
        if self.reject is None:
            for name, value in (("images", images), ("threshold", threshold)):
                if value is not None:
                    raise ValueError(
                        f"`{name}` must be None where `reject` is: there is nothing to "
                        f"calibrate. Received: {type(value).__name__}"
                    )
            return None
        if threshold is not None:
            return checks.number(threshold, "threshold", at_least=0)
        if images is None:
            raise ValueError(
                "`images` must be clean images that neither network was trained on: "
                "`reject` is a false positive rate, which they are needed to measure. "
                "Received: None"
            )
        images = checks.float_array(images, "images", self.model.signal_shape)
        needed = math.ceil(1 / self.reject)
        if len(images) < needed:
            raise ValueError(
                f"`images` must hold at least {needed} clean images for a false "
                f"positive rate of {self.reject}. Received: shape {images.shape}"
            )
        if self.value_range is not None:
            ends = float(images.min()), float(images.max())
            pixels.judge(*ends, self.value_range, "`images`", quiet=True)
        errors = np.sort(self.errors(images.astype("float32")))
        # The conformal quantile: of one more such image, at most `reject` are beyond.
        rank = math.ceil((len(errors) + 1) * (1 - self.reject))
        return float(errors[min(rank, len(errors)) - 1])

    def _dtype_of(self, x):
        return getattr(x, "dtype", None) or self.model.recovery_dtype

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        auto = _is_auto(self.solver)
        return {
            **super().get_config(),
            "model": serialize(self.model),
            "solver": self.solver if auto else serialize(self.solver),
            "reject": self.reject,
            "threshold": self.threshold,
            "seed": self.seed,
        }


def _is_auto(solver):
    return isinstance(solver, str) and solver == "auto"
