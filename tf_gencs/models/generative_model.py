"""A generator with what is known about it, and everything users do with it."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, bases, checks, layers, priors
from tf_gencs.models import presets
from tf_gencs.models.latent_travel import LatentTravel
from tf_gencs.recovery import ONLY, RecoveryPlan, recover


@keras.saving.register_keras_serializable(package="tf_gencs")
class GenerativeModel(LatentTravel, keras.Model):
    """Recovers, inverts and generates signals with a generator G: z -> x.

    Wraps any Keras generator, and is the base of families such as `VAE`. It can
    recover at once; `compile` changes how.

    Args:
        generator: Keras model (batch, k) -> (batch, *signal_shape).
        latent_prior: "normal" for z ~ N(0, I), "uniform" for [-1, 1], "spherical" for
            ||z|| = sqrt(k), or an object from `gencs.priors`.
        value_range: (low, high) of the generator's pixels, or None if unbounded.
        representation_error: mean squared error per pixel of the best G(z) on signals
            that G was not trained on, if known; see `measure_representation_error`.
        deviation_basis: "pixel", "dct" or "wavelet" where natural signals deviate from
            G's range in few coefficients of that basis; None if they do not, or it is
            unknown. `solver="auto"` then lets signals leave the range.
        deviation_scale: root mean square of every such coefficient, a number or an
            array of the signal's shape, where that says which of them are large; None
            if that differs from signal to signal, or is unknown.
        latent_dim: k, needed only if the generator does not tell its input shape.
        encoder: Keras model x -> [mean, log variance] of z, if there is one.
        **kwargs: `name` and `dtype`.

    Attributes:
        generator: Keras model z -> x.
        encoder: Keras model x -> [mean, log variance] of z, or None.
        discriminator: Keras model x -> score, or None.
        latent_dim: k.
        signal_shape: shape of one signal.
        recovery_dtype: "float32" or "float64", what recovery computes in.
        latent_prior, value_range, representation_error: see above.
        deviation_basis, deviation_scale: see above.

    Raises:
        TypeError: `generator` or `encoder` is not a Keras model or layer.
        ValueError: it does not map (batch, k) to signals.

    Example:

    ```python
    model = gencs.models.GenerativeModel(my_keras_generator)
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    x_hat = model.recover(A(x), A)
    ```

    Source: Bora, Jalal, Price and Dimakis, "Compressed Sensing using Generative
    Models", ICML 2017.
    """

    def __init__(
        self,
        generator,
        latent_prior="normal",
        value_range=None,
        representation_error=None,
        deviation_basis=None,
        deviation_scale=None,
        latent_dim=None,
        encoder=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.latent_dim, self.signal_shape, dtype = _probe(generator, latent_dim)
        # Half precision is too coarse for a search: it runs in float32 or float64.
        self.recovery_dtype = "float64" if dtype == "float64" else "float32"
        if not isinstance(encoder, (keras.Layer, type(None))):
            raise TypeError(
                "`encoder` must be a Keras model or layer, or None. "
                f"Received: {encoder!r}"
            )
        self.generator = generator
        self.encoder = encoder
        self.discriminator = None
        self.latent_prior = priors.get(latent_prior)
        self.value_range = checks.value_range(value_range)
        if representation_error is not None:
            representation_error = checks.number(
                representation_error, "representation_error", at_least=0
            )
        self.representation_error = representation_error
        if deviation_basis is not None:
            deviation_basis = bases.get(deviation_basis, "deviation_basis")
        self.deviation_basis = deviation_basis
        if deviation_scale is not None:
            deviation_scale = checks.scale(
                array_config.deserialize(deviation_scale),
                "deviation_scale",
                self.signal_shape,
            )
        self.deviation_scale = deviation_scale
        self.built = True
        self._plan = RecoveryPlan()

    def call(self, z, training=None):
        """Signals of latents: (batch, k) -> (batch, *signal_shape)."""
        return self.generator(z, training=training)

    def compile(
        self,
        optimizer=None,
        *,
        solver="auto",
        loss="sse",
        loss_weights=None,
        latent_penalty="auto",
        estimate="auto",
        noise=None,
        **kwargs,
    ):
        """Sets how to recover, and how to train where the family trains.

        Args:
            optimizer: Keras optimizer for `fit`.
            solver: "auto", see `gencs.recovery.automatic_solver`; or an object such as
                `gencs.solvers.LBFGS(steps=100)`.
            loss: data term between y and A(G(z)), one value per lane: "sse" for the
                sum of squares, another name or object from `gencs.losses`, or a Keras
                loss with `reduction=None`. "auto" penalties are made for the sum of
                squares; give a number with other losses. For a mixture, a dict of
                losses; `recover` then takes dicts of y and A with the same names.
            loss_weights: dict from names of the mixture to numbers; 1 where missing.
            latent_penalty: weight of ||z||^2 against the loss, at least 0; "auto"
                follows `gencs.recovery.latent_penalty.resolve`.
            estimate: "best" answers with the best restart, x = G(z); "mean" with the
                posterior mean over the restarts; "auto" with the mean where `solver`
                is "auto". See `gencs.recovery.estimate.combine`. `Langevin` answers
                with the mean of its samples, `IntermediateLayer` goes on from "best".
            noise: standard deviation of the noise in each measurement, if known. It
                enters the automatic penalties of z and of a sparse deviation, and a
                search ends where it explains y to within the noise.
            **kwargs: as for `keras.Model.compile`.

        Raises:
            TypeError, ValueError: naming the argument that is wrong.
        """
        plan = RecoveryPlan(solver, loss, loss_weights, latent_penalty, estimate, noise)
        super().compile(optimizer=optimizer, **kwargs)
        self._plan = plan  # last: a call that fails changes nothing

    def get_compile_config(self):
        if not self.compiled:
            return {}
        config = self._plan.get_config()
        if self.optimizer is not None:
            config["optimizer"] = keras.saving.serialize_keras_object(self.optimizer)
            config["optimizer_built"] = self.optimizer.built
        return config

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        optimizer_built = config.pop("optimizer_built", False)
        self.compile(**config)
        if optimizer_built:
            # The saved optimizer state finds its variables only if they exist.
            self.optimizer.build(self.trainable_variables)

    def recover(
        self,
        y,
        A,
        *,
        z=None,
        batch_size=None,
        seed=None,
        verbose="auto",
        callbacks=None,
        return_result=False,
    ):
        """Finds the signals that explain measurements y = A(x) + noise.

        Args:
            y: measurements, (batch, m), floating point and finite. For a mixture, a
                dict of them; None where a loss compares with nothing.
            A: what measured them: a `Measurement`, an array (m, n) for
                y = A @ vec(x) in C order, a `tf.linalg.LinearOperator`, or any Keras
                model, layer or differentiable function of (batch, *signal_shape).
                Calls with the same Measurement object share one traced graph; make one
                of anything else by `gencs.layers.as_measurement(A, signal_shape)`. For
                a mixture, a dict of them.
            z: a start for each signal, (batch, k), besides those that the solver
                takes: the answer of an earlier call, say.
            batch_size: signals recovered at once; None or "auto" picks it by memory.
                Starts do not depend on it.
            seed: seed of the starts; None draws one, see `RecoveryResult.seed`.
            verbose: "auto" or 1 for a progress bar, 2 for one line, 0 for silence.
            callbacks: objects with any of `on_recover_begin/end(logs)` and
                `on_recover_batch_begin/end(batch, logs)`.
            return_result: return a `RecoveryResult` instead of x_hat alone.

        Returns:
            x_hat as an array (batch, *signal_shape), or a `RecoveryResult`.

        Raises:
            TypeError, ValueError: naming the argument that is wrong, before any work.
        """
        mixture = isinstance(A, dict)
        if mixture and (not A or not isinstance(y, dict) or set(y) != set(A)):
            raise ValueError(
                "`y` must be a dict with the names of `A`, "
                f"{sorted(A)}. Received: {sorted(y) if isinstance(y, dict) else y!r}"
            )
        measurements = {
            name: layers.as_measurement(
                measurement, self.signal_shape, dtype=self.recovery_dtype
            )
            for name, measurement in (A if mixture else {ONLY: A}).items()
        }
        result = recover(
            self,
            self._plan,
            y if mixture else {ONLY: y},
            measurements,
            z=z,
            batch_size=batch_size,
            seed=seed,
            verbose=verbose,
            callbacks=callbacks,
        )
        return result if return_result else result.x

    def invert(self, x, **kwargs):
        """Finds the latents whose signals are nearest to x in squared error.

        Args:
            x: signals, (batch, *signal_shape), floating point and finite.
            **kwargs: as for `recover`.

        Returns:
            `RecoveryResult`.
        """
        x = checks.float_array(x, "x", self.signal_shape)
        y = x.reshape(len(x), math.prod(self.signal_shape))
        identity = self._plan.identity(self)
        return self.recover(y, identity, **{**kwargs, "return_result": True})

    def measure_representation_error(self, x, **kwargs):
        """Measures how near G comes to signals and how they differ; remembers both.

        Sets `representation_error`, the best squared error per pixel over inversions
        without a latent penalty; and `deviation_basis` and `deviation_scale`, in which
        basis what G misses has few large coefficients, and which ones if they are
        always the same (see `gencs.bases.of_deviations`). `solver="auto"` and the
        automatic latent penalty follow from them, and presets store them.

        Args:
            x: signals that G was not trained on, (batch, *signal_shape).
            **kwargs: as for `recover`.

        Returns:
            Mean squared error per pixel, in the model's own range.
        """
        if not len(x):
            raise ValueError(
                "`x` must hold at least one signal to measure the error of. Received: "
                f"shape {np.shape(x)}"
            )
        plan = self._plan
        self._plan = RecoveryPlan(plan.solver, latent_penalty=0.0)
        try:
            result = self.invert(x, **kwargs)
        finally:
            self._plan = plan
        self.representation_error = float(
            np.mean(result.measurement_error) / math.prod(self.signal_shape)
        )
        found = bases.of_deviations(x - result.x)
        self.deviation_basis, self.deviation_scale = found
        return self.representation_error

    def export(self, *args, **kwargs):
        """Exports z -> x as a SavedModel; see `keras.Model.export`."""
        # Keras exports only models that it has seen at work.
        self(tf.zeros((1, self.latent_dim), self.recovery_dtype))
        z = keras.InputSpec(self.recovery_dtype, (None, self.latent_dim), name="z")
        super().export(*args, **{"input_signature": [z], **kwargs})

    def save_to_preset(self, path, record=None, *, storage_dtype=None):
        """Writes the model as a preset folder; see `tf_gencs.models.presets`.

        Args:
            path: folder, made if need be.
            record: JSON-serialisable dict on how the model was made.
            storage_dtype: "float16" halves the file and rounds the weights to 11 bits;
                they load in the model's own dtype. None stores them as they are.
        """
        bare = type(self).from_config(self.get_config())
        bare.set_weights(self.get_weights())
        self._save_bare(bare, path, record, storage_dtype)

    def _save_bare(self, bare, path, record, storage_dtype):
        """Writes a copy that was never compiled.

        How to recover and train is the user's choice: the copy leaves it out, and with
        it the optimizer's state, twice the weights' size.
        """
        presets.save(bare, path, record, storage_dtype)

    @classmethod
    def from_preset(cls, preset, **kwargs):
        """Loads a model that ships with the package, or a folder of `save_to_preset`.

        Args:
            preset: name of a shipped preset or path of a folder.
            **kwargs: replace values of the saved config, such as `dtype="float64"`.

        Returns:
            A model of this class, ready to recover.

        Raises:
            TypeError: `preset` is neither a name nor a path.
            ValueError: an unknown preset (the message lists the known ones), one of
                another class, or damaged files.
        """
        return presets.load(preset, cls, **kwargs)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "encoder": self.encoder and serialize(self.encoder),
            "latent_prior": serialize(self.latent_prior),
            "value_range": self.value_range,
            "representation_error": self.representation_error,
            "deviation_basis": self.deviation_basis and serialize(self.deviation_basis),
            "deviation_scale": array_config.serialize(self.deviation_scale),
            "latent_dim": self.latent_dim,
        }

    @classmethod
    def from_config(cls, config):
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator", "encoder")
            if isinstance(config.get(name), dict)
        }
        return cls(**{**config, **networks})


def _probe(generator, latent_dim):
    """Sizes and dtype of a generator, from one call: (k, signal_shape, dtype)."""
    if not isinstance(generator, keras.Layer):
        raise TypeError(
            f"`generator` must be a Keras model or layer. Received: {generator!r}"
        )
    # Functional and Sequential models with an Input know it.
    input_shape = getattr(generator, "input_shape", None)
    told = isinstance(input_shape, tuple) and len(input_shape) == 2
    if latent_dim is None:
        if not told:
            raise ValueError(
                "`latent_dim` must be given for a generator that does not tell its "
                f"input shape (batch, k). Received: {generator!r} with input shape "
                f"{input_shape}"
            )
        latent_dim = input_shape[1]
    latent_dim = checks.integer(latent_dim, "latent_dim")
    if told and input_shape[1] not in (None, latent_dim):
        raise ValueError(
            f"`latent_dim` must be {input_shape[1]} to match the generator's input. "
            f"Received: {latent_dim}"
        )
    try:
        x = generator(np.zeros((2, latent_dim), "float32"), training=False)
    except Exception as error:
        raise ValueError(
            "`generator` must take latents (batch, `latent_dim`). Received: "
            f"{generator!r}, which failed on shape (2, {latent_dim}) with "
            f"{type(error).__name__}: {error}"
        ) from error
    shape = tuple(getattr(x, "shape", ()))
    if len(shape) < 2 or shape[0] != 2 or not tf.as_dtype(x.dtype).is_floating:
        tensor = hasattr(x, "shape") and hasattr(x, "dtype")
        received = f"shape {shape}, {x.dtype}" if tensor else type(x)
        raise ValueError(
            "`generator` must map (batch, k) to one floating-point tensor "
            f"(batch, *signal_shape). Received: {received} for 2 latents"
        )
    return latent_dim, shape[1:], keras.backend.standardize_dtype(x.dtype)
