"""Progress bar and callbacks of a recovery."""

import keras

from tf_gencs import lookup


def check_verbose(verbose):
    """Raises ValueError for what `Progress` does not take."""
    if not isinstance(verbose, (str, int)) or verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"`verbose` must be 'auto', 0, 1 or 2. Received: {verbose!r}")


class Progress:
    """Tells a progress bar and Keras callbacks how a recovery goes.

    A callback may define any of `on_recover_begin(logs)`, `on_recover_end(logs)`,
    `on_recover_batch_begin(batch, logs)` and `on_recover_batch_end(batch, logs)`;
    those it does not define are skipped.

    Args:
        model: what the callbacks get from `set_model`.
        verbose: "auto" or 1 for a bar, 2 for one line, 0 for silence.
        callbacks: None, a callback or a list of them.

    Raises:
        ValueError: an unknown `verbose`.
        TypeError: a callback without any of the four methods.
    """

    _HOOKS = (
        "on_recover_begin",
        "on_recover_end",
        "on_recover_batch_begin",
        "on_recover_batch_end",
    )

    def __init__(self, model, verbose, callbacks):
        check_verbose(verbose)
        if callbacks is None:
            callbacks = []
        self._callbacks = (
            list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        )
        for callback in self._callbacks:
            if isinstance(callback, type):
                raise TypeError(
                    "`callbacks` must hold objects. "
                    f"Received: {lookup.received(callback)}"
                )
            for hook in self._HOOKS:
                if not callable(getattr(callback, hook, _nothing)):
                    raise TypeError(
                        f"`callbacks` must have methods or nothing as `{hook}`. "
                        f"Received: {callback!r} with {getattr(callback, hook)!r}"
                    )
            if not any(hasattr(callback, hook) for hook in self._HOOKS):
                raise TypeError(
                    f"`callbacks` must define one of {', '.join(self._HOOKS)}. "
                    f"Received: {callback!r}"
                )
            if hasattr(callback, "set_model"):
                callback.set_model(model)
        self._verbose = 1 if verbose == "auto" else verbose
        self._bar = None
        self._signals = self._error = 0

    def begin(self, logs):
        if self._verbose:
            self._bar = keras.utils.Progbar(
                logs["batches"],
                verbose=self._verbose,
                stateful_metrics=["measurement_error"],
                unit_name="batch",
            )
        self._call("on_recover_begin", logs)

    def end(self, logs):
        self._call("on_recover_end", logs)

    def batch_begin(self, batch, logs):
        self._call("on_recover_batch_begin", batch, logs)

    def batch_end(self, batch, logs):
        if self._bar:
            self._signals += logs["signals"]
            self._error += logs["signals"] * logs["measurement_error"]
            mean = self._error / self._signals
            self._bar.update(batch + 1, [("measurement_error", mean)])
        self._call("on_recover_batch_end", batch, logs)

    def _call(self, hook, *args):
        for callback in self._callbacks:
            getattr(callback, hook, _nothing)(*args)


def _nothing(*args):
    """What a callback does that does not have a method."""
