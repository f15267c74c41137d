"""The robust manifold defence: training against what attackers find in G's range."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.defence import arguments
from tf_gencs.defence.overpowered import pair_loss, shown

# Share of the pairs that begin anew at each step; length of the first step in latents.
_ANEW, _STEP = 0.1, 0.1


@keras.saving.register_keras_serializable(package="tf_gencs")
class ManifoldAdversarialTraining(keras.Model):
    """Trains a classifier against attacks on pixels, and on pairs in G's range.

    Each step minimises, over the classifier's weights,

        1/2 CE(y, C(x)) + 1/2 CE(y, C(x')) + weight CE(C(G(z)), C(G(z')))

    where x' is the image x after some steps of PGD, and (z, z') are pairs whose images
    are about `eps` apart and that C tells apart: they are kept from step to step, move
    against the classifier, and a tenth of them begins anew. `fit` changes the weights
    of `classifier` itself.

    Args:
        model: a `gencs.models.GenerativeModel`; its weights stay, and it is left with
            `trainable` False.
        classifier: Keras model, images -> logits.
        eps: L2 distance, of attacks on pixels and of pairs.
        steps: of both attacks, at each step of training.
        pairs: how many are kept.
        weight: of the pairs; 0 is adversarial training alone.
        seed: of latents; None draws one.
        **kwargs: `name`.

    Call:
        images -> logits, those of `classifier`.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    training = gencs.defence.ManifoldAdversarialTraining(model, classifier)
    training.compile("adam", keras.losses.SparseCategoricalCrossentropy(True))
    training.fit(images, labels, batch_size=100)
    gencs.defence.overpowered(model, classifier, starts=10).share
    ```

    Source: Jalal, Ilyas, Daskalakis and Dimakis, "The robust manifold defense:
    adversarial training using generative models", 2017. There pairs are found anew at
    each step.
    """

    def __init__(
        self,
        model,
        classifier,
        eps=1.5,
        steps=5,
        pairs=50,
        weight=1.0,
        seed=None,
        **kwargs,
    ):
        arguments.pair(model, classifier)
        super().__init__(**kwargs)
        self.model, self.classifier = model, classifier
        model.trainable = False
        self.eps = checks.number(eps, "eps", above=0)
        self.steps = checks.integer(steps, "steps")
        self.pairs = checks.integer(pairs, "pairs")
        self.weight = checks.number(weight, "weight", at_least=0)
        self.seed = seeds.resolve(seed)
        self.value_range = model.value_range
        self._z = self.add_weight(
            shape=(2 * self.pairs, model.latent_dim),
            initializer="zeros",
            trainable=False,
            name="pairs",
        )
        self.built = True

    def call(self, x, training=None):
        return self.classifier(x, training=training)

    def train_step(self, data):
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        if weights is not None:
            raise ValueError(
                "`sample_weight` and `class_weight` must be None: attacks and pairs "
                "have none."
            )
        step = tf.convert_to_tensor(self.optimizer.iterations)
        attacked = self._attacked(x, y)
        z = self._moved_pairs(step) if self.weight else None
        with tf.GradientTape() as tape:
            logits = self.classifier(x, training=True)
            loss = 0.5 * self._loss(y, logits)
            loss += 0.5 * self._loss(y, self.classifier(attacked, training=True))
            if self.weight:
                loss += self.weight * self._disagreement(z)
            objective = self.optimizer.scale_loss(loss)
        weights = self.classifier.trainable_variables
        self.optimizer.apply(tape.gradient(objective, weights), weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, logits)
        return self.get_metrics_result()

    def _loss(self, y, logits):
        return self.compute_loss(y=y, y_pred=logits)

    def _attacked(self, x, y):
        """Images after some steps of PGD up the loss, from the image itself."""
        start, axes = x, list(range(1, x.shape.rank))
        length = 2.5 * self.eps / self.steps
        for _ in range(self.steps):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(x)
                loss = self._loss(y, self.classifier(x, training=False))
            gradient = tape.gradient(loss, x)
            norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), axes, keepdims=True))
            x = x + length * gradient / tf.maximum(norm, 1e-20)
            x = start + tf.clip_by_norm(x - start, self.eps, axes=axes)
            if self.value_range is not None:
                x = tf.clip_by_value(x, *self.value_range)
        return x

    def _moved_pairs(self, step):
        """The pairs, moved against the classifier as it is now."""
        stream = seeds.at_step(seeds.stream(self.seed, "manifold pairs"), step)
        fresh, near, which = tf.unstack(
            tf.random.experimental.stateless_split(stream, 3)
        )
        k = self.model.latent_dim
        prior = self.model.latent_prior
        first = prior.draw((self.pairs, k), fresh)
        second = first + 0.3 * tf.random.stateless_normal((self.pairs, k), near)
        anew = tf.random.stateless_uniform((self.pairs, 1), which) < _ANEW
        anew = tf.tile(anew | (step == 0), (2, 1))
        z = prior.project(tf.where(anew, tf.concat([first, second], 0), self._z))
        for i in range(self.steps):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(z)
                x = shown(self.model, z)
                logits = self.classifier(x, training=False)
                loss = pair_loss(x, logits, z, self.eps, margin=2.0)
            # Ever shorter: the last ones settle at the distance.
            length = _STEP * (1 - i / self.steps)
            z -= length * tf.math.l2_normalize(tape.gradient(loss, z), axis=1)
            z = prior.project(z)
        self._z.assign(z)
        return z

    def _disagreement(self, z):
        """How much the labels of pairs that are near enough differ: a mean."""
        x = shown(self.model, z)
        first, second = tf.split(self.classifier(x, training=True), 2)
        left, right = tf.split(x, 2)
        axes = list(range(1, x.shape.rank))
        far = tf.reduce_sum(tf.square(left - right), axes) > (1.1 * self.eps) ** 2
        one, other = tf.nn.softmax(first), tf.nn.softmax(second)
        each = tf.nn.softmax_cross_entropy_with_logits(one, second)
        each += tf.nn.softmax_cross_entropy_with_logits(other, first)
        return tf.reduce_mean(tf.where(far, 0.0, each)) / 2

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "model": serialize(self.model),
            "classifier": serialize(self.classifier),
            "eps": self.eps,
            "steps": self.steps,
            "pairs": self.pairs,
            "weight": self.weight,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("model", "classifier")
        }
        return cls(**{**config, **networks})
