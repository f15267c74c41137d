"""Method and Program: how an answer is found, and what runs when it is."""


class Method:
    """How to recover: what `compile(solver=...)` takes.

    A solver searches latents, a refinement goes on from what a method found, Lasso
    needs no generator: all that `recover` asks of them is `prepare`. A method asks the
    model for what it needs (a latent search for `prepare_search`) and says in one
    sentence what is missing. To survive `model.save` it has a `get_config` and is
    registered with `keras.saving.register_keras_serializable`.

    Attributes:
        sampling: whether it draws from the posterior instead of searching one answer.

    Example:

    ```python
    class Patient(gencs.recovery.Method):  # more restarts where A is not linear
        def prepare(self, model, data):
            solver = gencs.solvers.LBFGS(steps=20, restarts=2 if data.linear else 10)
            return solver.prepare(model, data)

    model.compile(solver=Patient())
    x_hat = model.recover(y, A, seed=0)
    ```
    """

    sampling = False

    def prepare(self, model, data):
        """The `Program` for one model and one structure of A. Runs eagerly.

        Args:
            model: the `SignalModel` that recovers.
            data: `tf_gencs.recovery.DataTerms`: measurements and losses, their noise,
                and in `data.settings` all else that `compile` said.

        Raises:
            TypeError, ValueError: the method cannot work on such a model or such data.
        """
        raise NotImplementedError

    @property
    def search(self):
        """The part that searches latents, as inversions need it; None without one."""
        return None


class Program:
    """What a method prepared: pure functions of tensors, to be traced and exported.

    It holds for every A of the structure that it was prepared for. The values of A's
    weights arrive as tensors, what follows from them is computed by `derive`.

    Args:
        method: the `Method` that answers, as it stands after "auto" was resolved.
        data: `DataTerms`.

    Attributes:
        method, data: see above.
        bytes_per_signal: about what one signal takes while the program runs, by which
            a call is cut into chunks.
        traceable: whether all of it is made of TensorFlow operations; else it runs
            eagerly and cannot be exported.

    Example:

    ```python
    class BackProjection(gencs.recovery.Program):
        def __call__(self, y, own, shared, values):
            data = self.bind(y, values)
            return {"x": data.adjoint("y", data.y["y"])}

    class Adjoint(gencs.recovery.Method):
        def prepare(self, model, data):
            return BackProjection(self, data)

    model.compile(solver=Adjoint())
    x_hat = model.recover(y, A)  # A^T y
    ```
    """

    bytes_per_signal = 2**20
    traceable = True

    def __init__(self, method, data):
        self.method = method
        self.data = data

    def derive(self, values):
        """What the program takes of one A, in place of `values` as they are.

        Runs once for each A, in a graph.

        Args:
            values: dict from names of data terms to the measurement's `values`.

        Returns:
            A nest of tensors. By default what `DataTerms` needs.
        """
        return self.data.derive(values)

    def bind(self, y, values):
        """The program's `DataTerms`, bound to signals.

        Args:
            y: what each signal brought, see `DataTerms.observe`.
            values: what `derive` gave.
        """
        return self.data.bind(y, values)

    def share(self, seed, values):
        """What all signals of a call share, once for each call: a nest of tensors.

        Args:
            seed: of the call, an int64 tensor ().
            values: what `derive` gave.
        """
        return ()

    def draw(self, y, seeds, values, start=None):
        """Each signal's own part of what is random: a nest of tensors (batch, ...).

        Nothing here depends on the other signals.

        Args:
            y: what each signal brought, see `DataTerms.observe`.
            seeds: int64 (batch,), a seed for each signal.
            values: what `derive` gave.
            start: what `check_start` returned for these signals.
        """
        return ()

    def check_start(self, start, count):
        """Checks the caller's own starts: None, or an array (count, ...).

        Raises:
            ValueError: this method starts from nothing, or they have a wrong shape.
        """
        if start is not None:
            raise ValueError(
                f"`z` must be None: `{type(self.method).__name__}` searches no latents."
                f" Received: {type(start).__name__}"
            )

    def __call__(self, y, own, shared, values):
        """Recovers signals.

        Args:
            y, values: as for `draw`.
            own, shared: what `draw` and `share` gave.

        Returns:
            A dict of tensors (batch, ...): "x", the signals (batch, *signal_shape), and
            whatever else the method has to say, by the names of `RecoveryResult`.
        """
        raise NotImplementedError

    def answer(self, y, own, shared, values):
        """What the program says of signals, and "measurement_error", (batch,).

        Args:
            y, own, shared, values: as for a call.
        """
        found = self(y, own, shared, values)
        data = self.bind(y, values)
        return {**found, "measurement_error": data.measurement_error(found["x"])}
