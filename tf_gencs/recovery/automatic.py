"""The rule behind `solver="auto"`."""

from tf_gencs import solvers
from tf_gencs.method import Method


class Automatic(Method):
    """The model's own choice, made when it knows the data.

    Where `compile` did not say "best" or "mean", it answers with the mean, unless a
    term compares with nothing: then there is no posterior to average over. It learns
    from the residual of each signal how much of it is noise, and searches on.

    Args:
        refined: whether x may leave the generator's range.

    Example:

    ```python
    solver = gencs.recovery.Automatic(refined=False)  # x is G(z), or a mean of some
    model.compile(solver=solver)
    x_hat = model.recover(y, A, seed=0)
    ```
    """

    def __init__(self, refined=True):
        self._refined = refined

    @property
    def search(self):
        return Automatic(refined=False)

    def prepare(self, model, data):
        data = data.told(adaptive=True)
        if data.settings.estimate == "auto":
            data = data.told(estimate="mean" if data.compares else "best")
        method = model.default_method(data)
        return (method if self._refined else method.search).prepare(model, data)

    def __repr__(self):
        return "'auto'"


def automatic_solver(model, data):
    """Picks a solver, its restarts and its schedule.

    The search is L-BFGS from the best of 1,000 draws from the prior, which all signals
    of a call share, so that each signal pays for a comparison only. It races
    (`margin=8`): a lane goes on while its likelihood is more than exp(-4) of the best
    one's, and as long as five steps lower its objective by 2 %.

    - Linear A with m >= 4 k: 5 restarts. So many measurements tell good starts from
      bad ones. 3 before a `GaussianDeviation`, which makes up for what they miss.
    - Fewer measurements: 10 restarts. Several answers may explain y, and
      `estimate="auto"` averages over those that do.
    - An A that is not linear: 10 restarts too, which stay in the race up to exp(-50)
      (`margin=100`) and go on for 0.2 %: those that are behind early come forward late.
    - A loss that is not "sse": 10 restarts, no race, and lanes go on for 0.2 %. Only
      squares make a likelihood of the objective, and outliers add to it what no z can
      lower.

    Where the model knows the basis in which natural signals deviate from its range in
    few coefficients (`deviation_basis`, which a preset records) and one linear A is all
    there is, they may leave it: errors then fall with m to 0 and do not stop at the
    representation error. Where it knows how large each coefficient is
    (`deviation_scale`) and the loss is "sse", that is by `GaussianDeviation`, else, and
    with `Huber`, by `SparseDeviation`. With other losses, with a mixture of them, or an
    A that is not linear, the answer stays in G's range.

    The weight of the latent penalty is the business of
    `gencs.recovery.latent_penalty.resolve`, which goes by the representation error
    that the preset recorded, and by the noise if `compile(noise=)` tells it.
    Without that, the residual of each signal tells
    (`gencs.recovery.search.belief.Beliefs`): where it is too large for a deviation,
    it is taken for noise, where it is too small for one, the signal is taken to lie
    in G's range, and either is searched again under the penalty that belongs to it.
    That needs one data term with the loss "sse", and a known representation error.

    Args:
        model: the `GenerativeModel`, for its latent size.
        data: `DataTerms`, with what the model's preset recorded as facts.

    Returns:
        A `Method`.

    Example:

    ```python
    data = model.prepare_recovery(A).program.data
    gencs.recovery.automatic_solver(model, data)  # SparseDeviation(LBFGS(...), ...)
    ```
    """
    facts, squares = data.facts, data.squares
    plenty = data.linear and data.measurements >= 4 * model.latent_dim
    basis_known = facts.deviation_basis is not None
    sizes_known = (
        basis_known
        and facts.deviation_scale is not None
        and solvers.GaussianDeviation.suits(data)
    )
    margin = 8.0 if data.linear else 100.0
    search = solvers.LBFGS(
        steps=200,
        restarts=(3 if sizes_known else 5) if plenty and squares else 10,
        probes=1000,
        margin=margin if squares else None,
        progress=0.02 if data.linear and squares else 0.002,
    )
    if sizes_known:
        return solvers.GaussianDeviation(
            search, basis=facts.deviation_basis, scale=facts.deviation_scale
        )
    if basis_known and solvers.SparseDeviation.suits(data):
        return solvers.SparseDeviation(search, basis=facts.deviation_basis)
    return search
