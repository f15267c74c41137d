"""The losses of generator and discriminator, which serve in recovery too."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.losses.measurement_loss import MeasurementLoss


class AdversarialLoss(MeasurementLoss):
    """What a discriminator's score says to the generator and to itself.

    A score is unbounded: the higher, the more real. Called like any loss of a
    recovery, it is the generator's: summed over the scores of each lane, (lanes, m) ->
    (lanes,), and in need of no y. With a trained discriminator that makes a recovery
    prefer natural signals:

    ```python
    dcgan.compile(
        loss={"y": "sse", "natural": gencs.losses.NonSaturating()},
        loss_weights={"natural": 0.01},
    )
    dcgan.recover({"y": y, "natural": None}, {"y": A, "natural": dcgan.discriminator})
    ```

    Subclasses write `of_real`, `of_fake` and `of_generator`, value by value, and
    `curvature`.

    Attributes:
        gradient_penalty: weight of `gradient_penalty_of` in the discriminator's loss.
    """

    gradient_penalty = 0.0

    def __init__(self, name=None, reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)

    @property
    def needs_y(self):
        return False

    def discriminator_loss(self, real_scores, fake_scores):
        """Mean loss of the discriminator, without the gradient penalty.

        Args:
            real_scores: scores of real signals, (batch, 1).
            fake_scores: scores of generated signals, (batch, 1).

        Returns:
            A scalar: the sum of the means over either.
        """
        real, fake = self.of_real(real_scores), self.of_fake(fake_scores)
        return tf.reduce_mean(real) + tf.reduce_mean(fake)

    def generator_loss(self, fake_scores):
        """Mean loss of the generator, of scores (batch, 1) of what it made."""
        return tf.reduce_mean(self.of_generator(fake_scores))

    def call(self, y_true, y_pred):
        return tf.reduce_sum(self.of_generator(y_pred), axis=-1)

    def of_real(self, scores):
        """The discriminator's loss of each score of a real signal."""
        raise NotImplementedError

    def of_fake(self, scores):
        """The discriminator's loss of each score of a generated signal."""
        raise NotImplementedError

    def of_generator(self, scores):
        """The generator's loss of each score of what it made."""
        raise NotImplementedError

    def _curvature(self, y_true, y_pred):
        return tf.zeros_like(y_pred)


@keras.saving.register_keras_serializable(package="tf_gencs")
class Minimax(AdversarialLoss):
    """The game as it was first written: D minimises -log s(r) - log(1 - s(f)).

    The scores r of real and f of generated signals are logits, s the sigmoid; G
    minimises log(1 - s(f)), whose gradient fades where D is sure. G's loss is concave,
    and its curvature is given as 0.

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    dcgan.compile(adversarial_loss="minimax")
    ```

    Source: Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, equation 1.
    """

    def of_real(self, scores):
        return tf.nn.softplus(-scores)

    def of_fake(self, scores):
        return tf.nn.softplus(scores)

    def of_generator(self, scores):
        return -tf.nn.softplus(scores)


@keras.saving.register_keras_serializable(package="tf_gencs")
class NonSaturating(Minimax):
    """D as in `Minimax`; G minimises -log s(f), which pulls most where D is sure.

    The curvature is s(f) (1 - s(f)).

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    dcgan.compile(adversarial_loss="non_saturating")  # the default
    ```

    Source: Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, section 3.
    """

    def of_generator(self, scores):
        return tf.nn.softplus(-scores)

    def _curvature(self, y_true, y_pred):
        p = tf.sigmoid(y_pred)
        return p * (1 - p)


@keras.saving.register_keras_serializable(package="tf_gencs")
class LogRatio(Minimax):
    """D as in `Minimax`; G minimises log((1 - s(f)) / s(f)) = -f.

    It pulls alike wherever D stands, and is the sum of what `NonSaturating` and
    `Minimax` have G minimise. The curvature is 0.

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    dcgan.compile(adversarial_loss=gencs.losses.LogRatio())
    ```

    Source: Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN", ICLR 2018.
    """

    def of_generator(self, scores):
        return -scores


@keras.saving.register_keras_serializable(package="tf_gencs")
class LeastSquares(AdversarialLoss):
    """D minimises ((r - 1)^2 + f^2) / 2, G (f - 1)^2 / 2. The curvature is 1.

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    dcgan.compile(adversarial_loss="least_squares")
    ```

    Source: Mao et al., "Least squares generative adversarial networks", ICCV 2017,
    equation 9.
    """

    def of_real(self, scores):
        return 0.5 * tf.square(scores - 1)

    def of_fake(self, scores):
        return 0.5 * tf.square(scores)

    def of_generator(self, scores):
        return self.of_real(scores)

    def _curvature(self, y_true, y_pred):
        return tf.ones_like(y_pred)


@keras.saving.register_keras_serializable(package="tf_gencs")
class Hinge(AdversarialLoss):
    """D minimises max(0, 1 - r) + max(0, 1 + f), G -f. The curvature is 0.

    A score has no bound: in a recovery, give it a low weight.

    Args:
        name, reduction, dtype: as for `MeasurementLoss`.

    Example:

    ```python
    dcgan.compile(adversarial_loss=gencs.losses.Hinge())
    ```

    Source: Lim and Ye, "Geometric GAN", 2017.
    """

    def of_real(self, scores):
        return tf.nn.relu(1 - scores)

    def of_fake(self, scores):
        return tf.nn.relu(1 + scores)

    def of_generator(self, scores):
        return -scores


@keras.saving.register_keras_serializable(package="tf_gencs")
class Wasserstein(AdversarialLoss):
    """D minimises f - r + a gradient penalty, G -f. The curvature is 0.

    Args:
        gradient_penalty: weight of the mean of (||dD/dx|| - 1)^2 at points between
            real and generated signals, at least 0; see `gradient_penalty_of`. The
            reference uses 10 with Adam(1e-4, beta_1=0, beta_2=0.9) and five steps of D
            per step of G; D may not mix the signals of a batch.
        name, reduction, dtype: as for `MeasurementLoss`.

    Raises:
        ValueError: `gradient_penalty` is not such a number.

    Example:

    ```python
    loss = gencs.losses.Wasserstein(gradient_penalty=10.0)
    dcgan = gencs.models.DCGAN((16, 16, 1), normalization="layer", seed=0)
    dcgan.compile(adversarial_loss=loss)
    ```

    Source: Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017; Gulrajani et
    al., "Improved training of Wasserstein GANs", NeurIPS 2017.
    """

    def __init__(self, gradient_penalty=10.0, name=None, reduction=None, dtype=None):
        super().__init__(name, reduction, dtype)
        self.gradient_penalty = checks.number(
            gradient_penalty, "gradient_penalty", at_least=0
        )

    def of_real(self, scores):
        return -scores

    def of_fake(self, scores):
        return scores

    def of_generator(self, scores):
        return -scores

    def get_config(self):
        return {**super().get_config(), "gradient_penalty": self.gradient_penalty}
