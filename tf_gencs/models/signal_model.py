"""What recovers signals, whatever it knows them by."""

import math

import keras

from tf_gencs import checks, keras_arguments, layers
from tf_gencs.models.written import Written
from tf_gencs.recovery import Facts, Programs, RecoverySettings, recover
from tf_gencs.recovery.arguments import by_name, by_term

_KEPT_OF_KERAS = ("jit_compile", "steps_per_execution", "auto_scale_loss")


class SignalModel(Written, keras.Model):
    """A Keras model that recovers signals: `compile` says how, `recover` does it.

    A subclass sets `signal_shape`, `recovery_dtype` and `value_range`, and implements
    `default_method`; what it adds to that (a generator, a denoiser) is what its methods
    work with.

    Attributes:
        signal_shape: shape of one signal.
        recovery_dtype: "float32" or "float64", what recovery computes in.
        value_range: (low, high) of signal values, or None if they have no bounds.

    Example:

    ```python
    class Sparse(gencs.models.SignalModel):
        signal_shape = (28, 28, 1)

        def default_method(self, data):
            return gencs.baselines.Lasso("dct", penalty=0.01)

    A = gencs.layers.GaussianMeasurement(100, seed=0)
    x_hat = Sparse().recover(A(x), A)
    ```
    """

    signal_shape = None
    recovery_dtype = "float32"
    value_range = None
    trained_for = ("value_range",)  # of the config: loaded weights fit no other value

    def __init__(self, **kwargs):
        checks.float_policy(kwargs.get("dtype"))
        super().__init__(**kwargs)
        self._settings = RecoverySettings()
        self._keras_settings = {}
        self.programs = Programs()

    @property
    def facts(self):
        """`Facts` about the signals, as they are known now."""
        return Facts(value_range=self.value_range)

    @property
    def parts(self):
        """What programs are made for besides facts; one that changes needs new ones."""
        return ()

    def default_method(self, data):
        """The `Method` that "auto" stands for.

        Args:
            data: `gencs.recovery.DataTerms`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must implement `default_method`, or be compiled "
            "with a `solver`."
        )

    def compile(
        self,
        optimizer=None,
        *unnamed,
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
            optimizer: Keras optimizer for `fit`; None for a class that says not how
                it is trained.
            *unnamed: none; all else is given by name.
            solver: "auto", see `gencs.recovery.automatic_solver`; or a
                `gencs.recovery.Method`, such as `gencs.solvers.LBFGS(steps=100)` or
                `gencs.baselines.Lasso("dct")`.
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
                is "auto". See `gencs.recovery.search.estimate.combine`. `Langevin`
                answers with the mean of its samples, `IntermediateLayer` goes on from
                "best".
            noise: standard deviation of the noise in each measurement, if known. It
                enters the automatic penalties of z and of a sparse deviation, and a
                search ends where it explains y to within the noise.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile` and
                `auto_scale_loss` of `keras.Model.compile`, for training. With
                `run_eagerly=True` recoveries run without graphs, too: slower, for
                debugging.

        Raises:
            TypeError, ValueError: naming the argument that is wrong.
        """
        keras_arguments.check_compile(type(self).__name__, kwargs, unnamed)
        settings = RecoverySettings(
            solver, loss, loss_weights, latent_penalty, estimate, noise
        )
        optimizer = keras_arguments.optimizer_of(optimizer, "optimizer")
        if not self._says_how_it_trains():
            keras_arguments.check_needed(optimizer, self)
        super().compile(optimizer=optimizer, **kwargs)
        self._keras_settings = {
            name: kwargs[name] for name in _KEPT_OF_KERAS if name in kwargs
        }
        self._settings = settings  # last: a call that fails changes nothing

    def get_compile_config(self):
        if not self.compiled:
            return {}
        config = self._settings.get_config()
        config["run_eagerly"] = self.run_eagerly
        config |= self._keras_settings
        if isinstance(self.optimizer, keras.optimizers.Optimizer):
            config["optimizer"] = keras.saving.serialize_keras_object(self.optimizer)
            config["optimizer_built"] = self.optimizer.built
        return config

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        optimizer_built = config.pop("optimizer_built", False)
        if not self._says_how_it_trains():
            config.pop("optimizer", None)  # 0.1.0 took one
            optimizer_built = False
        self.compile(**config)
        if optimizer_built:
            # The saved optimizer state finds its variables only if they exist.
            self.optimizer.build(self.trainable_variables)

    def _says_how_it_trains(self):
        cls = type(self)
        own_loss = cls.compute_loss is not keras.Model.compute_loss
        return own_loss or cls.train_step is not SignalModel.train_step

    def train_step(self, data):
        keras_arguments.check_trains(self, "fit")
        return super().train_step(data)

    def test_step(self, data):
        keras_arguments.check_trains(self, "evaluate")
        return super().test_step(data)

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

        One graph serves all A of one structure: other arrays of the same shape, other
        seeds or masks of one layer, weights that changed in place.

        Args:
            y: measurements, (batch, m) or in the measurement's own shape, as an own
                function gives them; finite. In y and A integers and bools are numbers.
                For a mixture, a dict; None where a loss compares with nothing.
            A: what measured them: a `Measurement`, an array (m, n) for
                y = A @ vec(x) in C order, a `tf.linalg.LinearOperator`, or any Keras
                model, layer or differentiable function of (batch, *signal_shape);
                see `gencs.layers.as_measurement`. For a mixture, a dict of them.
            z: a start for each signal, (batch, k), besides those that the solver
                takes: the answer of an earlier call, say.
            batch_size: signals recovered at once; None or "auto" picks it by memory.
                What a signal gets does not depend on it.
            seed: of all that is random; None draws one, see `RecoveryResult.seed`.
            verbose: "auto" or 1 for a progress bar, 2 for one line, 0 for silence.
            callbacks: objects with any of `on_recover_begin/end(logs)` and
                `on_recover_batch_begin/end(batch, logs)`.
            return_result: return a `RecoveryResult` instead of x_hat alone.

        Returns:
            x_hat as an array (batch, *signal_shape), or a `RecoveryResult`.

        Raises:
            TypeError, ValueError: naming the argument that is wrong, before any work.
        """
        checks.flag(return_result, "return_result")
        result = self._recover_as(
            self._settings,
            y,
            A,
            start=z,
            batch_size=batch_size,
            seed=seed,
            verbose=verbose,
            callbacks=callbacks,
        )
        return result if return_result else result.x

    def prepare_recovery(self, A):
        """What `recover` runs for A and all others of its structure.

        Args:
            A: as for `recover`.

        Returns:
            A `gencs.recovery.Runner`, which has the `Program`.
        """
        return self.programs.get(self, self._data(A))

    def _data(self, A):
        """`DataTerms` of A under the compiled settings."""
        measurements = self._measurements(A)
        return self._settings.data(measurements, self.recovery_dtype, self.facts)

    def _recover_as(self, settings, y, A, **kwargs):
        """`RecoveryResult` under settings other than the compiled ones, perhaps."""
        checks.outside_of_graphs("recover")
        y, A = by_name(y, A, math.prod(self.signal_shape))
        return recover(self, settings, y, self._measurements(A), **kwargs)

    def _measurements(self, A):
        """A dict from names of data terms to built measurements."""
        return {
            name: layers.as_measurement(part, self.signal_shape, self.recovery_dtype)
            for name, part in by_term(A).items()
        }
