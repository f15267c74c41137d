"""The page to play with, in a headless browser, by real clicks."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    pytest.importorskip("gradio", reason="extra `demo` is not installed")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as engine:
        yield engine.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """Of the page, which a process of its own serves while the tests run."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    errors = (tmp_path_factory.mktemp("demo") / "errors").open("w+")
    command = [sys.executable, "demo.py", "--no-browser"]
    with subprocess.Popen(
        command,
        cwd=ROOT / "scripts",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    ) as served:
        found = (re.match(r"http://\S+", line) for line in served.stdout)
        match = next(filter(None, found), None)
        errors.seek(0)
        assert match, errors.read()
        yield match.group()
        served.kill()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, address):
    """The page, with the first digit recovered, that asks nobody else."""
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(300_000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("#digit-report table")
    yield page
    others = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    page.close()
    assert not others


def report(page, has, name="digit"):
    """The text of the table, once it has a text."""
    place = page.locator(f"#{name}-report")
    place.filter(has_text=has).wait_for()
    return place.inner_text()


def test_a_digit_is_picked_measured_and_recovered(page):
    table = page.locator("#digit-report table")
    first = table.inner_text()
    page.locator("#digit-picks button").nth(4).click()
    # Of the table only: what is around it also tells that an answer is on its way.
    page.wait_for_function(
        "was => document.querySelector('#digit-report table').innerText !== was",
        arg=first,
    )
    second = table.inner_text()
    errors = re.findall(r"(?:Lasso|tf_gencs)\s+(0\.\d+)", second)
    assert float(errors[1]) < float(errors[0])
    page.get_by_label("Paint over (inpainting)").first.check()
    report(page, "640 numbers of 784")
    assert page.evaluate("document.body.scrollWidth <= window.innerWidth")


def test_what_the_mouse_paints_is_hidden(page):
    page.get_by_label("Paint over (inpainting)").first.check()
    report(page, "640 numbers of 784")
    canvas = page.locator("canvas:visible").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.8)
    page.mouse.down()
    across = box["x"] + box["width"] * 0.7
    page.mouse.move(across, box["y"] + box["height"] * 0.8, steps=8)
    page.mouse.up()
    page.wait_for_function(
        "() => !document.querySelector('#digit-report').innerText.includes('640 numb')"
    )
    left = int(re.match(r"(\d+) numbers", report(page, "numbers of 784")).group(1))
    assert 400 < left < 640


def test_a_drawing_and_uploads_that_cannot_be_get_a_message(page, tmp_path):
    page.get_by_text("or draw a digit").click()
    page.get_by_text("Use the drawing").click()
    page.get_by_text("Nothing is drawn").first.wait_for()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    with page.expect_file_chooser() as chooser:
        page.get_by_text("or upload a picture of a digit").click()
    chooser.value.set_files(bad)
    page.get_by_text("The file is no picture").first.wait_for()


def test_faces_are_drawn_under_do_and_changed(page):
    page.get_by_role("tab", name="Faces").click()
    page.wait_for_selector("#drawn-faces img")
    before = page.locator("#drawn-faces img").first.get_attribute("src")
    page.get_by_label("Mustache").click()
    page.get_by_role("option", name="do 1").click()
    page.wait_for_function(
        "was => document.querySelector('#drawn-faces img').src !== was", arg=before
    )
    page.get_by_text("What if: the face above").click()
    page.wait_for_selector("#changed-face img")
