"""How the page looks: the system's own fonts, so nothing is fetched from elsewhere."""

import gradio as gr

THEME = gr.themes.Soft(
    primary_hue="indigo",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)
CSS = """
.gradio-container {max-width: 1100px !important; margin: auto;}
.gradio-container .column {min-width: min(320px, 100%) !important;}
.signals {display: grid; gap: 12px; margin: 0;
  grid-template-columns: repeat(auto-fill, minmax(130px, 1fr));}
.signals figure {margin: 0;}
.signals img {image-rendering: pixelated; width: 100%; border-radius: 6px;}
.signals figcaption {font-size: 0.9em; line-height: 1.3; padding-bottom: 4px;}
.attributes {display: grid !important; gap: 10px;
  grid-template-columns: repeat(auto-fill, minmax(130px, 1fr));}
.picks, .picks .grid-wrap {height: auto !important; min-height: 0 !important;}
.picks .grid-container {grid-template-columns: repeat(8, minmax(0, 1fr)) !important;
  grid-auto-rows: auto !important; gap: 4px !important;
  padding: 0 !important; height: auto !important;}
.picks .grid-container button {width: 100% !important; height: auto !important;
  aspect-ratio: 1; min-width: 0 !important;}
.picks img {image-rendering: pixelated;}
.report td, .report th {padding: 4px 8px !important;}
footer {display: none !important;}
"""
TITLE = "Signals from few measurements"


def picks(images, name):
    """Small pictures to click at, of which the event tells the number."""
    return gr.Gallery(
        images,
        show_label=False,
        columns=8,
        height="auto",
        allow_preview=False,
        buttons=[],
        object_fit="contain",
        container=False,
        elem_classes="picks",
        elem_id=f"{name}-picks",
    )


def editor(ink, size, label):
    """Something to draw on with the mouse, in one colour.

    Args:
        ink: colour of the strokes.
        size: default width of the brush, in pixels.
        label: above it.
    """
    return gr.ImageEditor(
        label=label,
        type="numpy",
        image_mode="RGBA",
        canvas_size=(280, 280),
        fixed_canvas=True,
        sources=(),
        transforms=(),
        layers=False,
        brush=gr.Brush(size, colors=[ink], default_color=ink, color_mode="fixed"),
        eraser=gr.Eraser(size),
        format="png",
    )
