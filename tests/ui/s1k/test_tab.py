"""The s1K tab in a real Chromium: search, facets, the histogram, links to rows, what is handed to Compare, hostile rows, no network."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from s1demo.errors import InputError
from s1demo.s1k.loading import DESCRIPTIONS, read_own_rows
from s1demo.s1k.loading import load_s1k as load_for_real
from s1demo.s1k.records import GEMINI, R1, S1_MINI_1K, S1K, S1K_1_1, S1KRecord, TeacherTrace
from s1demo.ui.page.bundle import UI
from s1demo.ui.s1k import tab as data_tab
from s1demo.ui.s1k.browse import list_answer, read_request, row_answer
from tests.ui.conftest import wait_until
from tests.ui.fake_engine import ScriptedEngine

HOSTILE = "<img src=x onerror=\"document.title='broken in'\"> ${1+1} {{value}} <script>document.title='broken in'</script>"
N_MADE = 30
ATTEMPTS: list[str] = []  # to load what cannot be had
OWN = read_own_rows()


def own_rows(least: int, limit: int) -> int:
    """How many of the miniature's rows think at least `least` tokens and fewer than `limit`."""
    return sum(least <= next(iter(row.traces.values())).tokens < limit for row in OWN)


def made_rows(version: str, report=print) -> list[S1KRecord]:
    """Rows written here, in the form of s1K-1.1; the miniature's own are the shipped ones, and s1K cannot be had."""
    if version == S1_MINI_1K:
        return read_own_rows()
    if version == S1K:
        ATTEMPTS.append(version)
        return load_for_real(version)  # conftest.py keeps `datasets` offline
    rows = [
        S1KRecord(
            index=n,
            question=f"Made up question {n}: find $x^2$ for $5 and $6.",
            solution=f"We get $\\boxed{{{n}}}$.",
            answer=str(n),
            source="AIME" if n % 3 else "Omni-MATH",
            origin="made/up",
            domain="math" if n % 2 else "science",
            traces={
                R1: TeacherTrace(f"Let \\(y_{{{n}}} = {n}\\).\n\n" + "So on. " * 2**(n % 6), f"\\boxed{{{n}}}", None, n % 5 != 0, "It agrees."),
                GEMINI: TeacherTrace(f"Gemini reasons about {n}.", str(n + 1), None, False),
            },
        )
        for n in range(N_MADE)
    ]
    rows[3] = replace(rows[3], question="", traces={R1: rows[3].traces[R1]})
    rows[7] = replace(rows[7], traces={**rows[7].traces, R1: TeacherTrace("A zebra crosses. " + rows[7].traces[R1].thinking)})
    trace = TeacherTrace(HOSTILE + " $\\href{javascript:alert(1)}{x}$ \\[ \\frac{1}{ $$ \n\n" + "x" * 1_000_000, HOSTILE, None, None, HOSTILE)
    rows[20] = replace(rows[20], question=HOSTILE, solution=HOSTILE, answer=HOSTILE, source=HOSTILE[:60], domain="`${0}`", traces={R1: trace})
    return rows


@pytest.fixture(scope="module")
def url(serve):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_tab, "load_s1k", made_rows)
        return serve(ScriptedEngine())


@pytest.fixture(scope="module")
def offline_url(scripted_url):
    return scripted_url


@pytest.fixture
def open_tab(open_page, url):
    def open_at(query="", at=None, **options):
        page = open_page(f"{at or url}?tab=s1k{query}", **options)
        page.wait_for_selector(".s1k-item, .s1k[data-open=row]")
        return page

    return open_at


def address(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def found(page, text):
    expect(page.locator(".s1k-found span")).to_have_text(text)


def opened(page, row):
    expect(page.locator(".s1k-head h2")).to_contain_text(f"Row {row}")


# --------------------------------------------------------------------------------------------------------------- what is sent


def table_of(version):
    from s1demo.s1k.table import S1KTable

    return S1KTable(made_rows(version))


def test_a_list_and_a_row_are_all_that_travels():
    table = table_of(S1_MINI_1K)
    first = list_answer(S1_MINI_1K, table, read_request({"n": 3, "set": S1_MINI_1K}))
    assert len(json.dumps(first, ensure_ascii=False).encode()) < 110_000
    assert (first["n"], len(first["rows"]), first["catalogue"]["about"]) == (3, 1000, DESCRIPTIONS[S1_MINI_1K])
    again = list_answer(S1_MINI_1K, table, read_request({"search": "apple", "have": first["catalogue"]["name"]}))
    assert again["catalogue"] is None and 0 < len(again["rows"]) < 1000
    row, own = row_answer(S1_MINI_1K, table, read_request({"row": "1"})), OWN[1]
    assert row["parts"][0][3] == own.question and row["answer"] == own.answer and row["gradable"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "Reload"),
        ([1], "Reload"),
        ({"set": "s2K"}, "Choose one of s1K-1.1, s1K, s1-mini-1k"),
        ({"chosen": "all"}, "filters cannot be read"),
        ({"chosen": {"source": "AIME"}}, "filters cannot be read"),
        ({"chosen": {"source": [1]}}, "filters cannot be read"),
        ({"chosen": {"source": ["a"] * 201}}, "filters cannot be read"),
        ({"row": "<b>"}, "whole number"),
        ({"row": {}}, "whole number"),
        ({"n": "x"}, "whole number"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(data, words):
    with pytest.raises(InputError, match=words):
        read_request(data)


def test_what_means_nothing_is_left_out():
    request = read_request({"search": 5, "chosen": {"colour": ["red"], "source": []}, "teacher": None, "order": "-length", "row": ""})
    assert (request.query.text, request.query.chosen, request.query.order, request.query.descending, request.row) == ("", {}, "length", True, None)
    assert list_answer(S1K_1_1, table_of(S1K_1_1), read_request({"teacher": "claude"}))["teacher"] == R1


# --------------------------------------------------------------------------------------------------------------- in the browser


def test_the_first_load_carries_no_row(open_page, url):
    page = open_page(url)
    config = page.evaluate("JSON.stringify(window.gradio_config)")
    assert "stickers" not in config and "Made up question" not in config
    ours = sum(path.stat().st_size for name in ("web/math", "s1k/*") for path in UI.glob(f"{name}.[jc]s*")) + len(data_tab._TEMPLATE)
    assert ours < 100_000, "what the tab adds to the first load of every page"
    assert page.locator(".s1k").count() == 0, "the tab is built when it is first selected"
    page.get_by_role("tab", name="s1K").click()
    found(page, f"{N_MADE} rows")
    assert address(page) == {"tab": "s1k"}
    assert page.complaints == []


def test_search_reads_questions_and_traces_and_marks_what_it_found(open_tab):
    page = open_tab()
    found(page, f"{N_MADE} rows")
    page.keyboard.press("/")
    page.keyboard.type('"a ZEBRA"')
    found(page, f"1 of {N_MADE} rows")
    assert address(page)["search"] == '"a ZEBRA"'
    page.locator(".s1k-item").click()
    opened(page, 7)
    page.wait_for_function("[...CSS.highlights.get('s1k-found')].map(String).join() === 'A zebra'")
    page.get_by_role("button", name="clear search and filters").click()
    found(page, f"{N_MADE} rows")
    page.fill(".s1k-search", "no such words")
    found(page, f"No row of {N_MADE} has all of this.")
    assert page.complaints == []


def test_facets_count_and_filter(open_tab):
    page = open_tab()
    page.locator(".s1k-facet summary", has_text="source").click()
    boxes = page.locator(".s1k-facet[open] label")
    expect(boxes.first).to_have_text("AIME19")
    boxes.first.click()
    found(page, f"19 of {N_MADE} rows")
    page.locator(".s1k-facet summary", has_text="domain").click()
    expect(page.locator(".s1k-facet[open]")).to_have_count(1)
    page.get_by_role("checkbox", name="science").check()
    found(page, f"9 of {N_MADE} rows")
    page.keyboard.press("Escape")
    expect(page.locator(".s1k-facet[open]")).to_have_count(0)
    assert (address(page)["source"], address(page)["domain"]) == ("AIME", "science")
    page.reload()
    found(page, f"9 of {N_MADE} rows")
    expect(page.locator(".s1k-facet.active")).to_have_count(2)


def test_a_thousand_rows_and_a_histogram_that_filters_by_press_drag_and_key(open_tab):
    page = open_tab("&set=s1-mini-1k")
    found(page, "1,000 rows")
    bars = page.locator(".s1k-bar")
    assert [bar.get_attribute("aria-label") for bar in bars.all()][:2] == [
        f"8 to 15 tokens: {own_rows(8, 16)} rows",
        f"16 to 31 tokens: {own_rows(16, 32)} rows",
    ]
    bars.nth(1).click()
    found(page, f"{own_rows(16, 32)} of 1,000 rows")
    assert address(page)["length"] == "16"
    bars.nth(1).click()
    found(page, "1,000 rows")
    bars.nth(3).hover()
    page.mouse.down()
    bars.nth(5).hover()
    expect(page.locator(".s1k-bar.dragged")).to_have_count(3)
    page.mouse.up()
    found(page, f"{own_rows(64, 512)} of 1,000 rows")
    assert address(page)["length"] == "64|128|256"
    bars.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    found(page, f"{own_rows(16, 32) + own_rows(64, 512)} of 1,000 rows")
    assert bars.nth(1).get_attribute("aria-pressed") == "true"
    assert page.locator(".s1k-item").count() < 40, "only the rows in view are in the page"
    page.locator(".s1k-rows").evaluate("node => node.scrollTop = 500 * node.querySelector('.s1k-item').offsetHeight")
    expect(page.locator(".s1k-item[aria-posinset='503']")).to_be_visible()
    assert page.locator(".s1k-item").count() < 40


def test_a_link_to_a_row_shows_it_again(open_tab):
    page = open_tab("&set=s1K-1.1&search=reasons&source=AIME&order=-length&row=8&text=raw")
    opened(page, 8)
    expect(page.locator(".s1k-search")).to_have_value("reasons")
    found(page, f"19 of {N_MADE} rows")
    expect(page.locator(".s1k-text.raw").first).to_contain_text("find $x^2$")
    expect(page.locator(".s1k-item[aria-selected=true]")).to_have_attribute("data-row", "8")
    before = address(page)
    page.reload()
    opened(page, 8)
    assert address(page) == before
    assert page.complaints == []


def test_next_previous_and_random_stay_among_the_rows_found(open_tab):
    page = open_tab("&set=s1K-1.1&source=Omni-MATH&row=999")
    expect(page.locator(".s1k-note")).to_contain_text(f"There is no row 999. Give a row from 0 to {N_MADE - 1}.")
    page.locator(".s1k-item").first.click()
    opened(page, 0)
    expect(page.locator(".s1k-note")).to_have_text("")
    page.get_by_role("button", name="next row").click()
    opened(page, 3)
    page.keyboard.press("j")
    opened(page, 6)
    page.keyboard.press("k")
    opened(page, 3)
    page.keyboard.press("j")
    opened(page, 6)
    assert address(page)["row"] == "6"
    page.keyboard.press("r")
    page.wait_for_function("new URLSearchParams(location.search).get('row') !== '6'")
    row = int(address(page)["row"])
    opened(page, row)
    assert row % 3 == 0
    page.locator(".s1k-rows").focus()
    page.keyboard.press("End")
    opened(page, 27)
    page.keyboard.press("ArrowUp")
    opened(page, 24)
    selected = page.locator(".s1k-item[aria-selected=true]")
    assert page.locator(".s1k-rows").get_attribute("aria-activedescendant") == selected.get_attribute("id")


def test_rendered_and_raw_both_traces_copying_and_the_way_to_compare(open_tab):
    page = open_tab("&row=4", permissions=["clipboard-read", "clipboard-write"])
    opened(page, 4)
    expect(page.locator(".s1k-trace h3")).to_have_text(["DeepSeek-R1", "Gemini 2.0 Flash Thinking"])
    expect(page.locator(".s1k-problem > .s1k-text .katex")).to_have_count(1)
    expect(page.locator(".s1k-problem > .s1k-text")).to_contain_text("for $5 and $6.")
    expect(page.locator(".s1k-thinking .katex")).to_have_count(1)
    expect(page.locator(".s1k-trace .s1k-verdict")).to_have_text(["✓ correct", "✗ incorrect"])
    page.get_by_role("button", name="raw", exact=True).click()
    expect(page.locator(".s1k-text .katex")).to_have_count(0)
    expect(page.locator(".s1k-problem > .s1k-text")).to_contain_text("find $x^2$ for $5 and $6.")
    assert address(page)["text"] == "raw"
    page.keyboard.press("t")
    expect(page.locator(".s1k-problem > .s1k-text .katex")).to_have_count(1)

    page.get_by_role("button", name="copy text").click()
    expect(page.get_by_role("button", name="copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "# Question\n\nMade up question 4: find $x^2$ for $5 and $6.\n\n# Solution\n\nWe get $\\boxed{4}$." in copied
    assert "# Thinking (DeepSeek-R1)\n\nLet \\(y_{4} = 4\\)." in copied and copied.index("DeepSeek") < copied.index("# Thinking (Gemini")
    page.get_by_role("button", name="copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text === location.href)")

    page.get_by_role("button", name="Think about this").click()
    expect(page.locator("#question textarea")).to_be_visible()
    expect(page.locator("#question textarea")).to_have_value("Made up question 4: find $x^2$ for $5 and $6.")
    state = address(page)
    assert (state["tab"], state["question"], state["answer"]) == ("compare", "Made up question 4: find $x^2$ for $5 and $6.", "4")
    assert page.complaints == []


def test_hostile_rows_are_text(open_tab):
    page = open_tab("&row=20")
    opened(page, 20)
    expect(page.locator(".s1k-problem > .s1k-text")).to_have_text(HOSTILE)
    expect(page.locator(".s1k-thinking")).to_contain_text("onerror")
    expect(page.locator(".s1k-item[data-row='20'] .s1k-title")).to_contain_text("<img src=x")
    page.locator(".s1k-facet summary", has_text="domain").click()
    expect(page.locator(".s1k-facet[open]")).to_contain_text("`${0}`")
    page.wait_for_function("document.querySelector('.s1k-thinking')?.textContent.length > 1_000_000")
    assert page.locator(".s1k :is(img, script, a, iframe)").count() == 0
    assert page.title() != "broken in"
    page.get_by_role("button", name="raw", exact=True).click()
    expect(page.locator(".s1k-thinking")).to_contain_text("\\href{javascript:alert(1)}{x}")
    assert page.complaints == []


def test_without_a_network_the_miniatures_rows_are_shown_and_said_to_be_that(open_tab, offline_url):
    page = open_tab("", offline_url)
    found(page, "1,000 rows")
    expect(page.locator(".s1k-about")).to_contain_text("s1-mini-1k: the miniature's own thousand, not s1K")
    expect(page.locator(".s1k-note")).to_contain_text("Cannot load s1K-1.1")
    assert page.locator("[data-set='s1-mini-1k']").get_attribute("aria-pressed") == "true"


def test_a_data_set_that_cannot_be_had_leaves_what_is_shown(open_tab):
    page = open_tab("&row=4")
    opened(page, 4)
    page.get_by_role("button", name="s1K", exact=True).click()
    note = page.locator(".s1k-note")
    expect(note).to_contain_text("Cannot load s1K (simplescaling/s1K)")
    expect(note).to_contain_text("browse the miniature's own rows (s1-mini-1k)")
    expect(note).to_have_attribute("data-kind", "problem")
    assert page.locator("[data-set='s1K-1.1']").get_attribute("aria-pressed") == "true"
    tried = len(ATTEMPTS)
    page.get_by_role("button", name="Try again").click()
    wait_until(lambda: len(ATTEMPTS) == tried + 1, "another attempt")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(note).to_contain_text("Cannot load s1K (simplescaling/s1K)")
    page.get_by_role("button", name="s1-mini-1k").click()
    found(page, "1,000 rows")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(note).to_have_text("")
    assert page.complaints == []


def test_labels_are_in_the_page_s_language_and_rows_as_they_are(open_tab):
    page = open_tab("&set=s1-mini-1k&row=1&lang=de")
    expect(page.locator(".s1k-head h2")).to_contain_text("Zeile 1")
    found(page, "1.000 Zeilen")
    expect(page.locator(".s1k-facet summary").last).to_have_text("Richtigkeit: alle")
    page.locator(".s1k-facet summary", has_text="Richtigkeit").click()
    page.get_by_role("checkbox", name="falsch").check()
    assert address(page)["correctness"] == "incorrect"
    expect(page.locator(".s1k-problem > .s1k-text")).to_contain_text(OWN[1].question)
    expect(page.locator(".s1k-problem .s1k-facts")).to_contain_text(f"richtige Antwort: {OWN[1].answer}")
    expect(page.get_by_role("button", name="Nachdenken")).to_be_visible()
    assert page.complaints == []


def test_on_a_phone_the_row_takes_the_place_of_the_list(open_tab):
    page = open_tab(viewport={"width": 390, "height": 844})
    found(page, f"{N_MADE} rows")
    expect(page.locator(".s1k-row")).to_be_hidden()
    page.locator(".s1k-item").nth(1).click()
    opened(page, 1)
    expect(page.locator(".s1k-find")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="all rows").click()
    expect(page.locator(".s1k-item[aria-selected=true]")).to_have_attribute("data-row", "1")
