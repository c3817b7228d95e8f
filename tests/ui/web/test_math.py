"""Formulas: what is one and what is money, KaTeX fetched late and from our own server only, hostile LaTeX that stays harmless text."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect

from s1demo.ui.page.static import PREFIX, VENDOR
from tests.ui.fake_engine import ScriptedEngine

KATEX = VENDOR / "katex-0.19.1"


@pytest.fixture(scope="module")
def url(scripted_url):
    return scripted_url


@pytest.fixture(scope="module")
def page(chromium, url):
    """One page for the whole module: each test renders into a node of its own."""
    page = chromium.new_page()
    page.requested = []
    page.complaints = []
    page.on("request", lambda request: page.requested.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(url)
    page.wait_for_selector("#trace-view [data-running]", state="attached")
    yield page
    page.close()


def rendered(page, text):
    """The node that holds a text after its formulas were rendered."""
    node = page.evaluate_handle(
        """async (text) => {
          const node = document.createElement("p");
          node.className = "with-formulas";
          node.textContent = text;
          document.body.replaceChildren(node);
          await (await s1.module('web/math')).renderFormulas(node);
          return node;
        }""",
        text,
    )
    return node.as_element()


def formulas(page, text):
    return page.evaluate("async text => (await s1.module('web/math')).splitFormulas(text).filter(part => part.tex).map(({tex, display}) => [tex, display])", text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("let $x^2$ be", [["x^2", False]]),
        ("$$a$$ and \\[b\\] and \\(c\\)", [["a", True], ["b", True], ["c", False]]),
        ("$ x $ is a letter, $ x_1 $ a formula", [[" x_1 ", False]]),
        ("a $100$ and $3x$ and $5 \\text{ cm}$", [["100", False], ["3x", False], ["5 \\text{ cm}", False]]),
        ("$f(x) = 2$, so $f$", [["f(x) = 2", False], ["f", False]]),
        ("\\begin{align*}a &= b\\\\ c &= d\\end{align*}", [["\\begin{align*}a &= b\\\\ c &= d\\end{align*}", True]]),
        ("$$\\begin{cases}1\\\\2\\end{cases}$$", [["\\begin{cases}1\\\\2\\end{cases}", True]]),
        ("$5 and $6", []),
        ("from $5-$10 to $20,000", []),
        ("it costs $5. She has $x$ left", [["x", False]]),
        ("$5 apples and 6$", []),
        ("US$ 5 or US$ 6", []),
        ("\\$5 and \\$6", []),
        ("$\\$5$", [["\\$5", False]]),
        ("one $ alone", []),
        ("$a\n\nb$", []),
        ("a line \\\\[2pt] break \\\\(not a formula\\\\)", []),
        ("\\( never closed", []),
        ("$$", []),
        ("$$ $$", []),
        ("$" + "x" * 4001 + "$", []),
        ("`${1}` {{x}} <b>", []),
    ],
)
def test_what_is_a_formula(page, text, found):
    assert formulas(page, text) == found
    assert page.evaluate("async text => (await s1.module('web/math')).splitFormulas(text).map(part => part.source ?? part).join('')", text) == text


def test_paragraphs_keep_displayed_formulas_whole_and_stay_short(page):
    paragraphs = page.evaluate("async text => (await s1.module('web/math')).paragraphs(text)", "a\nb\n\n\\[ c\n\n d \\]\n \n\n$$ open")
    assert paragraphs == ["a\nb", "\\[ c\n\n d \\]", "$$ open"]
    long = page.evaluate("async text => (await s1.module('web/math')).paragraphs(text).map(part => part.length)", "x" * 45_000)
    assert long == [20_000, 20_000, 5_000]


def test_katex_is_fetched_when_the_first_formula_is_shown_and_from_here_only(page, url):
    vendored = [request for request in page.requested if f"{PREFIX}/vendor/" in request]
    if page.evaluate("document.querySelector('link[href*=katex]') === null"):
        assert not vendored
    node = rendered(page, "see $x$ and $5 and $6")
    assert node.query_selector(".katex") and node.text_content().endswith(" and $5 and $6")
    assert {urlsplit(request).netloc for request in page.requested if request.startswith("http")} == {urlsplit(url).netloc}
    assert any("katex.min.js" in request for request in page.requested) and any("woff2" in request for request in page.requested)
    assert page.complaints == []


def test_rendering_can_be_taken_back_and_done_twice(page):
    node = rendered(page, "a $x^2$ b \\[ y \\] c")
    assert len(node.query_selector_all(".formula .katex")) == 2
    page.evaluate("async node => (await s1.module('web/math')).renderFormulas(node)", node)
    assert len(node.query_selector_all(".formula .katex")) == 2
    page.evaluate("async node => (await s1.module('web/math')).restoreText(node)", node)
    assert node.evaluate("node => [node.childNodes.length, node.textContent]") == [1, "a $x^2$ b \\[ y \\] c"]


def test_a_screen_reader_is_given_mathml(page):
    node = rendered(page, "$\\frac12$")
    assert node.query_selector("math mfrac") and node.query_selector(".katex-html").get_attribute("aria-hidden") == "true"


def test_what_is_copied_is_latex(page):
    rendered(page, "a $x^2$ b")
    page.evaluate("getSelection().selectAllChildren(document.body)")
    copied = page.evaluate(
        """() => {
          const event = new ClipboardEvent("copy", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
          document.body.dispatchEvent(event);
          return event.clipboardData.getData("text/plain");
        }"""
    )
    assert copied == "a $x^2$ b"


HOSTILE = [
    "$<script>document.title='broken in'</script>$",
    "$<img src=x onerror=document.title='broken(in)'>$",
    "$\\href{javascript:document.title='broken in'}{click}$",
    "$\\url{javascript:alert(1)}$",
    "$\\htmlData{onclick=alert(1)}{x} \\htmlClass{s1k}{x} \\htmlId{tabs}{x} \\htmlStyle{position:fixed}{x}$",
    "$\\includegraphics[alt=x]{http://example.com/x.png}$",
    "$\\color{red;background:url(http://example.com/x)}x$",
    "$\\text{</span><script>document.title='broken in'</script>}$",
    "$\\unknowncommand{<b>}$",
    "$\\frac{1}{$ and ${{{{$ and $}}}}$",
    "$\\left( x$ \\[ \\begin{array}{c} \\]",
    "$x^{2^{3^{$",
    "$" + "{" * 3900 + "$",
    "$" + "\\frac{" * 400 + "1" + "}{2}" * 350 + "$",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_latex_is_harmless(page, text):
    node = rendered(page, text)
    names = set(node.evaluate("node => [...node.querySelectorAll('*')].map(part => part.localName)"))
    assert not names & {"script", "img", "a", "iframe", "object", "style", "link", "form", "input"}
    assert node.evaluate("node => [...node.querySelectorAll('*')].every(part => [...part.attributes].every(({name}) => !/^on|href|src|^id$/.test(name)))")
    assert page.title() != "broken in"
    assert not any("example.com" in request for request in page.requested)
    assert page.complaints == []


def test_a_formula_that_takes_too_long_stays_text_and_the_page_stays_alive(page):
    slow = "$\\def\\a{" + "x" * 1500 + "}" + "\\a" * 190 + "$"  # a minute of KaTeX's time
    ticks = page.evaluate(
        """async (text) => {
          const node = document.createElement("p");
          node.textContent = text;
          document.body.replaceChildren(node);
          let ticks = 0;
          const ticking = setInterval(() => ticks++, 10);
          await (await s1.module('web/math')).renderFormulas(node);
          clearInterval(ticking);
          return ticks;
        }""",
        f"{slow} then $y$",
    )
    assert ticks > 5, "the page itself waited for KaTeX"
    assert page.locator(".formula.source").text_content() == slow
    assert page.locator(".formula:not(.source) .katex").count() == 1, "those after it are rendered"
    assert page.complaints == []


def test_a_line_of_a_megabyte_stays_text(page):
    text = "$x$ " + "y" * 1_000_000 + " $" * 1000
    node = rendered(page, text)
    assert node.text_content() == text and not node.query_selector(".katex")


def test_a_formula_stays_within_its_text(page):
    node = rendered(page, "$\\rule{900em}{900em} x$ and $\\raisebox{-900em}{x}$ and $\\sqrt{\\overbrace{x}}$")
    assert len(node.query_selector_all(".katex")) == 2 and node.query_selector(".formula.source")
    assert node.evaluate("node => getComputedStyle(node).contain") == "paint"
    assert node.bounding_box()["height"] < 1000


def test_observed_text_is_rendered_when_it_comes_into_view(page):
    page.evaluate(
        """async () => {
          const space = document.createElement("div"), node = document.createElement("p"), plain = document.createElement("p");
          space.style.height = "5000px";
          node.textContent = "see $x$";
          plain.textContent = "nothing here";
          document.body.replaceChildren(space, node, plain);
          (await s1.module('web/math')).observeFormulas(node);
          window.plainObserved = (await s1.module('web/math')).observeFormulas(plain);
          scrollTo(0, 0);
        }"""
    )
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.locator("p .formula").count() == 0 and page.evaluate("window.plainObserved") is False
    page.evaluate("document.querySelector('p').scrollIntoView()")
    expect(page.locator("p .formula .katex")).to_have_count(1)


# ---------------------------------------------------------------------------------------------------------------- the files


def get(url, path):
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer


def test_only_scripts_and_vendored_files_are_served(url):
    for path, kind in ((f"/vendor/{KATEX.name}/katex.min.js", "text/javascript"), ("/web/math.js", "text/javascript"), (f"/vendor/{KATEX.name}/katex.min.css", "text/css")):
        answer = get(url, PREFIX + path)
        assert answer.status == 200 and "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Type"].startswith(kind), path
    climbing = ("/../static.py", "/%2e%2e/static.py", "/..%2fstatic.py", "/web/../page/static.py", "/web/..%2fpage%2fstatic.py", "/web/../web/math.js", "//etc/passwd", "/%00")
    ours = ("/page/static.py", "/page/page.css", "/page/languages/de.json", "/asking.py", "/web/math.js/", "/web/math.js%00", "/web", "/vendor/README.md%2f..")
    for path in ("/", *climbing, *ours, f"/vendor/{KATEX.name}", f"/vendor/{KATEX.name}/", f"/{KATEX.name}/katex.min.js"):
        assert get(url, PREFIX + path).status in (400, 404), path
    for version in ("", "/0123456789ab", "/.."):  # scripts that are others now: their address would be cached for ever
        assert get(url, f"/exhibit{version}/web/math.js").status in (400, 404), version


def test_katex_is_the_published_one():
    files = sorted(path for path in KATEX.rglob("*") if path.is_file())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    assert [path.suffix for path in files if path.suffix not in (".woff2",)] == ["", ".css", ".js"]
    assert digest == "49e475b2e7790f69c05b3f4396a8bbbbc24c6baa931126e5f65155bb1ba1e82f", "a vendored file was changed"


def test_katex_is_found_behind_a_proxy_that_strips_the_path(chromium, serve):
    url = serve(ScriptedEngine(), launch={"root_path": "/class"})
    context = chromium.new_context()

    def strip(route):
        with contextlib.suppress(Error):  # a stream that was still open when the page closed
            route.fulfill(response=route.fetch(url=route.request.url.replace("/class/", "/", 1)))

    context.route("**/class/**", strip)
    page = context.new_page()
    page.goto(f"{url}class/")
    page.wait_for_selector("#trace-view [data-running]", state="attached")
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    assert rendered(page, "$x$").query_selector(".katex")
    assert f"/class{PREFIX}/vendor/{KATEX.name}/katex.min.css" in asked
    context.unroute_all(behavior="ignoreErrors")
    context.close()
