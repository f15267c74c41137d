"""What a measurement is, its structure, apart from the numbers in it, its values."""

import contextlib
import zlib

import keras
import numpy as np
import tensorflow as tf

# Keras saves every layer and list of layers that it finds by `dir`: it would save
# adjoints of adjoints without end, and measure signals to learn a structure.
_UNSAVED = {"H", "structure", "values", "value_names", "travelling"}


class Lendable(keras.layers.Layer):
    """A layer that computes with other values than its own where it is lent them.

    A graph that takes the values as inputs serves every layer of the same structure.
    A class whose instances differ in nothing but the values of their weights, and in
    some attributes that a graph bakes in, names these in its own body:
    `_structural = ("storage",)`. A class that inherits from it may add whatever it
    likes, so it does not inherit this promise: its structure is the object itself.
    """

    _implied = ()  # ids of weights that files do without

    @property
    def structure(self):
        """Hashable: all of a built measurement but its values.

        Two of equal structure give the same y, once they are lent the same values. The
        structure of a class of one's own is the object itself.

        Raises:
            ValueError: the layer is not built.
        """
        self._require_built("structure")
        attributes = vars(type(self)).get("_structural")
        inner = None if attributes is None else self._inner_structure()
        if inner is None:
            return self
        return (
            type(self),
            self.compute_dtype,
            self.complex_signals,
            self.signal_shape,
            self.measurement_shape,
            *(getattr(self, name) for name in attributes),
            *(_specification(*source) for source in self._sources()),
            *inner,
        )

    @property
    def values(self):
        """Tuple of tensors, read now: what measurements of one structure differ in."""
        return tuple(
            tf.convert_to_tensor(source.value) for source, _ in self._sources()
        )

    @property
    def value_names(self):
        """Names of `values`, each given once: of the weights, else value_0 ..."""
        names = []
        for place, (source, _) in enumerate(self._sources()):
            name = getattr(source, "name", f"value_{place}")
            names.append(f"{name}_{place}" if name in names else name)
        return tuple(names)

    @property
    def travelling(self):
        """For each of `values`, whether its first axis is that of signals.

        Such a value goes with its signals, as y does, wherever some of them are picked.
        """
        return tuple(travels for _, travels in self._sources())

    @contextlib.contextmanager
    def lend(self, values):
        """Inside this context the layer computes with these values, not its own.

        For graphs: their tensors may be inputs of it. A value that is travelling may
        have any number of signals.

        Args:
            values: those of a measurement of the same structure.

        Raises:
            ValueError: there are more or fewer, or of other shapes or dtypes.
        """
        sources = self._sources()
        if len(values) != len(sources):
            raise ValueError(
                f"`values` must be the {len(sources)} of a measurement that is built "
                f"like `{self.name}`. Received: {len(values)}"
            )
        with keras.StatelessScope() as scope:
            # Keras looks into the innermost scope only.
            if scope.original_scope is not None:
                scope.state_mapping.update(scope.original_scope.state_mapping)
            for source, value in zip(sources, values, strict=True):
                dtype, shape = _specification(*source)
                value = tf.convert_to_tensor(value, dtype)
                if not value.shape.is_compatible_with(shape):
                    raise ValueError(
                        f"`values` must have the shapes of those of `{self.name}`, "
                        f"{shape}. Received: {value.shape}"
                    )
                scope.add_update((source[0], tf.ensure_shape(value, shape)))
            yield self

    def _sources(self):
        """Where values come from: pairs of what has a `.value`, and if it travels."""
        return [(variable, False) for variable in self.variables]

    def _inner_structure(self):
        """Tuple of what else the structure holds; None if it can be told of nothing."""
        return ()

    def _lanes(self):
        """How many signals the values are for now, maybe a tensor; None is any."""
        for source, travels in self._sources():
            if travels:
                value = tf.convert_to_tensor(source.value)
                return tf.shape(value)[0] if value.shape[0] is None else value.shape[0]
        return self.signals

    def _add_implied(self, name, shape, initial, dtype="float64"):
        """Adds a weight that follows from the config, so that files do without it.

        Numbers stay as precise as the config has them until they are used: `initial()`
        gives them, in a graph where the layer is built inside of one.
        """
        variable = self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer=lambda shape, dtype=None: tf.convert_to_tensor(
                initial(), dtype
            ),
            trainable=False,
            autocast=False,
        )
        self._implied = (*self._implied, id(variable))
        return variable

    def save_own_variables(self, store):
        kept = [v for v in self._own_variables() if id(v) not in self._implied]
        for number, variable in enumerate(kept):
            store[str(number)] = variable

    def load_own_variables(self, store):
        own = self._own_variables()
        files = [place for place, v in enumerate(own) if id(v) not in self._implied]
        if len(store.keys()) == len(files):
            found = {str(place): store[str(n)] for n, place in enumerate(files)}
            store = {**{str(place): v for place, v in enumerate(own)}, **found}
        super().load_own_variables(store)

    def _own_variables(self):
        """Those that Keras would write to this layer's place in a file, in order."""
        own = {}
        super().save_own_variables(own)
        return list(own.values())

    def __dir__(self):
        return [name for name in super().__dir__() if name not in _UNSAVED]


class Component:
    """A value that is no Keras variable; `read` gives it where none is lent."""

    def __init__(self, read):
        self._read = read

    @property
    def value(self):
        return self._read() if self.lent is None else self.lent

    @property
    def lent(self):
        # There is no public way to ask for the scope one is in but to enter another.
        with keras.StatelessScope(initialize_variables=False) as inner:
            scope = inner.original_scope
        return None if scope is None else scope.get_current_value(self)


def checksums(values):
    """What tells values from others, for as long as nobody means to deceive."""
    return tuple(zlib.crc32(np.ascontiguousarray(value)) for value in values)


def _specification(source, travels):
    value = source.value
    shape = tuple(value.shape)
    return tf.as_dtype(value.dtype).name, (None, *shape[1:]) if travels else shape
