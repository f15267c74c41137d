"""The page: digits, faces, and what is said about them."""

import gradio as gr

from demonstration import digits, faces, look, reading
from demonstration.causes_panel import CausesPanel
from demonstration.recovery_panel import RecoveryPanel

_TEXT = """
# Signals from few measurements

A generator knows what digits or faces look like. Of a few numbers y = A(x) + noise it
finds the signal that explains them. *Lasso* knows only that pictures are sparse in
cosines or wavelets; its penalty is tuned (where parts are hidden,
for the first noise).
"""


def build(the_digits, the_faces):
    """The page.

    Args:
        the_digits: `Digits`.
        the_faces: `Faces`.

    Returns:
        `gr.Blocks`, to be served by `serve`.
    """
    with gr.Blocks(title=look.TITLE, analytics_enabled=False) as page:
        gr.Markdown(_TEXT)
        with gr.Tab("Digits"):
            of_digits = RecoveryPanel(
                the_digits, digits, "digit", (0.0, 1.0), reading.digit, draws=True
            )
        with gr.Tab("Faces") as tab:
            of_faces = RecoveryPanel(
                the_faces, faces, "face", (-1.0, 1.0), reading.face
            )
            causes = CausesPanel(the_faces, of_faces.x)
        of_digits.start_on(page.load)
        of_faces.start_on(tab.select)
        causes.start_on(tab.select)
    return page


def serve(page, port=None, wait=True):
    """Serves the page on this machine only.

    Args:
        page: of `build`.
        port: None for the first that is free from 7860 on.
        wait: whether to serve until Ctrl-C; else this returns.

    Returns:
        Its address.
    """
    _, address, _ = page.queue().launch(
        server_name="127.0.0.1",
        server_port=port,
        share=False,
        quiet=True,
        prevent_thread_lock=not wait,
        max_file_size=reading.MOST_BYTES,
        theme=look.THEME,
        css=look.CSS,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
    )
    return address
