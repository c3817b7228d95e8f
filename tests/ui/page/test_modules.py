"""The page's scripts are modules: each imports what it uses, from files and names that are there, and none is of no use. No Node.

The linter (`make lint`, with Node) finds names that nothing defines. Here stand the rules that hold without it, and those of the layout.
"""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from s1demo.ui import app
from s1demo.ui.page.bundle import LANDING, STYLES, head, reached
from s1demo.ui.page.static import SCRIPTS, UI
from tests.ui.fake_engine import ScriptedEngine

LOADER = "page/loader"  # in the head of the page; everything else is a module
MODULES = [name for script in SCRIPTS if (name := script.removesuffix(".js")) != LOADER]
PYTHON = {path.relative_to(UI).as_posix(): path.read_text() for path in UI.rglob("*.py")}
ENTRIES = {name for text in PYTHON.values() for name in re.findall(r"""(?:on_load\(|scripted\(|s1\.module\()["']([\w/]+)["']""", text)}
IMPORT = re.compile(r'^import (?:\* as (\w+)|\{ ([\w$, ]+) \}) from "([^"]+)";$', re.M)


def code(name):
    """A script without its comments and the words in it."""
    text = re.sub(r"(?m)(^|\s)//.*$", "", (UI / f"{name}.js").read_text())
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def exported(name):
    declared = re.findall(r"^export (const|let|class|(?:async )?function\*?)\s+(.*)$", (UI / f"{name}.js").read_text(), re.M)
    found = {re.match(r"[\w$]+", rest)[0] for _, rest in declared}
    return found | {more for kind, rest in declared if kind == "const" and "(" not in rest for more in re.findall(r", ([\w$]+) = ", rest)}


def imports(name):
    """What a module imports: by module, the names, or the name all of it has here."""
    found = {}
    for whole, names, path in IMPORT.findall((UI / f"{name}.js").read_text()):
        target = (UI / name).parent.joinpath(path).resolve().relative_to(UI.resolve()).as_posix().removesuffix(".js")
        found[target] = names.split(", ") if names else whole
    return found


@pytest.mark.parametrize("name", MODULES)
def test_imports_name_files_and_names_that_are_there(name):
    text = (UI / f"{name}.js").read_text()
    assert len(IMPORT.findall(text)) == len(re.findall(r"^import\b", text, re.M)), "relative, at the top, by name"
    for target, names in imports(name).items():
        assert target in MODULES, f"there is no {target}.js"
        used = re.findall(rf"\b{names}\.(\w+)", code(name)) if isinstance(names, str) else names
        assert used and set(used) <= exported(target), target
        if not isinstance(names, str):
            assert [each for each in names if len(re.findall(rf"(?<![\w$]){re.escape(each)}(?![\w$])", text)) < 2] == [], "imported, not used"


def test_the_names_of_imports_are_those_the_reader_of_the_head_finds():
    for name in MODULES:
        assert set(reached([name])) >= {name, *imports(name)}


def test_every_script_and_style_sheet_is_used():
    assert set(MODULES) >= ENTRIES and set(LANDING) <= ENTRIES
    assert set(reached(sorted(ENTRIES))) == set(MODULES)
    assert {path.relative_to(UI).with_suffix("").as_posix() for path in UI.glob("*/*.css")} == set(STYLES)
    components = {name for text in PYTHON.values() for name in re.findall(r'(?:on_load|scripted)\("([\w/]+)"', text)}
    assert {name for name in MODULES if "mount" in exported(name)} == components


def test_no_global_of_ours_besides_the_loaders():
    assert re.findall(r"\bwindow\.(\w+)(?= =[^=])", code(LOADER)) == ["s1"]
    libraries = {"Plotly", "gradio_config", "Highlight"}  # Gradio's, and one that not every browser has
    for name in MODULES:
        text = code(name)
        assert not re.search(r"(?<![\w$.-])s1\.", text), f"{name}: import it"
        assert not re.search(r"\b(?:window|globalThis|self)\.\w+ =[^=]", text), f"{name} makes a global"
        assert set(re.findall(r"\b(?:window|globalThis)\.(\w+)", text)) <= {*libraries, "addEventListener"}, name


def test_no_import_goes_in_a_circle_or_from_a_tab_to_a_tab():
    graph = {name: set(imports(name)) for name in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)
    below = {"page", "web"}
    assert [(a, b) for a, targets in graph.items() for b in targets if Path(b).parent != Path(a).parent and str(Path(b).parent) not in below] == []


def test_the_head_is_small_and_closes_what_it_opens():
    assert head().count("</script") == 1 and head().count("<script") == 1
    assert len(head()) < 12_000


def test_the_first_load_asks_for_what_the_head_preloads_and_a_tab_brings_its_own(open_page, serve):
    page = open_page(serve(ScriptedEngine(0.002)) + "?tab=nothing")
    requested = []
    page.on("request", lambda request: requested.append(request.url))
    page.reload()
    page.wait_for_selector("html[data-followed=true]")
    modules = lambda: [url.split("/exhibit/")[1].partition("/")[2].removesuffix(".js") for url in requested if "/exhibit/" in url]  # noqa: E731
    assert sorted(modules()) == sorted(reached(LANDING)), "none twice, none unasked"
    page.get_by_role("tab", name=app.TABS["race"][0]).click()
    page.wait_for_selector("#race-view [data-running=false]")
    assert set(modules()) - set(reached(LANDING)) == {"race/race"}
    assert page.complaints == []


def test_a_click_before_the_scripts_are_there_is_carried_out_when_they_are(chromium, serve):
    page = chromium.new_page()
    complaints, held = [], []
    held_back = [True]
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/compare/*.js", lambda route: held.append(route) if held_back else route.continue_())
    page.goto(serve(ScriptedEngine(0.002)))
    page.wait_for_selector("#trace-view .pane")
    page.click("#run")
    page.wait_for_timeout(300)
    assert page.locator("[data-running]").count() == 0 and held
    held_back.clear()
    for route in held:
        route.continue_()
    page.wait_for_function("document.querySelectorAll('.pane.finished').length === 3")
    page.wait_for_selector("#one-more:enabled")
    assert "run=1" in page.url and complaints == []
    page.close()


def test_scripts_that_do_not_come_are_said_to_be_missing(chromium, serve):
    page = chromium.new_page()
    page.route("**/compare/compare.js", lambda route: route.abort())
    page.goto(serve(ScriptedEngine(0.002)))
    page.wait_for_selector("#not-loaded[role=alert]")
    assert "reload the page" in page.inner_text("#not-loaded")
    page.close()
