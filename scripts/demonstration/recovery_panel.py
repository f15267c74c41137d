"""The part of the page that measures a signal and recovers it."""

import functools

import gradio as gr
import numpy as np

from demonstration import look, pictures, reading
from demonstration.measuring import BLOCKS, PAINT, RANDOM, Choice

_KINDS = [
    ("Random numbers (Gaussian)", RANDOM),
    ("Paint over (inpainting)", PAINT),
    ("Few large pixels (super-resolution)", BLOCKS),
]
_CANVAS = 280


class RecoveryPanel:
    """What a visitor picks and chooses, and what comes of it.

    Args:
        signals: `Digits` or `Faces`.
        module: their module, for what is offered: STOPS and SIZES.
        name: "digit" or "face".
        value_range: of the signals.
        read: function from the path of an upload to a signal.
        draws: whether signals can be drawn with the mouse.
    """

    def __init__(self, signals, module, name, value_range, read, draws=False):
        self._signals, self._value_range, self._read = signals, value_range, read
        self._start = signals.choices()
        self._painted = next(c.hidden for c in self._start if c.kind == PAINT)
        self._build(module, name, draws)

    def _build(self, module, name, draws):
        first = self._signals.samples[0]
        self.x = gr.State(first)
        seed = gr.State(0)
        with gr.Row():
            with gr.Column(min_width=320):
                gr.Markdown(f"**Pick a {name}**")
                picks = look.picks(
                    [self._shown(x, 84) for x in self._signals.samples], name
                )
                upload = gr.UploadButton(f"or upload a picture of a {name}", size="sm")
                if draws:
                    with gr.Accordion(f"or draw a {name}", open=False):
                        sketch = look.editor("#000000", 22, f"Draw one {name}")
                        use = gr.Button("Use the drawing", size="sm")
            with gr.Column(min_width=320):
                kind = gr.Radio(_KINDS, value=RANDOM, label="A: what is measured")
                m = _slider(module.STOPS, self._start[0].m, "m: how many numbers")
                block = gr.Radio(
                    [(text, block) for block, text in module.SIZES.items()],
                    value=next(iter(module.SIZES)),
                    label="Size that is left",
                    visible=False,
                )
                noise = gr.Slider(
                    0, 0.3, 0, step=0.05, label="Noise: deviation of each number"
                )
                again = gr.Button("Other random numbers", size="sm")
                with gr.Group(visible=False) as painting:
                    paint = look.editor("#466ec8", 40, "Paint over what to hide")
        shown = gr.HTML(elem_id=f"{name}-pictures")
        said = gr.Markdown(elem_id=f"{name}-report", elem_classes="report")

        answer = {
            "fn": self.answer,
            "inputs": [self.x, kind, m, block, noise, paint, seed],
            "outputs": [shown, said],
            "trigger_mode": "always_last",
            "concurrency_id": "recovery",
            "api_visibility": "private",
        }
        into = {"outputs": [self.x, paint], "api_visibility": "private"}
        picks.select(self.pick, None, **into).then(**answer)
        upload.upload(refused(self.take, 2), upload, **into).then(**answer)
        if draws:
            use.click(refused(self.take_drawing, 2), sketch, **into).then(**answer)
        again.click(lambda seed: seed + 1, seed, seed, api_visibility="private").then(
            **answer
        )
        kind.change(
            _visible, kind, [m, block, painting], api_visibility="private"
        ).then(**answer)
        gr.on([m.release, block.change, noise.release, paint.input], **answer)
        self._first = lambda event: event(
            lambda: self._on_canvas(first), None, paint, api_visibility="private"
        ).then(**answer)

    def start_on(self, event):
        """Answers for the first signal at an event of the page: a load, a tab."""
        self._first(event)

    def pick(self, event: gr.SelectData):
        """The signal that was clicked, and the canvas with it."""
        x = self._signals.samples[event.index]
        return x, self._on_canvas(x)

    def take(self, path):
        """An uploaded signal, and the canvas with it."""
        x = self._read(path)
        return x, self._on_canvas(x)

    def take_drawing(self, drawn):
        """A drawn signal, and the canvas with it."""
        x = reading.drawing((drawn or {}).get("layers"))
        return x, self._on_canvas(x)

    def answer(self, x, kind, m, block, noise, paint, seed):
        """Pictures of a recovery, and a table."""
        return refused(self._answer, 2)(x, kind, m, block, noise, paint, seed)

    def _answer(self, x, kind, m, block, noise, paint, seed):
        hidden = None
        if kind == PAINT:
            hidden = reading.hidden((paint or {}).get("layers"), x.shape[:2])
        choice = Choice(kind, int(m), int(block), round(noise, 2), hidden, int(seed))
        if not self._signals.prepared(choice):
            gr.Info("This kind of measurement is prepared once, for some seconds.")
        found = self._signals.solve(x, choice)
        show = functools.partial(pictures.enlarged, value_range=self._value_range)
        y = pictures.measured(found, choice, self._value_range)
        images = [
            ("x: the signal", show(x)),
            ("y: what is measured", y),
            ("tf_gencs", show(found.ours)),
        ]
        if found.lasso is not None:
            images.insert(2, ("Lasso", show(found.lasso)))
        if found.std is not None:
            unsure = pictures.expected_error(found.std, self._value_range)
            images.append(("its expected error", unsure))
        table = pictures.report(found, self._value_range)
        return pictures.figures(images), table

    def _shown(self, x, side):
        return pictures.enlarged(x, self._value_range, side)

    def _on_canvas(self, x):
        """A signal to paint on, a part of which is painted over."""
        mask = self._painted[..., None].astype("float32")
        mask = pictures.enlarged(mask, side=_CANVAS)
        layer = np.zeros((_CANVAS, _CANVAS, 4), "uint8")
        layer[mask[..., 0] > 127] = (70, 110, 200, 255)
        background = self._shown(x, _CANVAS)
        return {"background": background, "layers": [layer], "composite": None}


def _slider(stops, value, label):
    step = stops[1] - stops[0]
    return gr.Slider(stops[0], stops[-1], value, step=step, label=label)


def _visible(kind):
    """What there is to choose of a kind: m, size, canvas."""
    return [gr.update(visible=kind == shown) for shown in (RANDOM, BLOCKS, PAINT)]


def refused(function, outputs):
    """A function whose ValueErrors become messages; then all stays as it was."""

    @functools.wraps(function)
    def careful(*arguments):
        try:
            return function(*arguments)
        except ValueError as error:
            gr.Warning(str(error), title="That did not work")
            return [gr.skip()] * outputs if outputs > 1 else gr.skip()

    return careful
