"""The report's page in headless Chromium: it shows all, sorts, fits a phone, and asks nobody for anything."""

import os
import shutil
from itertools import pairwise

import pytest

from made_experiments import METHODS, PAPER
from pages import HOSTILE, LABELS, made_page

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("NEEDS_CHROMIUM"),
    reason="no `chromium` on the path: as root on Debian, `make test` installs it",
)
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
BOTH = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
# The contrast of every text with the first opaque colour behind it, least first (WCAG 2.1).
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const part = c[i] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const behind = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const colour = rgba(getComputedStyle(place).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.getClientRects().length || element.tagName === 'SCRIPT') continue;
    const [dark, bright] = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => a - b);
    found.push([(bright + 0.05) / (dark + 0.05), texts.currentNode.data.trim().slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "NEEDS_CHROMIUM is set and there is no `chromium` on the path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return made_page(tmp_path_factory.mktemp("browser") / "made")


@pytest.fixture
def visit(browser):
    """Open a page offline; at the end nothing was written to the console, and nothing but the file was asked for."""
    messages, requests, contexts, opened = [], [], [], []

    def visit(path, size=DESKTOP, **options):
        contexts.append(browser.new_context(viewport=size, offline=True, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("dialog", lambda dialog: (messages.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: requests.append(request.url))
        opened.append(path.as_uri())
        page.goto(opened[-1])
        return page

    yield visit
    for context in contexts:
        context.close()
    assert messages == []
    assert [url for url in requests if not url.startswith("data:")] == opened


def open_everything(page):
    page.evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)")


@BOTH
def test_every_picture_is_seen(visit, report, size):
    page = visit(report, size)
    pictures = page.locator("img").all()
    assert len(pictures) == 3
    for picture in pictures:
        picture.scroll_into_view_if_needed()
        assert picture.is_visible()
        assert picture.evaluate("picture => picture.complete && picture.naturalWidth > 0 && picture.width > 300")
        assert picture.get_attribute("alt")


@BOTH
def test_the_page_never_scrolls_sideways(visit, report, size):
    page = visit(report, size)
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        open_everything(page)
    outside = page.evaluate(
        """[...document.querySelectorAll('main *')].filter((element) => !element.closest('.scroll, .inner, .picture')
        && element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert outside == []


@BOTH
def test_texts_are_large_enough(visit, report, size):
    page = visit(report, size)
    open_everything(page)
    sizes = page.evaluate(
        """[...document.querySelectorAll('p, li, dd, td, figcaption, pre, caption, summary, button')]
        .filter((element) => element.getClientRects().length).map((e) => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert len(sizes) > 100
    assert min(sizes) >= 14


@BOTH
def test_the_first_screen_answers_both_questions(visit, report, size):
    page = visit(report, size)
    for place, words in (("#forgotten", "6 of 6"), ("#helped", ", in"), ("h1", "What does"), (".losses", "OOD")):
        box = page.locator(place).bounding_box()
        assert words in page.locator(place).inner_text().replace("all 6", "6 of 6")
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"], place
    if size is DESKTOP:
        box = page.locator(".tallies").bounding_box()
        assert box["y"] + box["height"] <= size["height"]


def column(page, table, index):
    """The sort keys of a column as they stand, those missing as None."""
    keys = page.locator(table).evaluate(
        "(table, index) => [...table.tBodies[0].rows].map((row) => row.cells[index].dataset.key ?? null)", index
    )
    return [float(key) if key else None for key in keys]


def test_a_heading_sorts_numbers_up_and_down_and_back(visit, report):
    page = visit(report)
    page.locator("#table4 > summary").click()
    table = "#table4 table"
    heading = page.locator(f"{table} thead th").nth(5)
    first = column(page, table, 5)
    numbers = sorted(number for number in first if number is not None)
    assert len(set(numbers)) > 3
    assert first != numbers
    heading.locator("button").click()
    assert column(page, table, 5) == numbers + [None] * (len(first) - len(numbers))
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").press("Enter")  # from the keyboard
    assert column(page, table, 5) == numbers[::-1] + [None] * (len(first) - len(numbers))
    assert heading.get_attribute("aria-sort") == "descending"
    heading.locator("button").press("Space")
    assert column(page, table, 5) == first
    assert heading.get_attribute("aria-sort") is None


def test_missing_numbers_stand_last_both_ways_and_signs_count(visit, report):
    page = visit(report)
    page.locator("#answer details summary").click()
    table = "#answer details table"
    heading = page.locator(f"{table} thead button").nth(6)  # the difference from full fine-tuning
    for turn in (1, -1):
        heading.click()
        cells = column(page, table, 6)
        values = [number for number in cells if number is not None]
        assert None in cells
        assert min(values) < 0 < max(values)
        assert cells == sorted(values)[::turn] + [None] * (len(cells) - len(values))


def test_texts_sort_as_texts_and_one_heading_at_a_time(visit, report):
    page = visit(report)
    page.locator("#table4 > summary").click()
    headings = page.locator("#table4 thead th")
    headings.nth(4).locator("button").click()
    headings.nth(0).locator("button").click()
    names = page.locator("#table4 tbody th").all_inner_texts()
    assert names == sorted(names)
    assert headings.nth(4).get_attribute("aria-sort") is None
    assert headings.nth(0).get_attribute("aria-sort") == "ascending"


def test_what_is_folded_opens(visit, report):
    page = visit(report)
    claim = page.locator(".claims details").first
    assert not claim.locator("table").is_visible()
    claim.locator("summary").click()
    assert claim.locator("table").is_visible()
    page.locator("#open-all").click()
    assert page.locator("#table4 table").is_visible()
    assert "study: made" not in page.inner_text("#config")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert "study: made" in page.inner_text("#config")
    assert page.evaluate("[...document.querySelectorAll('details')].every((details) => details.open)")


def test_the_page_prints_whole_and_on_white(visit, report):
    page = visit(report, {"width": 794, "height": 1123}, color_scheme="dark")  # A4
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 33, 37)"


def test_a_link_opens_what_it_leads_to(visit, report):
    page = visit(report)
    page.evaluate("location.hash = 'table4'")
    page.locator("#table4 table").wait_for(state="visible", timeout=3000)
    page.locator("nav a", has_text="Provenance").click()
    page.wait_for_function("document.querySelector('#provenance').getBoundingClientRect().top < innerHeight / 2")


def test_a_claim_leads_to_its_open_cards_and_back(visit, report):
    page = visit(report)
    card = page.locator("#card-noisy-captions")
    assert not card.is_visible()
    page.locator("#claim-wise-beats-both-ends summary").click()
    page.locator("#claim-wise-beats-both-ends .cards a", has_text="Noisy captions").click()
    card.wait_for(state="visible", timeout=3000)
    assert "workflow/studies/clean-captions.yaml" in card.inner_text()
    card.locator("a", has_text="distributions-forgotten").click()
    page.locator("#claim-distributions-forgotten table").wait_for(state="visible", timeout=3000)


def test_data_are_downloaded_from_the_page_itself(visit, report):
    page = visit(report)
    with page.expect_download() as download:
        page.locator("#figure4 a[download]").click()
    assert download.value.suggested_filename == "figure4.csv"
    with open(download.value.path(), "rb") as handle:
        assert handle.read() == (report.parent / "figure4.csv").read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(visit, report, scheme):
    page = visit(report, color_scheme=scheme)
    open_everything(page)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 300
    assert contrasts[0][0] >= 4.5, contrasts[:5]


def test_headings_stand_in_order_and_tables_and_focus_are_named(visit, report):
    page = visit(report)
    open_everything(page)
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map((heading) => +heading.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.evaluate("[...document.querySelectorAll('table')].every((table) => table.caption?.textContent.trim())")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


@BOTH
def test_hostile_names_are_texts(visit, tmp_path, size):
    labels = LABELS | {"wise": HOSTILE}
    page = visit(made_page(tmp_path / "made", says=HOSTILE, study=HOSTILE, labels=labels, worlds={"a": PAPER}), size)
    assert HOSTILE in page.locator("#figure4 figcaption").inner_text()
    assert page.locator("img").count() == 3
    assert page.locator("script").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@BOTH
def test_families_can_be_hidden_and_the_path_be_walked(visit, report, size):
    page = visit(report, size)
    explorer = page.locator(".explorer")
    explorer.scroll_into_view_if_needed()
    drawing = explorer.locator(".drawing").first
    points = drawing.locator(".point")
    assert points.count() == len(METHODS)
    assert all(point.is_visible() for point in points.all())
    penalties = drawing.locator('.point[data-family="1"]')
    assert penalties.count() == 3
    box = explorer.get_by_label("Penalty or distillation")
    box.uncheck()
    assert not any(point.is_visible() for point in penalties.all())
    assert drawing.locator('.point[data-family="0"]').first.is_visible()
    box.check()
    assert all(point.is_visible() for point in penalties.all())
    slider, now = drawing.locator("input[type=range]"), drawing.locator(".now")
    output, before = drawing.locator("output"), now.get_attribute("cx")
    assert "PRETRAINED: speciality 30.0" in output.inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert "WISE α = 0.5: speciality 70.0" in output.inner_text()
    page.keyboard.press("End")
    assert "FULL: speciality 80.0" in output.inner_text()
    assert float(now.get_attribute("cx")) > float(before)
