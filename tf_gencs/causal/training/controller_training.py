"""How a controller trains: its critics first, then its mechanisms, step by step."""

import warnings

import keras
import tensorflow as tf

from tf_gencs import checks, keras_arguments, seeds
from tf_gencs.causal import label_data
from tf_gencs.causal.training import batches
from tf_gencs.causal.training.free import FreeGroups
from tf_gencs.causal.training.settings import TrainingSettings
from tf_gencs.causal.training.start import start_at_frequencies

_STEPS_PER_EPOCH = 500
_JUDGES = "`gencs.metrics.total_variation` judges what it samples"
_ASKED = "is asked by `sample(n, do=, given=)` and `counterfactual`"
_SETTINGS = (
    "Settings of a controller are `optimizer`, `critic_optimizer`, `steps`, "
    "`critic_steps`, `penalty_weight`, `penalty_center`, `ema` and `balance`"
)
_JUDGED = "has no loss on labels; `gencs.metrics.total_variation` judges its samples"


def _refused(method, way_out):
    """A method of Keras that has no meaning here, and says what there is instead."""

    def refuse(self, *args, **kwargs):
        raise ValueError(
            f"`{method}` is not possible: a {type(self).__name__} {way_out}."
        )

    refuse.__doc__ = f"Raises ValueError: a controller {way_out}."
    return refuse


class ControllerTraining(keras.Model):
    """The part of `CausalController` that trains."""

    settings = None  # what `compile` was told

    def compile(
        self,
        optimizer=None,
        critic_optimizer=None,
        *,
        steps=4000,
        critic_steps=1,
        penalty_weight=1.0,
        penalty_center=0.0,
        ema=0.999,
        balance=0.9,
        **kwargs,
    ):
        """Sets how to train; `fit` does it by itself, with the defaults.

        Args:
            optimizer, critic_optimizer: Keras optimizers, objects or names. None for
                Adam without momentum at 0.01, which goes to 0 over `steps`, and at
                0.02, which goes to 0.004.
            steps: how many batches training takes.
            critic_steps: of so many batches, the mechanisms learn from one, the critics
                from all.
            penalty_weight: of the gradient penalty.
            penalty_center: the slope that it asks for. With 1, the reference's, critics
                keep jumping from one side to the other; with 0 they come to rest.
            ema: decay of the average of the mechanisms' weights, or None.
            balance: share of each batch, in [0, 1], in which all states of the causes
                are equally frequent. Of data in memory, where critics are of families.
            **kwargs: as for `keras.Model.compile`, but for losses and metrics. With
                `steps_per_execution` above 1, steps of Keras's loop may overlap:
                rarely, the same seeds then give other weights.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        settings = TrainingSettings(
            optimizer=optimizer,
            critic_optimizer=critic_optimizer,
            steps=steps,
            critic_steps=critic_steps,
            penalty_weight=penalty_weight,
            penalty_center=penalty_center,
            ema=ema,
            balance=balance,
        )
        name = type(self).__name__
        for argument in ("loss", "loss_weights"):
            if kwargs.get(argument) is not None:
                raise ValueError(
                    f"`{argument}` must be None: a {name} learns from its critics. "
                    f"Received: {kwargs[argument]!r}"
                )
        keras_arguments.check_compile(name, kwargs, judges=_JUDGES, settings=_SETTINGS)
        kwargs.setdefault("jit_compile", False)  # compiling takes longer than it saves
        super().compile(optimizer=settings.optimizer, **kwargs)
        self.critic_optimizer = settings.critic_optimizer
        if self.settings is not None and self.settings.ema is None:
            # What trained without an average goes on from where it is.
            self.raw_mechanisms.set_weights(self.mechanisms.get_weights())
        self.settings = settings

    def fit(
        self,
        labels,
        *,
        batch_size=512,
        epochs=None,
        steps_per_epoch=_STEPS_PER_EPOCH,
        callbacks=None,
        verbose="auto",
    ):
        """Trains on labels.

        Training goes on where it stopped, also from a file; with labels in memory it
        ends in the bits of training that never stopped.

        Args:
            labels: dict of arrays (n,), or a DataFrame, with a column for each node; or
                a batched `tf.data.Dataset` of dicts, or of images and dicts. States are
                0..k-1.
            batch_size: rows of a step, at most 65,536 or as many as there are; a
                dataset has its own.
            epochs: how many times `steps_per_epoch` steps; None for as many whole ones
                as the `steps` of `compile` still need, or one of those alone if they
                are fewer.
            steps_per_epoch: steps between calls of callbacks.
            callbacks, verbose: as for `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`: "gap", how far apart critics see data and
            samples, and "loss", theirs with the penalty.

        Raises:
            TypeError, ValueError: labels that lack a node, or that it does not have.

        Warns where all `steps` of `compile` are done and no `epochs` are asked for:
        labels are then looked at, and nothing is trained.
        """
        if self.settings is None:
            self.compile()
        keras_arguments.check_one_device(self, "fit")
        keras_arguments.check_rates(callbacks, optimizer=self.optimizer)
        batch_size = checks.integer(batch_size, "batch_size")
        steps_per_epoch = checks.integer(steps_per_epoch, "steps_per_epoch")
        done, asked = int(self.training_steps), epochs is not None
        if epochs is None:
            left = max(0, self.settings.steps - done)
            steps_per_epoch = min(steps_per_epoch, left) or 1
            epochs = -(-left // steps_per_epoch)
        epochs = checks.integer(epochs, "epochs", at_least=0)
        if isinstance(labels, tf.data.Dataset):
            data = label_data.batches(labels, self.graph, self.states)
            if not epochs:  # nothing else would see its labels
                label_data.look_at(data.take(_STEPS_PER_EPOCH))
            rows, data = None, data.repeat()
        else:
            rows = label_data.matrix(labels, self.graph, self.states)
            steps = range(done, done + epochs * steps_per_epoch)
            how = (batch_size, self.settings.balance, self.seed, steps)
            data = batches.drawn(rows, self._layout, self._single, *how)
        if not (asked or epochs):
            self._warn_of_no_steps(done)
        with label_data.said_plainly():
            if epochs and not done and self._flow.hard:
                networks = self.mechanisms, self.raw_mechanisms
                some = next(data.as_numpy_iterator()) if rows is None else rows
                start_at_frequencies(networks, self._layout, some)
            return super().fit(
                data,
                epochs=epochs,
                steps_per_epoch=steps_per_epoch,
                shuffle=False,  # drawn at random already, or the dataset's affair
                callbacks=callbacks,
                verbose=verbose,
            )

    def _warn_of_no_steps(self, done):
        warnings.warn(
            f"`labels` train nothing: {done} steps are done, and `compile(steps=...)` "
            f"asked for {self.settings.steps}. `fit(labels, epochs=2)` trains on.",
            stacklevel=3,
        )

    predict = _refused("predict", _ASKED)
    predict_on_batch = _refused("predict_on_batch", _ASKED)
    evaluate = _refused("evaluate", _JUDGED)
    test_on_batch = _refused("test_on_batch", _JUDGED)
    train_on_batch = _refused("train_on_batch", "draws its batches: call `fit`")
    export = _refused("export", "is kept by `save`, as a .keras file")

    @property
    def metrics(self):
        return self._means

    def make_train_function(self, force=False):
        self._build_optimizers()
        return super().make_train_function(force)

    def train_step(self, rows):
        step = tf.convert_to_tensor(self.training_steps)
        stream = seeds.stream(self.seed, "controller training")
        batch = tf.shape(rows)[-2]
        shown = self._shown(rows)
        noise = self._flow.draw(batch, seeds.at_step(stream, step, 0))
        loss, gap = self._train_critics(shown, noise, seeds.at_step(stream, step, 1))
        noise = self._flow.draw(batch, seeds.at_step(stream, step, 2))
        every = self.settings.critic_steps
        if every == 1:
            self._train_mechanisms(shown, noise, step)
        else:

            def learn():
                self._train_mechanisms(shown, noise, step // every)
                return True

            tf.cond(step % every == every - 1, learn, lambda: False)
        self.training_steps.assign_add(1)
        for mean, value in zip(self._means, (gap, loss), strict=True):
            mean.update_state(value)
        return {mean.name: mean.result() for mean in self._means}

    def _shown(self, rows):
        """What each kind of critic sees of a batch."""
        shown = []
        for learner in self._learners:
            own = rows
            if len(rows.shape) == 3:
                own = rows[-1] if isinstance(learner, FreeGroups) else rows[:-1]
            shown.append(learner.real(own))
        return shown

    def _train_critics(self, shown, noise, stream):
        settings, total, gaps = self.settings, 0.0, 0.0
        weights = [w for net in self.critic_networks for w in net.trainable_variables]
        parts = zip(self._learners, self.critic_networks, shown, strict=True)
        with tf.GradientTape() as tape:
            for i, (learner, critic, real) in enumerate(parts):
                loss, gap = learner.critic_loss(
                    self._training_mechanisms,
                    critic,
                    real,
                    noise,
                    seeds.at_step(stream, i),
                    settings.penalty_weight,
                    settings.penalty_center,
                )
                total, gaps = total + loss, gaps + gap
        _apply(self.critic_optimizer, tape.gradient(total, weights), weights)
        return total, gaps

    def _train_mechanisms(self, shown, noise, step):
        network, total = self._training_mechanisms, 0.0
        parts = zip(self._learners, self.critic_networks, shown, strict=True)
        with tf.GradientTape() as tape:
            for learner, critic, real in parts:
                total += learner.controller_loss(network, critic, real, noise)
        weights = network.trainable_variables
        _apply(self.optimizer, tape.gradient(total, weights), weights)
        if self.settings.ema is None:
            return
        step = tf.cast(step, tf.float32)
        # Else the initial weights would count for the first 1 / (1 - ema) steps.
        share = 1 - tf.minimum(self.settings.ema, (1 + step) / (10 + step))
        pairs = zip(self.mechanisms.weights, network.weights, strict=True)
        for mean, raw in pairs:
            mean.assign_add(share * (raw - mean))

    @property
    def _training_mechanisms(self):
        return self.mechanisms if self.settings.ema is None else self.raw_mechanisms

    def _build_optimizers(self):
        if not self.optimizer.built:
            self.optimizer.build(self._training_mechanisms.trainable_variables)
        if not self.critic_optimizer.built:
            nets = self.critic_networks
            weights = [w for net in nets for w in net.trainable_variables]
            self.critic_optimizer.build(weights)

    def get_compile_config(self):
        if self.settings is None:
            return {}
        built = self.critic_optimizer.built
        return {**self.settings.get_config(), "optimizers_built": built}

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(dict(config))
        built = config.pop("optimizers_built", False)
        self.compile(**config)
        if built:
            # The saved optimizer state finds its variables only if they exist.
            self._build_optimizers()


def _apply(optimizer, gradients, weights):
    """Moves weights once all gradients are there, so that none sees moved ones."""
    with tf.control_dependencies(gradients):
        gradients = [tf.identity(gradient) for gradient in gradients]
    optimizer.apply(gradients, weights)
