"""The rule behind `solver="auto"`."""

from tf_gencs import solvers


def automatic_solver(model, objective):
    """Picks a solver, its restarts and its schedule.

    Args:
        model: the `GenerativeModel`, for what its preset recorded.
        objective: `Objective` to minimise.

    Returns:
        A `Solver`.
    """
    linear = all(term.measurement.linear for term in objective.terms.values())
    plenty = linear and objective.measurements >= 4 * model.latent_dim
    search = solvers.LBFGS(
        steps=200,
        restarts=5 if plenty else 10,
        probes=1000,
        margin=8.0,
        progress=0.02,
    )
    if model.deviation_basis is None or not linear or len(objective.terms) > 1:
        return search
    return solvers.SparseDeviation(search, basis=model.deviation_basis)
