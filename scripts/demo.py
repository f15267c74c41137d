"""Serves a page to play with, on this machine only.

    ./scripts/demo
    ./scripts/demo --port 8000 --no-browser

Draw, pick or upload a digit or a face, choose A, m and noise, and see y, Lasso's answer
and ours with error bars; hide a part with the mouse; set attributes of faces by do and
given. All kinds of measurement are prepared while the page is up, the first one before.
"""

import argparse
import os
import threading
import time
import webbrowser

import quiet_tensorflow  # noqa: F401

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

from demonstration import page
from demonstration.digits import Digits
from demonstration.faces import Faces


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, help="default: the first free from 7860 on")
    parser.add_argument("--no-browser", action="store_true", help="open none")
    options = parser.parse_args(arguments)
    digits, faces = Digits(), Faces()
    print("Preparing the first measurement, some seconds ...", flush=True)
    digits.prepare(digits.choices()[:1])
    address = page.serve(page.build(digits, faces), options.port, wait=False)
    print(f"{address}   Ctrl-C ends it", flush=True)
    if not options.no_browser:
        webbrowser.open(address)
    threading.Thread(target=_prepare, args=(digits, faces), daemon=True).start()
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        print()


def _prepare(digits, faces):
    start = time.perf_counter()
    digits.prepare()
    faces.prepare()
    seconds = time.perf_counter() - start
    print(f"All measurements are prepared, after {seconds:.0f} s", flush=True)
    for choice in digits.choices():
        found = digits.solve(digits.samples[1], choice)
        kind, size = choice.structure
        took = ", ".join(f"{name} {s:.2f} s" for name, s in found.seconds.items())
        print(f"  one digit, {kind} {size or ''}: {took}", flush=True)


if __name__ == "__main__":
    main()
