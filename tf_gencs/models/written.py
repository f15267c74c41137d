"""What a model writes to files: itself, presets, exports."""

import os

from tf_gencs import checks, serving
from tf_gencs.models import presets


class Written:
    """The part of `SignalModel` that has to do with files."""

    def save(self, filepath, *args, **kwargs):
        """Saves the whole model; see `keras.Model.save`. `~` is the home folder."""
        super().save(_expanded(filepath), *args, **kwargs)

    def save_weights(self, filepath, *args, **kwargs):
        """As `keras.Model.save_weights`. `~` is the home folder."""
        super().save_weights(_expanded(filepath), *args, **kwargs)

    def load_weights(self, filepath, *args, **kwargs):
        """As `keras.Model.load_weights`. `~` is the home folder."""
        super().load_weights(_expanded(filepath), *args, **kwargs)

    def export(self, filepath, *args, **kwargs):
        """Exports a SavedModel; see `keras.Model.export`. `~` is the home folder."""
        super().export(_expanded(filepath), *args, **kwargs)

    def export_recovery(
        self,
        path,
        A,
        *,
        seed=0,
        warmup=True,
        A_in_requests=None,
        max_batch_size=64,
        ops="core",
    ):
        """Exports what `recover` does for A as a SavedModel for TensorFlow Serving.

        Signatures: `recover`, which is `serving_default` too, from "y" (batch, m) and
        "seed", int64 (batch,), to "x" (batch, *signal_shape), "measurement_error",
        "status", "steps" and, of searches, "z"; `measure`, `adjoint` of linear A, and
        what the model adds, such as `generate` from "z". Of a mixture, y goes by the
        names of its data terms. `recover_with` takes the values of A's weights with
        each signal ("A_rows" of a mask, say) and recovers one after the other; where A
        has a measurement for each signal (`signals=`), `recover` takes them, and
        recovers all at once. tf_gencs/serving/README.md tells how to serve and to ask.

        What a signal gets depends on its y and seed alone, up to the rounding of
        products of other sizes: what all signals of a call share follows from `seed`
        here.

        Args:
            path: NAME/VERSION, where the version is an integer; or NAME, for the next
                one. A version that exists is not overwritten.
            A: as for `recover`; for a mixture, a dict.
            seed: what `recover(seed=)` would share between signals: probes of the
                prior.
            warmup: whether to write requests that a server runs before it serves, and
                examples that `gencs.serving.check` compares with.
            A_in_requests: whether to have `recover_with`; None where the values of A
                are less than 4 MiB, the most that servers take in a message.
            max_batch_size: the largest batch that a server makes of requests.
            ops: "core" for TensorFlow's own operations; "native" for ours, where a
                stock server cannot load them.

        Returns:
            `pathlib.Path` of the version's folder. It is whole or not there.

        Raises:
            TypeError, ValueError: naming the argument that is wrong, or what cannot be
                exported and why, before anything is written.
            FileExistsError: the version is there.
            OSError: it cannot be written.
        """
        checks.outside_of_graphs("export_recovery")
        return serving.export_recovery(
            self,
            self._data(A),
            path,
            seed=seed,
            warmup=warmup,
            A_in_requests=A_in_requests,
            max_batch_size=max_batch_size,
            ops=ops,
        )

    def served_signatures(self):
        """What exports answer beside recovery: a dict of `gencs.serving.Signature`s."""
        return {}

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
            **kwargs: replace values of the saved config, such as `dtype="float64"`;
                those that weights were trained for, such as `value_range`, must be as
                they are.

        Returns:
            A model of this class, ready to recover.

        Raises:
            TypeError: `preset` is neither a name nor a path, or a name that the config
                does not have.
            ValueError: an unknown preset (the message lists the known ones), one of
                another class, damaged files, or another value of what the weights were
                trained for.
        """
        return presets.load(preset, cls, **kwargs)


def _expanded(filepath):
    """What Keras takes, an address in a cloud or an open file too, but with no ~."""
    if isinstance(filepath, (str, os.PathLike)):
        return os.path.expanduser(filepath)
    return filepath
