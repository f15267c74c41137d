"""A generator with what is known about it, and everything users do with it."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, bases, checks, layers, lookup, pixels, priors
from tf_gencs.models.generator_probe import probe, probe_encoder
from tf_gencs.models.latent_travel import LatentTravel
from tf_gencs.models.signal_model import SignalModel
from tf_gencs.models.tangents import HasTangents
from tf_gencs.recovery import Facts, LatentSearch, automatic_solver
from tf_gencs.serving import Signature


@keras.saving.register_keras_serializable(package="tf_gencs")
class GenerativeModel(LatentTravel, HasTangents, SignalModel):
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

    Warns where the generator's pixels are far out of `value_range`.

    Example:

    ```python
    model = gencs.models.GenerativeModel(my_keras_generator)
    A = gencs.layers.GaussianMeasurement(100, seed=0)
    x_hat = model.recover(A(x), A)
    ```

    Source: Bora, Jalal, Price and Dimakis, "Compressed Sensing using Generative
    Models", ICML 2017.
    """

    trained_for = ("generator", "encoder", "value_range", "latent_prior")

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
        self.value_range = checks.value_range(value_range)
        self.latent_dim, self.signal_shape, dtype = probe(
            generator, latent_dim, self.value_range
        )
        # Half precision is too coarse for a search: it runs in float32 or float64.
        self.recovery_dtype = "float64" if dtype == "float64" else "float32"
        if not isinstance(encoder, (keras.Layer, type(None))):
            raise TypeError(
                "`encoder` must be a Keras model or layer, or None. "
                f"Received: {lookup.received(encoder)}"
            )
        if encoder is not None:
            probe_encoder(encoder, self.latent_dim, self.signal_shape)
        self.generator = generator
        self.encoder = encoder
        self.discriminator = None
        self.latent_prior = priors.get(latent_prior)
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

    @property
    def facts(self):
        return Facts(
            self.value_range,
            self.representation_error,
            self.deviation_basis,
            self.deviation_scale,
        )

    @property
    def parts(self):
        # A prior's config may change in place.
        prior = self.latent_prior
        return self.generator, self.encoder, prior, repr(prior)

    def default_method(self, data):
        return automatic_solver(self, data)

    def prepare_search(self, solver, data):
        """The `gencs.recovery.Program` of a search for z.

        Args:
            solver: the `gencs.solvers.Solver` that moves z.
            data: `gencs.recovery.DataTerms`.
        """
        return LatentSearch(self, data, solver)

    def call(self, z, training=None):
        """Signals of latents: (batch, k) -> (batch, *signal_shape).

        Raises:
            ValueError: no latents, but signals perhaps.
        """
        known = getattr(z.shape, "rank", 2) is not None
        shape = tuple(z.shape) if known else (None, None)
        if len(shape) != 2 or shape[1] not in (None, self.latent_dim):
            raise ValueError(
                f"`z` must have shape (batch, {self.latent_dim}): latents, of which "
                "this model makes signals. Of signals, `invert` finds the latents. "
                f"Received: {shape}"
            )
        return self.generator(z, training=training)

    def invert(self, x, **kwargs):
        """Finds the latents whose signals are nearest to x in squared error.

        Whatever was compiled, it compares by squares, answers with the best restart and
        leaves x in G's range; a compiled solver searches, without its refinement.

        Args:
            x: signals, (batch, *signal_shape), finite.
            **kwargs: as for `recover`, but `return_result`.

        Returns:
            `RecoveryResult`.

        Warns of x that is far out of `value_range`.
        """
        x = checks.float_array(x, "x", self.signal_shape)
        _check_kept(kwargs, "invert")
        pixels.warn(x, self.value_range, "x", pixels.LOOSE, noisy=True)
        return self._invert_as(self._settings.inverting, x, **kwargs)

    def _invert_as(self, settings, x, *, z=None, **kwargs):
        y = x.reshape(len(x), math.prod(self.signal_shape))
        identity = layers.IdentityMeasurement(dtype=self.recovery_dtype)
        return self._recover_as(settings, y, identity, start=z, **kwargs)

    def measure_representation_error(self, x, **kwargs):
        """Measures how near G comes to signals and how they differ; remembers both.

        Sets `representation_error`, the best squared error per pixel over inversions
        without a latent penalty; and `deviation_basis` and `deviation_scale`, in which
        basis what G misses has few large coefficients, and which ones if they are
        always the same (see `gencs.bases.of_deviations`). `solver="auto"` and the
        automatic latent penalty follow from them, and presets store them.

        Args:
            x: signals that G was not trained on, (batch, *signal_shape).
            **kwargs: as for `recover`, but `return_result`.

        Returns:
            Mean squared error per pixel, in the model's own range.

        Raises:
            ValueError: naming the argument that is wrong; signals out of `value_range`.
                What the model knew then stays.
        """
        x = checks.float_array(x, "x", self.signal_shape)
        _check_kept(kwargs, "measure_representation_error")
        if not len(x):
            raise ValueError(
                "`x` must hold at least one signal to measure the error of. Received: "
                f"shape {np.shape(x)}"
            )
        pixels.refuse(x, self.value_range, "x")
        result = self._invert_as(self._settings.nearest, x, **kwargs)
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

    def served_signatures(self):
        z = tf.TensorSpec([None, self.latent_dim], self.recovery_dtype, "z")

        def example(count, seed):
            z = self.draw_z(count, seed)
            return {"z": z}, {"x": self.generate(z=z)}

        return {"generate": Signature(self._served_generate, {"z": z}, example)}

    def _served_generate(self, inputs):
        x = self.generator(inputs["z"], training=False)
        return {"x": tf.cast(x, self.recovery_dtype)}

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


def _check_kept(kwargs, method):
    """Refuses what `recover` knows and an inversion does not, or neither does."""
    known = ("z", "batch_size", "seed", "verbose", "callbacks")
    for name, value in kwargs.items():
        if name not in known:
            raise TypeError(
                f"`{method}` must be given nothing but x and {', '.join(known)}. "
                f"Received: {name}={value!r}"
            )
