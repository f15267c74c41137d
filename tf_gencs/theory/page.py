"""A diagnosis as a page of text, and as a picture."""

import pathlib

import numpy as np

from tf_gencs.theory.s_rec.estimate import gaussian_law


def page(found):
    """The page that `diagnose` prints."""
    lines = [f"A   {found.description}, {found.effective:.1f} effective directions"]
    lines += [
        _line(number, question, answer)
        for number, question, answer in (
            (1, "Can two images share one y?", _sharing(found)),
            (2, "Expected error (MSE/value)", _error(found)),
            (3, "More or fewer measurements", _more(found)),
            (4, "Better rows for this G", _rows(found)),
            (5, "Lipschitz constant of G", _stretch(found)),
            (6, "Error bars", _bars(found)),
        )
    ]
    if found.lipschitz.uncertified:
        lines.append(_line("", "", f"no certificate: {found.lipschitz.uncertified}"))
    if found.consistency is not None:
        lines += [_line("y", "", line) for line in found.consistency.lines()]
    return "\n".join(lines)


def _line(number, question, answer):
    return f"{number!s:<3} {question:<28} {answer}".rstrip()


def _sharing(found):
    apart = found.s_rec
    verdict = "-> yes, or nearly" if apart.ambiguous else "-> no pair found"
    return (
        f"least ||A d||/||d|| found {apart.adversarial:.2f}"
        f"{_law(apart.adversarial_law)}; tangents {apart.tangent:.2f}"
        f"{_law(apart.tangent_law)}  {verdict}"
    )


def _law(value):
    return "" if value is None else f" (Gaussian law {value:.2f})"


def _error(found):
    error = found.expected_error
    doubt = "   AMBIGUOUS: expect more" if error.ambiguous else ""
    return (
        f"{error.total:.4f} = representation {error.representation:.4f} + measurements "
        f"{error.measurements:.4f} + noise {error.noise:.4f}{doubt}"
    )


def _more(found):
    errors = "   ".join(f"{m:,}: {error:.4f}" for m, error in found.more.items())
    limit = found.expected_error.representation
    return f"{errors}   limit {limit:.4f}   (below m={2 * found.k}: ambiguous)"


def _rows(found):
    rows = found.rows
    advice = "draw rows by leverage" if rows.gain >= 2 else "even rows will do"
    return (
        f"{found.basis}: n max a^2 = {rows.uniform:,.0f}, adapted {rows.adapted:,.0f}: "
        f"{advice}"
    )


def _stretch(found):
    stretch = found.lipschitz
    orders = ""
    if found.covering is not None:
        low, high = found.covering
        orders = f";  k log(L r/eta) = {low:,.0f}..{high:,.0f} (order only)"
    return f"found {stretch.lower:,.4g}, certified {stretch.upper:,.4g}{orders}"


def _bars(found):
    bars, held = found.uncertainty, found.coverage
    if bars is None:
        return "need held-out images: `images=`"
    return (
        f"{100 * bars.level:.0f} % intervals cover {held.mean:.3f} of values of "
        f"{len(held.per_signal)} other images, {held.worst:.2f} of the worst (scale "
        f"{bars.scale:.2f} of {bars.signals})"
    )


def draw(found, path):
    """Writes the picture; see `Diagnosis.draw`."""
    path = pathlib.Path(path)
    if path.suffix not in (".png", ".svg"):
        raise ValueError(f"`path` must end in .png or .svg. Received: {str(path)!r}")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            'Drawing needs matplotlib: `pip install "tf_gencs[figures]"` or '
            "`pip install matplotlib`. `print` needs nothing."
        ) from error
    figure = Figure(figsize=(11, 3.6))
    figure.suptitle(found.description, fontsize=9)
    ratios, errors, spectrum = figure.subplots(1, 3)
    _draw_ratios(ratios, found)
    _draw_errors(errors, found)
    _draw_spectrum(spectrum, found)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    return path


def _draw_ratios(axis, found):
    apart = found.s_rec
    names = ["worst pair\nfound", "tangents", "prior pairs\n(flattering)"]
    axis.bar(
        names,
        [apart.adversarial, apart.tangent, apart.chords],
        color=["C3", "C0", "0.7"],
    )
    for place, directions in ((0, 2 * found.k), (1, found.k)):
        law = gaussian_law(directions, found.m)
        if law is not None:
            axis.plot([place - 0.4, place + 0.4], [law, law], "k--", lw=1)
    axis.set_title("||A d|| / ||d||; dashed: Gaussian laws", fontsize=9)
    axis.tick_params(labelsize=8)


def _draw_errors(axis, found):
    error = found.expected_error
    totals = {**found.more, found.m: error.total}
    axis.plot(sorted(totals), [totals[m] for m in sorted(totals)], "C0o-", ms=4)
    below = 0.0
    for name, colour in (
        ("representation", "0.7"),
        ("measurements", "C1"),
        ("noise", "C2"),
    ):
        part = getattr(error, name)
        axis.bar(found.m, part, 0.3 * found.m, below, color=colour, label=name)
        below += part
    axis.axvline(2 * found.k, color="C3", ls=":", lw=1)
    axis.set_xscale("log")
    axis.set_xticks(sorted(totals), [f"{m:,}" for m in sorted(totals)])
    axis.minorticks_off()
    axis.set_title("expected MSE per value; left of the dots: ambiguous", fontsize=9)
    axis.set_xlabel("measurements", fontsize=8)
    axis.legend(fontsize=7)
    axis.tick_params(labelsize=8)


def _draw_spectrum(axis, found):
    middle = np.median(found.lengths, axis=0)
    axis.semilogy(np.arange(1, found.k + 1), np.maximum(middle, 1e-12), "C0.-")
    error = found.expected_error
    # The fixed point v of expected_error.py: noise, what G misses, what is not told.
    v = found.noise**2 + error.total * found.n / found.m
    axis.axhline(np.sqrt(v), color="C3", ls=":", lw=1)
    axis.set_title("stretch of G's directions; below the dots: not seen", fontsize=9)
    axis.set_xlabel("direction", fontsize=8)
    axis.tick_params(labelsize=8)
