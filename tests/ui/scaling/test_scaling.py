"""The Scaling tab in a real Chromium: looks, points opened through to a trace, a sweep with stop and resume, exports, dark, phone."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from playwright.sync_api import expect

from s1demo.settings import ASSETS
from s1demo.ui.scaling.point_questions import PAGE
from tests.ui.conftest import wait_until
from tests.ui.fake_engine import ScriptedEngine

CURVE = json.loads((ASSETS / "measured" / "s1-mini" / "curve.json").read_text(encoding="utf-8"))
WAIT = next(point for point in CURVE["points"] if point["label"] == "Wait x1")
SHOWN = "look => document.querySelector('#scaling [data-shown]')?.dataset.shown === look"
WHOSE = "[...new Set([...document.querySelectorAll('.scaling-scroll .whose')].map((cell) => cell.textContent))]"
TRACES = "document.querySelector('.scaling-plot').data.map((t) => [t.legendgrouptitle?.text ?? t.name, t.marker?.symbol, t.line?.dash])"


@pytest.fixture(scope="module")
def engine():
    return ScriptedEngine(0.001)


@pytest.fixture(scope="module")
def url(serve, engine):
    return serve(engine, max_concurrent_requests=2)  # so that a sweep asks one question at a time


@pytest.fixture
def open_tab(open_page, url):
    def open_scaling(parts="", **options):
        page = open_page(f"{url}?tab=scaling{parts}", accept_downloads=True, **options)
        page.wait_for_selector("#scaling [data-drawings]", state="attached")
        page.wait_for_function("document.querySelector('.scaling-plot')?.hidden || document.querySelector('.scaling-plot .main-svg')")
        return page

    return open_scaling


@pytest.fixture
def kept_tab(kept_page, url):
    """The tab on the measured curve with no point open, kept."""
    page = kept_page(f"{url}?tab=scaling")
    page.wait_for_selector(".scaling-plot .main-svg", state="attached")
    if page.locator(".scaling-point").is_visible():
        page.click(".scaling-close")
    choose(page, "curve", None)
    page.select_option("#scaling-benchmark", "mini")
    page.wait_for_function(SHOWN, arg="curve mini")
    return page


def choose(page, look, benchmark):
    page.check(f'[name=scaling-look][value="{look}"]', force=True)
    if benchmark is not None:
        page.wait_for_function(SHOWN, arg=f"{look} {benchmark}".strip())


def over_point(page, series, number):
    """The middle of a point of a series, by the end of its name in the legend."""
    trace = page.evaluate("name => document.querySelector('.scaling-plot').data.findIndex((trace) => trace.name.endsWith(name))", series)
    box = page.locator(".scaling-plot .scatterlayer .trace").nth(trace).locator(".points path").nth(number).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def point_rows(page):
    return page.locator(".scaling-questions li")


def sweep(page, questions="6", budgets="4", waits="1", benchmark="mini"):
    page.select_option(".sweep [name=benchmark]", benchmark)
    for name, value in (("questions", questions), ("budgets", budgets), ("waits", waits)):
        page.fill(f".sweep [name={name}]", value)
    page.click(".sweep-run")


def test_the_tab_costs_nothing_before_it_is_opened(open_page, url):
    page = open_page(url)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    assert page.locator("#scaling").count() == 0 and not page.evaluate("Boolean(window.Plotly)")
    page.get_by_role("tab", name="Scaling").click()
    page.wait_for_selector(".scaling-plot .main-svg")
    assert any("Plotly" in address for address in asked) and page.complaints == []


def test_every_look_draws_and_keeps_published_and_measured_apart(kept_tab):
    page = kept_tab
    assert page.evaluate(WHOSE) == ["measured here"]
    assert all(dash == "solid" and "open" not in symbol for _, symbol, dash in page.evaluate(TRACES))
    page.select_option("#scaling-benchmark", "AIME24")
    page.wait_for_function(SHOWN, arg="curve AIME24")
    assert page.evaluate(WHOSE) == ["published (paper)"]
    drawn = page.evaluate(TRACES)
    assert drawn and all(group == "published (paper)" and symbol.endswith("-open") and dash == "dash" for group, symbol, dash in drawn)
    assert "benchmark=AIME24" in page.url
    for look, benchmark in (("domains", "mini"), ("waits", "mini"), ("differences", "AIME24"), ("data", "AIME24"), ("words", "AIME24"), ("samples", "MATH500")):
        choose(page, look, benchmark)
        assert page.locator(".scaling-plot .main-svg").count() and page.inner_text(".scaling-caption") == page.get_attribute(".scaling-plot", "aria-label")
    choose(page, "methods", "")
    assert page.evaluate(WHOSE) == ["measured here", "published (paper)"] and not page.is_visible(".scaling-plot")
    assert page.locator(".scaling-card .scaling-scroll tbody").count() == 2
    assert page.complaints == []


def test_a_click_on_a_point_opens_its_questions_and_a_question_its_trace(open_tab):
    page = open_tab()
    expect(page.locator(".scaling-point")).to_be_hidden()
    wide = page.locator(".scaling-plot .main-svg").first.bounding_box()["width"]
    first_wait = over_point(page, "Waits", 1)  # number 0 only joins
    page.mouse.move(*first_wait)
    expect(page.locator(".scaling-detail")).to_have_text(CURVE["command"])
    assert "python" not in page.locator(".scaling-plot .hoverlayer").first.text_content(), "the command is too long for a hover"
    page.mouse.move(5, 5)
    expect(page.locator(".scaling-detail")).to_contain_text("Click a point")
    page.mouse.click(*first_wait)
    page.wait_for_selector('[data-point="curve Wait x1"]')
    expect(page.locator(".scaling-point")).to_be_visible()
    page.wait_for_function("wide => document.querySelector('.scaling-plot .main-svg')?.getBoundingClientRect().width < wide - 200", arg=wide)
    assert f"{WAIT['correct']:,} of 1,280 right" in page.inner_text(".scaling-line") and "point=curve%7CWait+x1" in page.url
    expect(page.locator(".scaling-point .scaling-notes")).to_contain_text("the loaded model is scripted")
    page.check('[name=scaling-only][value="spoilt"]', force=True)
    spoilt = CURVE["ledger"][0]["right_to_wrong"]
    page.wait_for_function("n => document.querySelectorAll('.scaling-questions li').length === n", arg=spoilt)
    expect(point_rows(page).locator(".spoilt")).to_have_count(spoilt)
    assert point_rows(page).locator(".spoilt").count() == spoilt and point_rows(page).locator(".sign").all_inner_texts() == ["✗"] * spoilt
    question = point_rows(page).first.locator(".asked").inner_text()
    point_rows(page).first.locator("button").click()
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#question textarea")).to_have_value(question)
    expect(page.locator("#num-waits-number")).to_have_value("1")
    page.wait_for_function("location.search.includes('run=1') && location.search.includes('answer=')")
    assert page.complaints == []


def test_the_pointer_on_each_of_the_models_points_finds_that_point(kept_tab):
    page = kept_tab
    assert page.locator("[name=scaling-series]:checked").count() > 1, "other training draws lie under it"
    points = page.evaluate("""() => {
      const plot = document.querySelector(".scaling-plot"), { xaxis, yaxis } = plot._fullLayout, { left, top } = plot.getBoundingClientRect();
      plot.on("plotly_hover", ({ points: [point] }) => (window.found = point.customdata));
      return plot.data.flatMap(({ x, y, customdata, marker }) => (customdata ?? []).flatMap((opens, i) => (opens && marker.size[i] ?
        [[opens, left + xaxis._offset + xaxis.d2p(x[i]), top + yaxis._offset + yaxis.d2p(y[i])]] : [])));
    }""")
    clear = 0
    own = [point for point in points if point[0][0] == "curve"]
    assert len(own) == len(CURVE["points"])
    for opens, x, y in own:
        page.mouse.move(5, 5)
        page.evaluate("window.found = null")
        page.mouse.move(x, y)
        found = page.wait_for_function("window.found").json_value()
        covers = [other for other, *at in points if not other[0].startswith("curve-draw") and math.dist(at, (x, y)) < 6]
        assert found == opens or found in covers, f"{opens} lies under {covers} only"
        clear += found == opens
    assert clear > len(own) / 2
    page.mouse.click(x, y)
    page.wait_for_selector(f'[data-point="{" ".join(found)}"]')


def test_the_panel_of_questions_closes_and_gives_the_plot_its_width_back(open_tab):
    page = open_tab("&point=curve%7Cnatural")
    page.wait_for_selector('[data-point="curve natural"]')
    expect(point_rows(page).first).to_be_visible()
    page.focus(".scaling-close")
    page.keyboard.press("Escape")
    expect(page.locator(".scaling-point")).to_be_hidden()
    page.wait_for_function("!location.search.includes('point=')")
    page.wait_for_function("document.querySelector('.scaling-plot .main-svg')?.getBoundingClientRect().width > 1100")
    assert page.complaints == []


def test_the_table_of_metrics_shows_its_sources_and_notes_at_this_width(kept_tab):
    page = kept_tab
    choose(page, "methods", "")
    table = page.locator(".scaling-card .scaling-scroll")
    assert table.evaluate("node => node.scrollWidth <= node.clientWidth")
    expect(table.get_by_text("does not reproduce").first).to_be_visible()
    expect(page.locator(".scaling-point")).to_be_hidden()


def test_a_picture_is_in_the_page_s_language(open_tab):
    page = open_tab("&lang=de")
    layout = page.evaluate("(({ xaxis, yaxis, separators }) => [xaxis.title.text, yaxis.title.text, separators])(document.querySelector('.scaling-plot').layout)")
    assert layout == ["mittlere Denk-Tokens pro Frage", "Genauigkeit", ",."]
    assert page.evaluate("document.querySelector('.scaling-plot').data.at(-1).legendgrouptitle.text") == "hier gemessen"
    hovers = page.evaluate("document.querySelector('.scaling-plot').data.find((trace) => trace.name.endsWith('Waits')).hovertext")
    assert f"{WAIT['correct']:,} von n = 1.280 richtig".replace(",", ".") in hovers[1] and "95-%-Intervall" in hovers[1]
    page.click("details summary")
    expect(page.locator(".scaling-scroll thead")).to_contain_text("Genauigkeit, %")
    assert page.complaints == []


def test_the_table_opens_points_by_keyboard_and_a_link_opens_them_again(open_tab):
    page = open_tab("&look=waits")
    page.focus(".scaling-table summary")
    page.keyboard.press("Enter")
    page.focus('.scaling-scroll button[aria-label="questions of Wait x2"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-point="curve Wait x2"]')
    step = CURVE["ledger"][1]
    assert page.locator("[name=scaling-only]:checked").get_attribute("value") == "mended"
    assert point_rows(page).count() == min(PAGE, step["wrong_to_right"])
    again = open_tab(page.url.split("tab=scaling")[1])
    again.wait_for_selector('[data-point="curve Wait x2"]')
    assert again.is_checked('[name=scaling-look][value="waits"]')
    assert page.complaints == again.complaints == []


def test_a_sweep_is_stopped_and_goes_on_where_it_was(open_tab, engine):
    page = open_tab("&benchmark=AIME24")
    engine._seconds = 0.02
    sweep(page)
    page.wait_for_function("document.querySelector('.sweep')?.dataset.done >= 2")
    engine.held_at = 0  # so that it cannot end before it is stopped
    page.wait_for_function(SHOWN, arg="curve mini")  # where its points are
    page.wait_for_function("[...document.querySelectorAll('.scaling-scroll .whose')].some((cell) => cell.textContent === 'measured here now')")
    page.click(".sweep-stop")
    page.wait_for_selector(".sweep[data-running=false]")
    wait_until(lambda: engine.active_requests == 0, "the end of the engine's work")
    engine._seconds = 0.001
    kept = int(page.get_attribute(".sweep", "data-done"))
    assert 2 <= kept < 6 and "run the same sweep again" in page.inner_text(".sweep-problem")
    engine.held_at = None
    page.click(".sweep-run")
    page.wait_for_function("document.querySelector('.sweep-text')?.textContent.includes('finished')")
    begun_with = int(page.inner_text(".sweep-text").split(" · ")[1].split()[0])
    assert kept <= begun_with < 6 and page.get_attribute(".sweep", "data-done") == "6"
    page.wait_for_selector(".sweep[data-running=false]")
    assert page.inner_text(".sweep-command code") == "python -m s1demo sweep --benchmark mini --limit 6 --budgets 4 --waits 1 --out run.json"
    page.wait_for_function("document.querySelector('.scaling-caption')?.textContent.includes('measured here now on 6 questions')")
    assert page.evaluate(WHOSE) == ["measured here now", "measured here"]
    with page.expect_download() as saved:
        page.click(".sweep-save")
    run = json.loads(saved.value.path().read_text(encoding="utf-8"))
    assert run["n"] == 6 and run["provenance"] == "measured" and [p["label"] for p in run["points"]] == ["budget 4", "natural", "Wait x1"]
    page.click("details summary")
    page.click('.scaling-scroll tbody:nth-of-type(1) button[aria-label="questions of Wait x1"]')
    page.wait_for_function("document.querySelectorAll('.scaling-questions li').length === 6")
    assert page.inner_text(".scaling-point .scaling-notes") == "", "the loaded model measured it"
    assert page.complaints == []


def test_closing_the_page_ends_its_sweep_and_the_next_one_begins(open_tab, engine):
    engine.held_at = 0
    page, other = open_tab(), open_tab()
    sweep(page, questions="5", budgets="", waits="")
    wait_until(lambda: engine.active_requests > 0, "the sweep's start")
    sweep(other, questions="2", budgets="1", waits="")
    other.wait_for_function("document.querySelector('.sweep-problem')?.textContent.startsWith('Another sweep is running')")
    assert not other.get_attribute(".sweep", "data-done")
    engine.held_at = None
    page.close()
    other.wait_for_function("document.querySelector('.sweep-text')?.textContent.includes('finished')")
    assert other.inner_text(".sweep-problem") == ""


def test_a_bad_order_is_one_sentence_in_the_panel(kept_tab):
    page = kept_tab
    sweep(page, budgets="a few")
    page.wait_for_function("document.querySelector('.sweep-problem')?.textContent.includes('Give a number')")
    page.wait_for_selector(".sweep[data-running=false]")
    assert page.is_enabled(".sweep-run") and page.complaints == []


def test_what_is_shown_is_saved(kept_tab):
    page = kept_tab
    choose(page, "samples", "MATH500")
    saved = {}
    for kind in ("csv", "json", "png"):
        with page.expect_download() as download:
            page.click(f"[data-save={kind}]")
        saved[kind] = download.value.path().read_bytes()
        assert download.value.suggested_filename == f"s1-scaling-samples-MATH500.{kind}"
    rows = list(csv.DictReader(io.StringIO(saved["csv"].decode())))
    assert [row["what"] for row in rows] == [row["what"] for row in json.loads(saved["json"])["rows"]] and {row["whose"] for row in rows} == {"published (paper)"}
    assert saved["png"].startswith(b"\x89PNG") and len(saved["png"]) > 5000
    assert page.complaints == []


def test_stop_takes_a_waiting_sweep_out_of_the_queue(open_tab, engine):
    engine.held_at = 0
    first, second = open_tab("&benchmark=AIME24"), open_tab("&benchmark=AIME24")
    sweep(first, budgets="8")  # not yet measured by another test
    wait_until(lambda: engine.active_requests > 0, "the first sweep")
    sweep(second, budgets="8")
    expect(second.locator(".sweep-problem")).to_contain_text("Another sweep")
    with second.expect_request("**/cancel"):
        second.click(".sweep-stop")
    second.wait_for_selector(".sweep[data-running=false]")
    first.click(".sweep-stop")
    first.wait_for_selector(".sweep[data-running=false]")
    engine.held_at = None
    wait_until(lambda: engine.active_requests == 0, "the end of the engine's work")


def test_seconds_are_at_a_rate_measured_now(open_tab):
    page = open_tab("&axis=seconds")
    expect(page.locator(".scaling-card .scaling-notes")).to_contain_text("measured on this machine now")
    assert page.evaluate("document.querySelector('.scaling-plot').layout.xaxis.title.text") == "mean seconds per question, one after another"


def test_dark_and_phone(open_tab):
    page = open_tab(viewport={"width": 390, "height": 844}, color_scheme="dark")
    ink = page.evaluate("document.querySelector('.scaling-plot').layout.font.color")
    assert ink == "#e8e6e1" and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('.scaling-plot .main-svg').getBoundingClientRect().right <= innerWidth")
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.querySelector('.scaling-plot')?.layout.font.color === '#1f2328'")
    assert page.complaints == []
