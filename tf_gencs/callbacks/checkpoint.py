"""Checkpoints of which there is always a good one."""

import json
import re
import warnings
import zipfile

import keras
import tensorflow as tf

from tf_gencs import checks, files
from tf_gencs.callbacks.step_callback import (
    StepCallback,
    file_stem,
    not_finite,
    optimizers,
    training_step,
    writes_files,
)

_NAME = re.compile(r"step_\d{8,}\.keras")


def latest(folder):
    """The newest whole checkpoint in a folder, or None.

    Files that were being written when their process ended do not count, nor do damaged
    ones, of which a warning tells.

    Args:
        folder: as given to `Checkpoint`; it need not exist.

    Returns:
        `pathlib.Path` for `keras.saving.load_model`.

    Example:

    ```python
    path = gencs.callbacks.latest("runs/checkpoints")  # None where there is none
    ```
    """
    for path in reversed(_checkpoints(folder)):
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
        except (OSError, zipfile.BadZipFile) as error:
            damaged = error
        if damaged is None:
            return path
        warnings.warn(f"Damaged checkpoint passed over: {path}", RuntimeWarning, 2)
    return None


class Checkpoint(StepCallback):
    """Keeps the whole model: weights, optimizers, and all other training state.

    A checkpoint is written under another name, flushed to the disk and then renamed: a
    process killed at any time leaves the one before. On several machines the first one
    writes, to a folder that all read. One is never written with losses,
    weights or optimizer states that are NaN or infinite, so the newest is a good one.

    Args:
        folder: where step_00000500.keras and the like go; made if need be.
        every, unit: how often, "steps" or "epochs".
        keep: how many to keep, the newest; 0 keeps all.
        stateful: callbacks with `get_state()` and `set_state(state)`, such as
            `ConvergenceControl`, whose state is kept beside each checkpoint. Training
            that starts at the step of one finds its state again.

    Raises:
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    path = gencs.callbacks.latest("run/checkpoints")
    model = keras.saving.load_model(path) if path else new_compiled_model()
    done = gencs.callbacks.training_step(model)
    batches = gencs.datasets.training_batches(images, 64, seed=0, first_step=done)
    model.fit(
        batches,
        steps_per_epoch=20_000 - done,
        callbacks=[gencs.callbacks.Checkpoint("run/checkpoints", every=500)],
    )
    ```
    """

    def __init__(self, folder, every=500, keep=2, *, unit="steps", stateful=()):
        super().__init__(every, unit)
        self.folder = files.path(folder, "folder")
        self.keep = checks.integer(keep, "keep", at_least=0)
        if isinstance(stateful, (str, bytes, dict)) or not all(
            hasattr(callback, "get_state") and hasattr(callback, "set_state")
            for callback in keras.tree.flatten(stateful)
        ):
            raise TypeError(
                "`stateful` must hold callbacks with `get_state` and `set_state`. "
                f"Received: {stateful!r}"
            )
        self.stateful = tuple(keras.tree.flatten(stateful))

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        files.folder_to_write(self.folder, "folder")
        if writes_files(self.model):
            for path in self.folder.glob(f"{files.WRITING}step_*"):
                path.unlink()  # of a process that was killed
        beside = self._path(training_step(self.model)).with_suffix(".json")
        if self.stateful and beside.exists():
            states = json.loads(beside.read_text())
            for callback, state in zip(self.stateful, states, strict=True):
                callback.set_state(state)

    def act(self, step, logs):
        self.write(step, logs)

    def write(self, step=None, logs=None):
        """Writes a checkpoint now, between two steps.

        Args:
            step: its number; None asks the model.
            logs: losses of the last step, if known.

        Returns:
            Its path; None if there is something not finite, of which a warning tells,
            and on all machines but the first, which writes for all.
        """
        if not writes_files(self.model):
            return None
        step = training_step(self.model) if step is None else step
        wrong = not_finite(logs or {}) or _variables_not_finite(self.model)
        if wrong:
            warnings.warn(
                f"No checkpoint at step {step}: NaN or infinity in {', '.join(wrong)}",
                RuntimeWarning,
                stacklevel=2,
            )
            return None
        path = self._path(step)
        if self.stateful:
            states = [callback.get_state() for callback in self.stateful]
            with files.replacing(path.with_suffix(".json"), "folder") as temporary:
                temporary.write_text(json.dumps(states))
        with files.replacing(path, "folder") as temporary:
            self.model.save(temporary)
        self._remove_old(path)
        return path

    def _path(self, step):
        return self.folder / f"{file_stem(step)}.keras"

    def _remove_old(self, newest):
        # Those with larger numbers are of a run that went back, and old too.
        others = [path for path in _checkpoints(self.folder) if path != newest]
        others.sort(key=lambda path: path.stat().st_mtime_ns)
        for path in others[: max(0, len(others) + 1 - self.keep)] if self.keep else ():
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)


def _checkpoints(folder):
    folder = files.path(folder, "folder")
    paths = folder.iterdir() if folder.is_dir() else ()
    found = [path for path in paths if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.removeprefix("step_")))


def _variables_not_finite(model):
    variables = [*model.variables]
    for optimizer in optimizers(model):
        variables += optimizer.variables
    return [
        variable.path
        for variable in variables
        if tf.as_dtype(variable.dtype).is_floating
        and not bool(tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(variable))))
    ][:3]
