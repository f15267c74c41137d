"""The side of x: what was measured, by what, and how far a signal is from it."""

import contextlib
import copy

import tensorflow as tf

from tf_gencs.layers.support import power_method


class DataTerms:
    """A weighted sum of losses between y and A x. It knows no z.

    As it is made it stands for all data of one structure: its measurements lend their
    form, not their values. `bind` adds y and values; what comes back answers for lanes,
    each of which has a y, and measures by the values that were bound.

    Args:
        terms: dict from names to `Term`s, at least one.
        dtype: name of the dtype of every number returned.
        facts: `Facts` about the model's signals.
        settings: `RecoverySettings`, what `compile` said; None where nobody was asked.

    Attributes:
        terms, dtype, facts, settings: see above.
        noise: standard deviation of the noise in each measurement, or None.
        weigh: see `weighed_by`; None where all residuals count the same.
        weighed: whether residuals are weighed, so that noise has another size there.
        y: dict from names of the terms that compare to tensors (lanes, m); bound only.

    Example:

    ```python
    data = model.prepare_recovery(A).program.data
    data.linear, data.measurements  # True, 100
    bound = data.bind(data.observe({"y": y}, data.values()), data.derive(data.values()))
    bound.measurement_error(x)  # of each signal: 0, as y = A(x)
    ```
    """

    def __init__(self, terms, dtype, facts, settings=None):
        self.terms = terms
        self.dtype = dtype
        self.facts = facts
        self.settings = settings
        self.noise = None if settings is None else settings.noise
        self.weighed = False
        self.weigh = None
        self._observed = self._values = None

    @property
    def structure(self):
        """What two sets of data must have in common to share a program; hashable."""
        return tuple(
            (name, term.measurement.structure, term.loss, term.weight)
            for name, term in self.terms.items()
        )

    @property
    def measured(self):
        """The terms that compare with a y: dict from names to `Term`s."""
        return {name: term for name, term in self.terms.items() if term.needs_y}

    @property
    def compares(self):
        """Whether every term compares with a y: only then they make a likelihood."""
        return all(term.needs_y for term in self.terms.values())

    @property
    def linear(self):
        return all(term.measurement.linear for term in self.terms.values())

    @property
    def squares(self):
        """Whether every loss is the sum of squares."""
        return all(term.is_squared_error for term in self.terms.values())

    @property
    def measurements(self):
        """How many numbers the data terms look at, over all of them."""
        return sum(term.measurement.measurements for term in self.terms.values())

    @property
    def travelling(self):
        """Whether some measurement is each signal's own."""
        return any(any(term.measurement.travelling) for term in self.terms.values())

    @property
    def signal_size(self):
        return next(iter(self.terms.values())).measurement.signal_size

    def told(self, **settings):
        """The same data under other settings, see `RecoverySettings.replace`."""
        other = copy.copy(self)
        other.settings = self.settings.replace(**settings)
        other.noise = other.settings.noise
        return other

    def weighed_by(self, weigh):
        """The same data for searches that may weigh residuals by a matrix.

        Args:
            weigh: function of the measurement, while it has the values of some A, and
                of the noise's standard deviation (None if unknown) that gives the
                matrix, (m, m), and the variance of deviations from the generator's
                range in each of its measurements.
        """
        other = copy.copy(self)
        other.weigh = weigh
        return other

    def measured_by(self, measurement):
        """The same data with W A, for some matrix W, in the place of the only A."""
        ((name, term),) = self.terms.items()
        other = copy.copy(self)
        other.weighed = True
        other.terms = {name: term._replace(measurement=measurement)}
        return other

    def values(self):
        """The measurements' values as they are now: dict from names to tuples."""
        return {name: term.measurement.values for name, term in self.terms.items()}

    def observe(self, y, values):
        """What each signal brings: its y, and values that belong to it alone.

        Args:
            y: dict from names to (batch, m).
            values: of measurements, as `values()` gives them.

        Returns:
            A dict of dicts of tensors (batch, ...).
        """
        return {
            name: {
                **({"y": y[name]} if term.needs_y else {}),
                **term.split(values[name], travelling=True),
            }
            for name, term in self.terms.items()
        }

    def derive(self, values, norm=False):
        """What `bind` takes of the values of one A: a nest of tensors.

        Args:
            values: as `values()` gives them.
            norm: whether ||A||^2 is needed, of the only measurement.
        """
        derived = {}
        for name, term in self.terms.items():
            found = {"shared": term.split(values[name], travelling=False)}
            with term.measurement.lend(values[name]):
                if term.measurement.linear:
                    found["gain"] = tf.cast(term.measurement.mean_gain(), self.dtype)
                if norm:
                    # The power method stops up to 1e-3 short of the norm.
                    norm = power_method.norm(term.measurement)
                    found["squared_norm"] = tf.cast(1.01 * norm**2, self.dtype)
            derived[name] = found
        return derived

    def derive_gains(self, derived, values, x):
        """`derived`, with the gains of measurements that are not linear, at signals x.

        Args:
            derived: what `derive` gave for `values`.
            x: signals of the kind that is recovered, (batch, *signal_shape).
        """
        for name, term in self.terms.items():
            if "gain" not in derived[name]:
                with term.measurement.lend(values[name]) as measurement:
                    points = _for_each(measurement, x)
                    gain = tf.cast(measurement.mean_gain(points), self.dtype)
                derived = {**derived, name: {**derived[name], "gain": gain}}
        return derived

    def bind(self, observed, values):
        """The data of lanes.

        Args:
            observed: what `observe` gave, for lanes in place of signals.
            values: what `derive` gave.
        """
        bound = copy.copy(self)
        bound._observed, bound._values = observed, values
        return bound

    def take(self, index):
        """Some of the lanes: `index` (count,) may repeat and reorder them."""
        take = lambda t: tf.gather(t, index)  # noqa: E731
        return self.bind(tf.nest.map_structure(take, self._observed), self._values)

    @property
    def y(self):
        return {name: self._observed[name]["y"] for name in self.measured}

    @property
    def lanes(self):
        """How many there are, an int32 tensor."""
        return tf.shape(next(iter(self.y.values())))[0]

    @property
    def squared_norm(self):
        """||A||^2 of the only measurement, a scalar; if it was asked of `derive`."""
        (values,) = self._values.values()
        return values["squared_norm"]

    @property
    def gain(self):
        """||A||_F^2 / n: by what squared lengths grow under A on average; a scalar."""
        gains = [self._values[name]["gain"] for name in self.terms]
        return tf.add_n(gains) / len(gains)

    @property
    def gains(self):
        """`Measurement.mean_gain` of each term, where it is known: dict to scalars."""
        known = (name for name in self.terms if "gain" in self._values[name])
        return {name: self._values[name]["gain"] for name in known}

    @property
    def misfit_variance(self):
        """Variance, in each measurement, of the part of x that no G(z) reaches.

        That part, of squared length E = n times the representation error, looks like
        noise of variance E gain / m.
        """
        size = self.facts.representation_error * self.signal_size
        return self.gain * size / self.measurements

    @property
    def expected_variance(self):
        """Variance of what the best G(z) leaves unexplained of each measurement."""
        return self.misfit_variance + (self.noise or 0.0) ** 2

    def measure(self, x):
        """What every term's measurement says of signals: dict to (lanes, m)."""
        return {name: self._measure(name, x) for name in self.terms}

    def adjoint(self, name, y):
        """A^H y of a linear term: (lanes, m) -> (lanes, *signal_shape)."""
        with self.lent(name) as measurement:
            return tf.cast(measurement.adjoint(y), self.dtype)

    def loss(self, x):
        """The losses of signals x (lanes, *signal_shape): (lanes,)."""
        total = 0.0
        for name, term in self.terms.items():
            y, same_dtype = self.y_of(name), term.measurement.signal_dtype == self.dtype
            if term.is_squared_error and same_dtype:
                # A measurement may have a faster way to this error and its gradient.
                with self.lent(name) as measurement:
                    loss = measurement.squared_error(x, y)
            else:
                loss = term.compare(y, self._measure(name, x))
            total += loss if term.weight == 1 else term.weight * loss
        return total

    def loss_and_gradient(self, x):
        """The losses (lanes,) and their gradient in x (lanes, *signal_shape)."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            loss = self.loss(x)
        return loss, tape.gradient(loss, x)

    def measurement_error(self, x):
        """||A x - y||^2 over all terms that have a y: (lanes,)."""
        total = tf.zeros(tf.shape(x)[:1], self.dtype)
        for name in self.measured:
            difference = self._measure(name, x) - self.y_of(name)
            total += tf.reduce_sum(tf.square(difference), axis=-1)
        return total

    @contextlib.contextmanager
    def lent(self, name):
        """The measurement of a term, with the values that were bound."""
        measurement = self.terms[name].measurement
        parts = {**self._observed[name], **self._values[name]["shared"]}
        with measurement.lend(self.terms[name].join(parts)):
            yield measurement

    def y_of(self, name):
        """The y of a term, (lanes, m), or None."""
        return self._observed[name].get("y")

    def _measure(self, name, x):
        with self.lent(name) as measurement:
            return tf.cast(measurement(x), self.dtype)


def _for_each(measurement, x):
    """Signals to look at a measurement at; one for each of those with their own."""
    lanes = measurement._lanes()
    return x if lanes is None else tf.gather(x, tf.range(lanes) % tf.shape(x)[0])
