"""Arrays to what the page shows."""

import base64
import html
import io
import math

import matplotlib
import numpy as np
from PIL import Image

from demonstration.measuring import BLOCKS, PAINT

SIDE = 224
_HIDDEN = (70, 90, 130)  # no grey of a digit
_UNSURE = 0.3  # share of the range that is shown brightest


def enlarged(x, value_range=(0.0, 1.0), side=SIDE):
    """uint8 RGB (side, side, 3) of a signal, its pixels as squares."""
    low, high = value_range
    x = np.clip((np.asarray(x) - low) / (high - low), 0, 1)
    if x.shape[-1] == 1:
        x = np.repeat(x, 3, axis=-1)
    image = Image.fromarray((x * 255).round().astype("uint8"))
    return np.asarray(image.resize((side, side), Image.Resampling.NEAREST))


def figures(captioned):
    """A row of pictures in HTML.

    Args:
        captioned: pairs of a caption and an array uint8 (height, width, 3).
    """
    return f'<div class="signals">{"".join(map(_figure, captioned))}</div>'


def _figure(pair):
    caption, pixels = pair
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    data = base64.b64encode(written.getvalue()).decode()
    caption = html.escape(caption)
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<img alt="{caption}" src="data:image/png;base64,{data}"></figure>'
    )


def measured(answer, choice, value_range=(0.0, 1.0)):
    """A picture of y: what is left of an image, or its numbers as greys, row by row."""
    y, shape = answer.y, answer.x.shape
    if choice.kind == PAINT:
        picture = enlarged(y.reshape(shape), value_range)
        over = enlarged(choice.hidden[..., None].astype("float32")) > 127
        return np.where(over, np.array(_HIDDEN, "uint8"), picture)
    if choice.kind == BLOCKS:
        size = shape[0] // choice.block
        return enlarged(y.reshape(size, size, shape[-1]), value_range)
    columns = math.ceil(math.sqrt(y.size))
    grid = np.zeros(columns**2, "float32")
    grid[: y.size] = y
    reach = float(np.abs(y).max()) or 1.0
    return enlarged(grid.reshape(columns, columns, 1), (-reach, reach))


def expected_error(std, value_range=(0.0, 1.0)):
    """Standard deviations as a picture: black is sure."""
    low, high = value_range
    share = np.clip(std.mean(axis=-1) / ((high - low) * _UNSURE), 0, 1)
    return enlarged(matplotlib.colormaps["inferno"](share)[..., :3])


def report(answer, value_range=(0.0, 1.0)):
    """A table in Markdown: how near both came, and how long they took."""
    span = value_range[1] - value_range[0]
    lines = ["| | RMS error | PSNR | time |", "|---|---|---|---|"]
    for name, x in (("Lasso", answer.lasso), ("tf_gencs", answer.ours)):
        if x is None:
            lines.append(f"| {name} | would take minutes here | | |")
            continue
        error = math.sqrt(float(np.mean((x - answer.x) ** 2)))
        psnr = 20 * math.log10(span / max(error, 1e-9))
        expected = ""
        if name == "tf_gencs" and answer.std is not None:
            told = math.sqrt(float(np.mean(answer.std**2)))
            expected = f" (expected {told:.3f})"
        seconds = answer.seconds["lasso" if name == "Lasso" else "ours"]
        lines.append(
            f"| {name} | {error:.3f}{expected} | {psnr:.1f} dB | {seconds:.2f} s |"
        )
    numbers, size = seen(answer), answer.x.size
    return "\n".join([f"**{numbers:,} numbers of {size:,}**", "", *lines])


def seen(answer):
    """How many numbers A gives that are not always 0."""
    weights = answer.A(np.ones_like(answer.x)[None]).numpy()
    return int(np.count_nonzero(weights))
