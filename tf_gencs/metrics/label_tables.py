"""How far tables of labels are apart, over all cells, beside what chance alone does."""

import itertools
import math
from typing import NamedTuple

import numpy as np

from tf_gencs import checks
from tf_gencs.array_checks import short
from tf_gencs.metrics.label_table import LabelTable


class Distance(NamedTuple):
    """A distance between tables, and its sampling floor.

    Example:

    ```python
    distance = gencs.metrics.Distance(distance=0.02, floor=0.015)
    distance.distance / distance.floor  # little more than chance does
    ```
    """

    distance: float
    """What was measured."""
    floor: float
    """What samples of these sizes, of equal distributions, are expected to show."""


def total_variation(one, other):
    """Half the sum of absolute differences over ALL cells of two tables.

    From 0 for equal distributions to 1 for disjoint ones: the largest difference in the
    probability of any event. Cells that one of them never shows count in full.

    Args:
        one, other: `LabelTable`s of the same labels, in any order.

    Returns:
        `Distance`. The floor is exact for samples of an exact table.

    Raises:
        TypeError: no tables.
        ValueError: other labels or numbers of states.

    Example:

    ```python
    truth = gencs.metrics.LabelTable(people.graph.nodes, people.joint())
    found = gencs.metrics.LabelTable.of(people.sample(1000, seed=0), people.states)
    distance, floor = gencs.metrics.total_variation(found, truth)
    ```
    """
    _check_table(one, "one")
    _check_table(other, "other")
    if set(one.names) != set(other.names):
        raise ValueError(
            "`one` and `other` must be of the same labels. "
            f"Received: {list(one.names)} and {list(other.names)}"
        )
    other = other.marginal(*one.names)
    p, q = one.probabilities, other.probabilities
    if p.shape != q.shape:
        raise ValueError(
            "`one` and `other` must have the same states. "
            f"Received: {p.shape} and {q.shape}"
        )
    return Distance(float(0.5 * np.abs(p - q).sum()), _floor(one, other))


def table_distances(one, other, size=1, groups=None):
    """Total variation of all tables of few labels.

    Args:
        one, other: `LabelTable`s of the same labels.
        size: labels of each table: 1 for marginals, 2 for pairs.
        groups: tuples of names instead, such as the edges of a graph.

    Returns:
        Dict from tuples of names to `Distance`s.

    Raises:
        TypeError, ValueError: as `total_variation`; or naming the argument.

    Example:

    ```python
    truth = gencs.metrics.LabelTable(people.graph.nodes, people.joint())
    found = gencs.metrics.LabelTable.of(people.sample(1000, seed=0), people.states)
    gencs.metrics.table_distances(found, truth, size=1)  # a Distance for each label
    ```
    """
    _check_table(one, "one")
    _check_table(other, "other")
    size = checks.integer(size, "size", at_most=len(one.names))
    groups = itertools.combinations(one.names, size) if groups is None else groups
    return {
        tuple(group): total_variation(one.marginal(*group), other.marginal(*group))
        for group in groups
    }


def effect_errors(found, truth):
    """Errors of average causal effects.

    The effect of X = x on Y = y is P(Y = y | do(X = x)) - P(Y = y | do(X = 0)).

    Args:
        found, truth: dicts from pairs (cause, state), all states of a cause, to the
            `LabelTable` under that intervention.

    Returns:
        Dict from pairs (cause, effect) to `Distance`s: the largest error over all
        states of both, and what chance alone does to it.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    tables = {}
    for state in (0, 1):
        labels = people.sample(1000, do={"Mustache": state}, seed=0)
        table = gencs.metrics.LabelTable.of(labels, people.states)
        tables["Mustache", state] = table
    gencs.metrics.effect_errors(tables, tables)  # all 0
    ```
    """
    for argument, tables in (("found", found), ("truth", truth)):
        _check_effects(tables, argument, truth)
    errors = {}
    causes = dict.fromkeys(cause for cause, _ in truth)
    for cause in causes:
        states = [state for name, state in truth if name == cause]
        if 0 not in states:
            raise ValueError(
                f"`truth` must hold the state 0 of {cause!r}. Received: {states}"
            )
        for effect in truth[cause, 0].names:
            if effect == cause:
                continue
            tables = {
                state: (
                    found[cause, state].marginal(effect),
                    truth[cause, state].marginal(effect),
                )
                for state in states
            }
            largest, floor = 0.0, 0.0
            gaps = {
                s: f.probabilities - t.probabilities for s, (f, t) in tables.items()
            }
            noise = {s: _deviation(f, t) for s, (f, t) in tables.items()}
            for state in states:
                if state:
                    largest = max(largest, np.abs(gaps[state] - gaps[0]).max())
                    both = np.sqrt(noise[state] ** 2 + noise[0] ** 2)
                    floor = max(floor, both.max())
            # The mean of the absolute value of a normal number.
            floor *= math.sqrt(2 / math.pi)
            errors[cause, effect] = Distance(float(largest), float(floor))
    return errors


def _check_table(table, argument):
    if not isinstance(table, LabelTable):
        raise TypeError(
            f"`{argument}` must be a `LabelTable`: `LabelTable.of(labels, states)` "
            f"makes one of samples. Received: {short(table)}"
        )


def _check_effects(tables, argument, truth):
    if not isinstance(tables, dict):
        raise TypeError(
            f"`{argument}` must be a dict from pairs (cause, state) to `LabelTable`s. "
            f"Received: {short(tables)}"
        )
    for pair, table in tables.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(
                f"`{argument}` must have pairs (cause, state) as keys. "
                f"Received: {pair!r}"
            )
        _check_table(table, f"{argument}[{pair!r}]")
    missing = [pair for pair in truth if pair not in tables]
    if missing:
        raise ValueError(
            f"`{argument}` must hold all that `truth` does. Missing: {missing}"
        )


def _deviation(one, other):
    """Standard deviation of the difference of two tables, in every cell."""
    p = one.probabilities if one.samples is None else other.probabilities
    share = sum(1 / table.samples for table in (one, other) if table.samples)
    return np.sqrt(p * (1 - p) * share)


def _floor(one, other):
    sampled = [table for table in (one, other) if table.samples]
    if not sampled:
        return 0.0
    if len(sampled) == 2:
        pooled = (one.probabilities + other.probabilities) / 2
        share = sum(1 / table.samples for table in sampled)
        deviations = np.sqrt(2 * pooled * (1 - pooled) * share / math.pi)
        return float(0.5 * deviations.sum())
    exact = other if sampled[0] is one else one
    return 0.5 * _absolute_deviation(exact.probabilities.ravel(), sampled[0].samples)


def _absolute_deviation(p, n):
    """Sum over cells of E|frequency - p| among n samples, by de Moivre's formula."""
    p = p[(p > 0) & (p < 1)]
    m = np.floor(n * p) + 1
    log_gamma = np.vectorize(math.lgamma, otypes=[float])
    log_choose = log_gamma(n + 1.0) - log_gamma(m + 1) - log_gamma(n - m + 1)
    logs = np.log(m) + log_choose + m * np.log(p) + (n - m + 1) * np.log1p(-p)
    return float(np.sum(2 * np.exp(logs)) / n)
