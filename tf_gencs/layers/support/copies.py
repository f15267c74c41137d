"""Copies of measurements, and what they are made of."""

import contextvars
import copy
import pickle

import keras

# Whether a config is for a copy in this process, which may hold the objects themselves.
_in_process = contextvars.ContextVar("tf_gencs_config_in_process", default=False)


class Copyable(keras.layers.Layer):
    """A layer that `copy.copy`, `copy.deepcopy` and `pickle` copy, built or not.

    Keras would send it through a file, which needs registered classes and functions.
    Here the class, the config, the shape it is built on and its own weights travel, and
    what it is made of (parts, a function) as the object that it is: `copy.copy` shares
    that, the others copy it.
    """

    def __reduce__(self):
        token = _in_process.set(True)
        try:
            config = self.get_config()
        finally:
            _in_process.reset(token)
        shape = weights = None
        if self.built:
            shape = self.signal_shape
            weights = [keras.ops.convert_to_numpy(v) for v in self._own_variables()]
        return _copied, (type(self), config, shape, weights)


def in_config(part):
    """What stands in a config for a Keras object or function.

    That is the object itself in a copy, and where Keras would not find it again: a
    function that is not registered.
    """
    if _in_process.get():
        return part if isinstance(part, keras.Layer) else Travelling(part)
    if not _can_be_found(part):
        return part
    return keras.saving.serialize_keras_object(part)


class Travelling:
    """What a copy is made of, in its config: `pickle` can hold it, or says so."""

    def __init__(self, value, *more):
        self.value = value
        self._more = more

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy(self.value, memo), *self._more)

    def __reduce__(self):
        try:
            pickle.dumps(self.value)
        except Exception as error:
            raise TypeError(
                "`A` must be made of what `pickle` can hold: a function that `def` "
                "defines at the top of a module, where it is found by its name, or a "
                "`keras.Layer`; no lambda and no function inside of another. "
                f"Received: {self.value!r}, of which Python says: {error}"
            ) from error
        return type(self), (self.value, *self._more)


class Unsaved(Travelling):
    """An object in a config that no file can hold: it says so when one should."""

    def __init__(self, value, reason):
        super().__init__(value, reason)
        self.reason = reason

    def get_config(self):
        raise NotImplementedError(self.reason)


def from_config(described):
    """The object that a config holds, in whichever of these ways."""
    if isinstance(described, Travelling):
        return described.value
    if isinstance(described, dict):
        return keras.saving.deserialize_keras_object(described)
    return described


def _copied(kind, config, shape, weights):
    copy = kind.from_config(config)
    if shape is not None:
        copy.build((None, *shape))
        for variable, value in zip(copy._own_variables(), weights, strict=True):
            variable.assign(value)
    return copy


def _can_be_found(part):
    """Whether Keras can make the object of what `serialize_keras_object` says of it."""
    if hasattr(part, "get_config") or _module(part).startswith("keras"):
        return True
    name = keras.saving.get_registered_name(part)
    return keras.saving.get_registered_object(name) is not None


def _module(part):
    return getattr(part, "__module__", None) or ""
