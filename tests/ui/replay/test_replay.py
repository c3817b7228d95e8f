"""Recordings: checked, folded into timed operations, and played by the page with no model and no further word from the server."""

from __future__ import annotations

import dataclasses
import json
import zlib
from base64 import urlsafe_b64encode

import pytest
from playwright.sync_api import expect

from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.events import EndSuppressed, Phase, Tokens
from s1demo.grading import Outcome
from s1demo.settings import EMBEDDED_MODEL
from s1demo.traces import TraceBuilder
from s1demo.ui.replay.recordings import (
    BROKEN_LINK,
    MAX_FILE_BYTES,
    NOT_A_FILE_OF_TRACES,
    ROLES,
    TOO_LARGE,
    check_playable,
    packed,
    recordings_in,
    shipped_recordings,
    unpacked,
)
from s1demo.ui.replay.view import EvenText, playback, timed_events
from s1demo.ui.stream.verdicts import Truth, truth_for
from tests.ui.fake_engine import WordTokenizer

SHIPPED = shipped_recordings()
STRAWBERRY = SHIPPED["how-many-r-in-strawberry"]
EXTENDED = STRAWBERRY.runs["extended"]
TRACES = [trace for recording in SHIPPED.values() for trace in recording.runs.values()]
HOSTILE = "<img src=x onerror=alert(1)>${1}`"


@pytest.fixture(scope="module")
def tokenizer():
    return HubTokenizer(EMBEDDED_MODEL)


def file_of(*traces, **more):
    return json.dumps({"traces": [trace.to_dict() for trace in traces], **more})


def rebuilt(trace, text, chunk=1):
    """The trace that its own timed events fold into."""
    now = [0.0]
    info = dataclasses.make_dataclass("Info", ["model", "engine", "device", "format", "context_length"])
    about = info(trace.model, trace.engine, trace.device, trace.format, trace.context_length)
    builder = TraceBuilder(trace.question, about, trace.policy, trace.sampling, clock=lambda: now[0])
    for now[0], event in timed_events(trace, text, chunk):
        builder.add(event)
    return builder.trace()


# Pure: traces -> events -> operations


def test_the_events_of_a_recording_fold_into_the_recording(tokenizer):
    assert len(TRACES) == 3 * len(SHIPPED) > 0
    for trace in TRACES:
        check_playable(trace)
        assert rebuilt(trace, tokenizer.text_stream()) == trace


def test_text_without_its_tokenizer_is_spread_evenly_but_complete_and_forced_where_it_was_forced():
    for trace in TRACES:
        assert rebuilt(trace, EvenText(trace)) == trace
        texts = EvenText(trace)
        forced = [
            e.text
            for _, e in timed_events(trace, texts)
            if isinstance(e, Tokens) and e.origin == "forced" and e.phase is Phase.THINKING
        ]
        assert forced == [trace.policy.extension] * trace.waits_used


def test_a_wait_that_appended_nothing_lies_between_sampled_tokens(tokenizer):
    bare = dataclasses.replace(STRAWBERRY.runs["natural"], wait_positions=[5], waits_used=1)
    events = [event for _, event in timed_events(bare, tokenizer.text_stream(), chunk=4)]
    at = next(i for i, event in enumerate(events) if isinstance(event, EndSuppressed))
    assert sum(len(event.token_ids) for event in events[:at] if isinstance(event, Tokens)) == 5 == events[at].thinking_tokens
    assert rebuilt(bare, tokenizer.text_stream(), chunk=4).token_ids == bare.token_ids


def test_playback_tells_every_run_to_its_end(tokenizer):
    played = playback(STRAWBERRY, Truth("3"), tokenizer)
    ops = [op for _, _, frame in played["frames"] for op in frame]
    answers = {op[1]: (op[2], op[3]) for op in ops if op[0] == "answer"}
    assert answers == {"truncated": ("2", "wrong"), "natural": ("2", "wrong"), "extended": ("3", "right")}
    for name, trace in STRAWBERRY.runs.items():
        assert max(op[2] for op in ops if op[:2] == ["count", name]) == trace.thinking_tokens
        text = "".join(op[-1] for op in ops if op[0] in ("text", "forced") and op[1] == name and op[2] != "answer")
        assert text == trace.thinking_text
    assert played["exact"] and played["ms"] == round(1000 * EXTENDED.seconds)
    assert not any(op[0] == "rate" for op in ops), "a recording's rate is not the running model's"
    times = [ms for ms, _, _ in played["frames"]]
    assert times == sorted(set(times))


def test_the_first_wait_shows_what_the_natural_run_answered(tokenizer):
    ops = [op for _, _, frame in playback(STRAWBERRY, Truth("3"), tokenizer)["frames"] for op in frame]
    assert [op for op in ops if op[0] == "so-far"] == [["so-far", "extended", 1, "2", "wrong"]]
    saved = [{"run": "extended", "wait_number": 2, "answer_text": "\nAnswer: 3"}, {"run": 7}, "nonsense"]
    (recording,) = recordings_in(file_of(*STRAWBERRY.runs.values(), answers_so_far=saved))
    ops = [op for _, _, frame in playback(recording, Truth("3"), tokenizer)["frames"] for op in frame]
    assert [op[2:] for op in ops if op[0] == "so-far"] == [[1, "2", "wrong"], [2, "3", "right"]]


def verdicts_in(played):
    late = [op[2] for _, _, frame in played["frames"] for op in frame if op[0] == "verdict" and op[1] == "extended"]
    return [op[3] for _, _, frame in played["frames"] for op in frame if op[0] == "answer" and op[1] == "extended"] + late


@pytest.mark.parametrize(("given", "verdicts"), [("3", ["right"]), ("4", ["wrong"]), (" 3 ", ["right"]), ("", [""]), (None, [""]), (3, [""])])
def test_the_true_answer_a_visitor_gave_is_in_the_file_and_brings_verdicts(given, verdicts):
    more = {} if given is None else {"true_answer": given}
    (recording,) = recordings_in(file_of(*STRAWBERRY.runs.values(), **more))
    assert recording.true_answer == (given.strip() if isinstance(given, str) else "")
    assert verdicts_in(playback(recording, truth_for(recording.true_answer, None), None)) == verdicts
    carried = recordings_in(unpacked(packed(list(recording.runs.values()), recording.true_answer)))
    assert carried[0].true_answer == recording.true_answer


def test_what_exact_rules_cannot_decide_is_graded_as_a_formula():
    asked = []

    def grade(answer, truth):
        asked.append((answer, truth))
        return Outcome.CORRECT

    (recording,) = recordings_in(file_of(dataclasses.replace(EXTENDED, answer_text="\nAnswer: $x+1$"), true_answer="1+x"))
    assert verdicts_in(playback(recording, truth_for("1+x", None), None, grade)) == ["", "right"]
    assert [truth.answer for _, truth in asked] == ["1+x"] * len(asked) and asked


def test_a_true_answer_beside_several_questions_is_nobodys():
    assert {recording.true_answer for recording in recordings_in(file_of(*TRACES[:6], true_answer="3"))} == {""}


def test_another_models_tokenizer_is_not_believed():
    assert not playback(STRAWBERRY, None, WordTokenizer())["exact"]


def test_a_run_that_was_stopped_says_so():
    stopped = dataclasses.replace(STRAWBERRY.runs["natural"], end_of_thinking=None, finish_reason=None)
    n = stopped.thinking_tokens
    cut = {name: getattr(stopped, name)[:n] for name in ("token_ids", "phases", "origins", "token_seconds")}
    (recording,) = recordings_in(file_of(dataclasses.replace(stopped, **cut)))
    assert playback(recording, None, None)["frames"][-1][2] == [["stopped", "recording ends here"]]


def test_a_very_long_trace_is_shown_several_tokens_at_a_time(monkeypatch):
    monkeypatch.setattr("s1demo.ui.replay.view.MAX_STEPS", 100)
    n = 300
    long = dataclasses.replace(
        STRAWBERRY.runs["natural"],
        token_ids=[7] * n,
        phases=[Phase.THINKING] * n,
        origins=[STRAWBERRY.runs["natural"].origins[0]] * n,
        token_seconds=[i / 50 for i in range(n)],
        seconds=n / 50,
        thinking_text="word" * n,
        end_of_thinking=None,
        finish_reason=None,
    )
    (recording,) = recordings_in(file_of(long))
    assert len(playback(recording, None, None)["frames"]) == 100 + 2  # and its beginning and end


# Pure: what visitors bring


@pytest.mark.parametrize(
    "text, runs",
    [
        (file_of(EXTENDED), [["extended"]]),
        (file_of(*STRAWBERRY.runs.values()), [list(ROLES)]),
        (json.dumps(EXTENDED.to_dict(), indent=2), [["extended"]]),
        (
            json.dumps({"type": "result", "runs": {"a": EXTENDED.to_dict(), "b": STRAWBERRY.runs["natural"].to_dict()}}),
            [["natural", "extended"]],
        ),
        ("\n".join(json.dumps(trace.to_dict()) for trace in STRAWBERRY.runs.values()) + "\n", [list(ROLES)]),
        ("\n".join(json.dumps(trace.to_dict()) for trace in TRACES[:6]), [list(ROLES)] * 2),
        (file_of(EXTENDED, EXTENDED), [["extended"]] * 2),
        (file_of(*[STRAWBERRY.runs["natural"]] * 3), [list(ROLES)]),  # Compare with `auto` and no Wait
    ],
    ids=["one", "compare", "pretty", "result", "lines", "two questions", "twice", "three natural"],
)
def test_files_of_every_kind(text, runs):
    assert [list(recording.runs) for recording in recordings_in(text)] == runs


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("", "no file of saved traces"),
        ("hello", "it is not JSON"),
        ("[]", "no file of saved traces"),
        ("[1]", "not a recorded trace"),
        ('{"traces": 3}', "no file of saved traces"),
        ('{"traces": [{"token_ids": []}]}', "not a recorded trace"),
        ("[" * 100_000, "no file of saved traces"),
        (json.dumps(EXTENDED.to_dict()) + "\n{oops", "line 2 is not JSON"),
        (file_of(dataclasses.replace(EXTENDED, token_seconds=[float("nan")] * len(EXTENDED.token_ids))), "no number of seconds"),
        (file_of(dataclasses.replace(EXTENDED, token_seconds=EXTENDED.token_seconds[::-1])), "times do not grow"),
        (file_of(dataclasses.replace(EXTENDED, phases=EXTENDED.phases[::-1])), "mixed up"),
        (file_of(dataclasses.replace(EXTENDED, wait_positions=[1, 2])), "Waits are not where"),
        (file_of(dataclasses.replace(EXTENDED, thinking_text="")), "lacks a word"),
        (file_of(dataclasses.replace(EXTENDED, token_ids=[-1] * len(EXTENDED.token_ids))), "out of range"),
        (json.dumps({**EXTENDED.to_dict(), "seconds": "soon"}), "not a recorded trace"),
        (file_of(dataclasses.replace(EXTENDED, end_of_thinking=None)), "why its thinking ended"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_sentence(text, complaint):
    with pytest.raises(InputError, match=complaint):
        recordings_in(text)


def test_a_file_has_a_stated_largest_size():
    with pytest.raises(InputError, match="8 MB"):
        recordings_in(" " * (MAX_FILE_BYTES + 1))
    assert "8 MB" in TOO_LARGE


def test_a_link_carries_whole_traces():
    link = packed(list(STRAWBERRY.runs.values()))
    assert len(link) < 2000
    (recording,) = recordings_in(unpacked(link))
    assert recording.runs == STRAWBERRY.runs


@pytest.mark.parametrize(
    "cut",
    [lambda link: link[:-9], lambda link: "!" + link, lambda link: "", lambda link: link * 9],
    ids=["end", "sign", "empty", "long"],
)
def test_a_damaged_link_is_refused(cut):
    with pytest.raises(InputError, match="link"):
        unpacked(cut(packed([EXTENDED])))


def test_a_link_cannot_swell():
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = urlsafe_b64encode(deflate.compress(b" " * (MAX_FILE_BYTES + 1)) + deflate.flush()).decode().rstrip("=")
    assert len(bomb) < 16_000
    with pytest.raises(InputError, match=BROKEN_LINK[:30]):
        unpacked(bomb)


# In the browser, on recordings alone: there is no model


@pytest.fixture(scope="module")
def url(replay_url):
    return replay_url


def open_replay(open_page, url, query="?tab=replay", **options):
    """The tab, on motionless settings unless told otherwise: a recording is then shown at its end."""
    page = open_page(url + query, **{"reduced_motion": "reduce", **options})
    page.wait_for_selector("#replay-view .replay")
    return page


def wait_for_end(page):
    page.wait_for_function(
        "document.querySelectorAll('.replay .pane:not(.finished)').length === 0 && document.querySelector('.replay .pane')"
    )


def run(page, name, part=""):
    return page.locator(f'.replay-stage [data-run="{name}"] {part}'.strip())


def tokens(page):
    return {name: int(run(page, name).get_attribute("data-thinking-tokens")) for name in ROLES}


def open_file(page, text, name="saved.json"):
    page.set_input_files("#replay-file", {"name": name, "mimeType": "application/json", "buffer": text.encode()})


def test_a_link_plays_a_recording_without_a_model_and_without_the_server(open_page, url):
    page = open_page(url, reduced_motion="no-preference")
    page.evaluate("""() => {
      const note = () => document.querySelector(".replay[data-state=ready][data-playing=true]") && (window.hasPlayed = true);
      new MutationObserver(note).observe(document, { subtree: true, childList: true, attributes: true });
      s1.module('page/address').then((address) => address.go({ tab: "replay", replay: "how-many-r-in-strawberry" }));
    }""")
    page.wait_for_function("window.hasPlayed")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.check("input[name=replay-speed][value='10']", force=True)
    expect(page.locator("#replay-question")).to_have_text("How many r in strawberry?")
    wait_for_end(page)
    page.wait_for_selector(".replay[data-playing=false]")
    assert [run(page, name, ".answer").inner_text() for name in ROLES] == ["2", "2", "3"]
    assert [run(page, name, ".verdict").inner_text() for name in ROLES] == ["✗ wrong", "✗ wrong", "✓ right"]
    assert run(page, "extended", ".thinking .forced").all_inner_texts() == ["↻︎Wait", "↻︎Wait"]
    assert "made to go on 2 times" in page.get_attribute(".replay-stage .fork svg", "aria-label")
    assert page.inner_text("#replay-announcement") == page.get_attribute(".replay-stage .fork svg", "aria-label")
    assert "10 times as fast as it was written" in page.inner_text("#replay-pace")
    assert asked == [] and page.complaints == []


def test_the_list_offers_every_shipped_recording_and_the_address_follows(open_page, url):
    page = open_replay(open_page, url)
    wait_for_end(page)
    assert page.locator("#replay-choice option").count() == len(SHIPPED)
    page.select_option("#replay-choice", "what-is-23-times-47")
    expect(page.locator("#replay-question")).to_have_text("What is 23 × 47?")
    page.wait_for_function("location.search.includes('replay=what-is-23-times-47')")
    wait_for_end(page)
    assert tokens(page) == {name: trace.thinking_tokens for name, trace in SHIPPED["what-is-23-times-47"].runs.items()}
    page.reload()
    expect(page.locator("#replay-question")).to_have_text("What is 23 × 47?")


def test_the_scrubber_shows_exactly_what_was_there_at_each_time(open_page, url):
    page = open_replay(open_page, url, "?tab=replay&replay=how-many-r-in-strawberry")
    wait_for_end(page)
    at_the_end = page.inner_text(".replay-stage")
    position = page.locator("#replay-position")
    whole = max(trace.token_seconds[-1] for trace in STRAWBERRY.runs.values())
    for ms in (round(1000 * whole * share) for share in (0.6, 0.15, 0.35)):
        position.evaluate("(node, ms) => { node.value = ms; node.dispatchEvent(new Event('input')); }", ms)
        expected = {
            name: sum(
                phase is Phase.THINKING and round(1000 * s) <= ms
                for phase, s in zip(trace.phases, trace.token_seconds, strict=True)
            )
            for name, trace in STRAWBERRY.runs.items()
        }
        assert tokens(page) == expected
        assert position.get_attribute("aria-valuetext").startswith(f"{ms / 1000:.2f} s of {whole:.2f} s")
    assert run(page, "extended", ".verdict").inner_text() == ""
    position.focus()
    before = tokens(page)["extended"]
    page.keyboard.press("ArrowRight")
    assert tokens(page)["extended"] == before + 1
    page.keyboard.press("ArrowLeft")
    assert tokens(page)["extended"] == before
    page.keyboard.press("Home")
    assert set(tokens(page).values()) == {0}
    page.keyboard.press("End")
    assert page.inner_text(".replay-stage") == at_the_end
    assert page.complaints == []


def test_play_pause_and_reading_speed(open_page, url):
    page = open_replay(open_page, url, "?tab=replay&replay=what-is-83-47", own_context=True)  # recorded in 0.4 s
    wait_for_end(page)
    expect(page.locator("#replay-play")).to_have_text("▶ Play again")
    page.focus("#replay-play")
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.keyboard.press("Space")
    page.clock.run_for(1000)
    page.keyboard.press("Space")
    page.wait_for_selector(".replay[data-playing=false]")
    assert 5 < tokens(page)["extended"] < 95, "reading speed is far slower than the model was"
    page.clock.resume()
    expect(page.locator("#replay-pace")).to_contain_text("Reading speed: 40 tokens a second")
    page.check("input[name=replay-speed][value='1']", force=True)
    expect(page.locator("#replay-pace")).to_contain_text("Real timing")
    page.click("#replay-play")
    wait_for_end(page)


def test_a_saved_file_plays_and_its_link_carries_it(open_page, url):
    page = open_replay(open_page, url)
    wait_for_end(page)
    hostile = dataclasses.replace(
        EXTENDED, question=HOSTILE, model="<script>alert(1)</script>", device=HOSTILE, answer_text=HOSTILE
    )
    open_file(page, file_of(hostile))
    expect(page.locator("#replay-question")).to_have_text(HOSTILE)
    wait_for_end(page)
    assert page.locator(".replay-stage .pane").count() == 1
    assert "<script>alert(1)</script> on <img" in page.inner_text("#replay-facts")
    assert page.locator(".replay :is(img, script)").count() == 0
    assert "tokenizer is not here" in page.inner_text("#replay-pace")
    assert run(page, "extended", ".thinking .forced").all_inner_texts() == ["↻︎Wait", "↻︎Wait"]
    page.wait_for_function("location.hash.startsWith('#trace=') && !location.search.includes('replay=')")
    page.reload()
    expect(page.locator("#replay-question")).to_have_text(HOSTILE)
    assert page.locator("#replay-choice optgroup").last.get_attribute("label") == "From the link"
    assert page.complaints == []


def test_a_comparison_saved_with_a_true_answer_shows_its_verdicts(open_page, url, scripted_url):
    page = open_page(scripted_url + "?question=Mine%3F&answer=2&speed=full+speed&run=1")
    expect(page.locator("#trace-view .pane.finished")).to_have_count(3)
    page.wait_for_selector("#trace-view [data-running=false]")
    with page.expect_download() as download:
        page.click("#save-traces")
    saved = download.value.path().read_text()
    assert json.loads(saved)["true_answer"] == "2"
    replay = open_replay(open_page, url)
    wait_for_end(replay)
    open_file(replay, saved)
    expect(replay.locator("#replay-question")).to_have_text("Mine?")
    wait_for_end(replay)
    assert [run(replay, name, ".verdict").inner_text() for name in ROLES] == ["✓ right", "✓ right", "✗ wrong"]
    assert "true answer, as it was given then: 2" in replay.inner_text("#replay-facts")
    assert "Its answer went 2 ✓ → 3 ✗." in replay.inner_text(".replay-stage .fork-story")
    replay.wait_for_function("location.hash.startsWith('#trace=')")
    replay.reload()
    expect(replay.locator("#replay-question")).to_have_text("Mine?")
    wait_for_end(replay)
    assert run(replay, "extended", ".verdict").inner_text() == "✗ wrong", "the link carries it, too"


def test_a_file_of_several_questions_is_a_list(open_page, url):
    page = open_replay(open_page, url)
    wait_for_end(page)
    open_file(page, "\n".join(json.dumps(trace.to_dict()) for trace in TRACES[3:9]), "saved.jsonl")
    expect(page.locator("#replay-question")).to_have_text(TRACES[3].question)
    page.select_option("#replay-choice", "file 1")
    expect(page.locator("#replay-question")).to_have_text(TRACES[6].question)
    page.select_option("#replay-choice", "how-many-r-in-strawberry")
    expect(page.locator("#replay-question")).to_have_text("How many r in strawberry?")
    page.wait_for_function("!location.hash")


def test_what_cannot_be_played_says_why_and_leaves_what_is_shown(open_page, url):
    page = open_replay(open_page, url)
    wait_for_end(page)
    problem = page.locator("#replay-problem")
    open_file(page, "hello")
    expect(problem).to_contain_text(NOT_A_FILE_OF_TRACES[:40])
    expect(page.locator("#replay-choice")).to_have_value("how-many-r-in-strawberry")
    assert run(page, "extended", ".answer").inner_text() == "3"
    open_file(page, " " * (MAX_FILE_BYTES + 1))
    expect(problem).to_have_text(TOO_LARGE)
    long = dataclasses.replace(
        EXTENDED, thinking_text=EXTENDED.thinking_text + "".join(chr(0x4E00 + i * 7919 % 20_000) for i in range(9000))
    )
    open_file(page, file_of(long))
    page.wait_for_function("document.querySelector('#replay-choice')?.value === 'file 0'")
    page.click("#replay-link")
    expect(problem).to_contain_text("a link holds at most 8")
    assert page.evaluate("location.hash") == ""


@pytest.mark.parametrize(
    "query, complaint",
    [("&replay=nowhere%3Cb%3E", "no recording named 'nowhere<b>'"), ("#trace=AAAA", "does not hold a whole trace")],
)
def test_a_link_to_nothing_says_so(open_page, url, query, complaint):
    page = open_replay(open_page, url, f"?tab=replay{query}")
    expect(page.locator("#replay-problem")).to_contain_text(complaint)
    assert page.complaints == []


def test_no_id_is_given_twice_and_a_phone_shows_it_all(open_page, url):
    page = open_replay(open_page, url, viewport={"width": 390, "height": 844})
    wait_for_end(page)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    ours = [name for name in ids if name.startswith(("replay", "pane-"))]
    assert len(ours) == len(set(ours)) and "replay-pane-extended" in ours and "pane-extended" in ours
    assert page.evaluate("document.documentElement.scrollWidth") == 390
