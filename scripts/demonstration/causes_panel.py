"""The part of the page that draws faces under do and given."""

import gradio as gr
import numpy as np

from demonstration import pictures
from demonstration.faces import LEAVE, WAYS
from demonstration.recovery_panel import refused

_RANGE = (-1.0, 1.0)
_TEXT = """
**do** sets an attribute whatever causes it; **given** picks those who have it. No woman
that the model learned from has a mustache: *given 1* of Mustache shows men, *do 1* puts
one on women too.
"""


class CausesPanel:
    """Attributes to do or to condition on, and faces that follow.

    Args:
        faces: `Faces`.
        face: state of the page that holds the picked face.
    """

    def __init__(self, faces, face):
        self._faces = faces
        gr.Markdown("### do and given")
        gr.Markdown(_TEXT)
        seed = gr.State(0)
        with gr.Row(elem_classes="attributes"):
            ways = [
                gr.Dropdown(
                    list(WAYS), value=LEAVE, label=name.replace("_", " "), min_width=140
                )
                for name in faces.names
            ]
        with gr.Row():
            others = gr.Button("Other faces", size="sm")
            what_if = gr.Button("What if: the face above, with what is done", size="sm")
        shown = gr.HTML(elem_id="drawn-faces")
        changed = gr.HTML(elem_id="changed-face")
        draw = {
            "fn": refused(self.draw, 1),
            "inputs": [seed, *ways],
            "outputs": shown,
            "trigger_mode": "always_last",
            "concurrency_id": "recovery",
            "api_visibility": "private",
        }
        for way in ways:
            way.input(**draw)
        others.click(lambda seed: seed + 1, seed, seed, api_visibility="private").then(
            **draw
        )
        what_if.click(
            refused(self.change, 1),
            [face, *ways],
            changed,
            concurrency_id="recovery",
            api_visibility="private",
        )
        self._draw = draw

    def start_on(self, event):
        """Draws the first faces at an event of the page."""
        event(**self._draw)

    def draw(self, seed, *ways):
        """Pictures of faces under what was chosen."""
        faces = self._faces.sample(self._named(ways), int(seed))
        return pictures.figures(
            (f"draw {place}", pictures.enlarged(face, _RANGE, 128))
            for place, face in enumerate(faces, 1)
        )

    def change(self, face, *ways):
        """The picked face, and as it would have been."""
        changed = self._faces.what_if(np.asarray(face), self._named(ways))
        pair = {"the face above": face, "as it would be": changed}
        return pictures.figures(
            (caption, pictures.enlarged(x, _RANGE)) for caption, x in pair.items()
        )

    def _named(self, ways):
        return dict(zip(self._faces.names, ways, strict=True))
