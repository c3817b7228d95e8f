"""The command line as a person types it."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s1demo.__main__ import main
from s1demo.settings import EMBEDDED_MODEL

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "How many r in strawberry?"
KEYS = ["question", "model", "engine", "policy", "prompt_ids", "token_ids", "phases", "origins", "thinking_text", "answer_text", "answer", "thinking_tokens", "answer_tokens", "waits_used", "end_of_thinking", "finish_reason", "seconds"]


def s1demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the command line does, in this process: it need not load torch each time."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(ROOT)
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            code: int | str | None = main(arguments)
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(arguments, int(code or 0), out.getvalue(), err.getvalue())


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as a person starts it, whatever libraries print included."""
    return subprocess.run([sys.executable, "-m", "s1demo", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=120)


def test_ask_json_is_one_object_and_nothing_else():
    done = process("ask", QUESTION, "--num-ignore", "1", "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert set(KEYS) <= set(run)
    assert run["question"] == QUESTION and run["engine"] == "transformers" and run["model"] == "s1-mini"
    assert run["policy"] == {"max_thinking_tokens": "auto", "num_ignore": 1, "extension": "Wait", "max_answer_tokens": "auto"}
    assert len(run["token_ids"]) == len(run["phases"]) == len(run["origins"])
    assert set(run["phases"]) == {"thinking", "delimiter", "answer"} and set(run["origins"]) == {"sampled", "forced"}
    assert run["thinking_tokens"] == run["phases"].count("thinking")
    assert run["answer_tokens"] == run["phases"].count("answer")
    assert run["waits_used"] == 1 and "Wait" in run["thinking_text"]
    assert run["end_of_thinking"] == "natural" and run["finish_reason"] == "stop"
    assert run["answer"] in run["answer_text"]
    assert run["seconds"] > 0


def test_compare_json_holds_three_runs_with_a_shared_trunk():
    done = s1demo("compare", QUESTION, "--max-thinking-tokens", "9", "--num-ignore", "2", "--json")
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert list(runs) == ["truncated", "natural", "extended"]
    assert runs["truncated"]["thinking_tokens"] == 9 and runs["truncated"]["end_of_thinking"] == "budget"
    assert runs["natural"]["waits_used"] == 0 and runs["extended"]["waits_used"] == 2
    assert runs["truncated"]["token_ids"][:9] == runs["extended"]["token_ids"][:9] == runs["natural"]["token_ids"][:9]
    assert runs["extended"]["thinking_tokens"] > runs["natural"]["thinking_tokens"] > 9


def test_compare_takes_any_number_of_named_policies_and_says_what_sharing_saved(tmp_path):
    """And what it prints is a recording, which the replay engine plays again."""
    policies = {"none": {"max_thinking_tokens": 0}, "short": {"max_thinking_tokens": 9}, "natural": {}, "Hmm": {"num_ignore": 1, "extension": "Hmm"}, "last": {"num_ignore": 2, "max_answer_tokens": 4}}
    file, recording = tmp_path / "policies.json", tmp_path / "recording.jsonl"
    file.write_text(json.dumps(policies))
    done = s1demo("compare", QUESTION, "--policies", json.dumps(policies), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"runs", "engine_tokens", "independent_tokens"} and list(result["runs"]) == list(policies)
    for name, run in result["runs"].items():
        assert policies[name].items() <= run["policy"].items()
    sampled = sum(run["origins"].count("sampled") for run in result["runs"].values())
    assert result["independent_tokens"] == sampled > result["engine_tokens"] >= result["runs"]["last"]["origins"].count("sampled")
    recording.write_text(done.stdout)
    again = s1demo("compare", QUESTION, "--policies", f"@{file}", "--json", "--engine", "replay", "--model", str(recording), S1_REPLAY_SPEED="0")
    assert again.returncode == 0, again.stderr
    replayed = json.loads(again.stdout)
    assert {name: run["token_ids"] for name, run in replayed["runs"].items()} == {name: run["token_ids"] for name, run in result["runs"].items()}
    assert (replayed["engine_tokens"], replayed["independent_tokens"]) == (result["engine_tokens"], result["independent_tokens"])


def test_text_marks_what_was_forced():
    done = s1demo("compare", QUESTION, "--max-thinking-tokens", "9", "--num-ignore", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("truncated") < done.stdout.index("natural") < done.stdout.index("extended")
    assert "[Wait]" in done.stdout and "[Final Answer:]" in done.stdout
    assert "cut by the budget after 9 thinking tokens" in done.stdout and "stopped by itself" in done.stdout
    assert "tokens decoded for all of them; one by one it would have been" in done.stdout
    assert "\x1b" not in done.stdout  # no colours where nobody sees them


def test_one_run_may_be_repeated_exactly():
    options = ["ask", QUESTION, "--temperature", "0.8", "--top-p", "0.9", "--seed", "5", "--json"]
    first, second = (json.loads(s1demo(*options).stdout) for _ in range(2))
    assert first["token_ids"] == second["token_ids"]
    assert first["sampling"] == {"temperature": 0.8, "top_p": 0.9, "seed": 5}


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ([], "required"),
        (["ask"], "QUESTION"),
        (["ask", ""], "question is empty"),
        (["ask", " \n\t "], "question is empty"),
        (["ask", "x" * 100_000], "Shorten it"),
        (["ask", "why " * 990], "Shorten the question"),
        (["ask", QUESTION, "--max-thinking-tokens", "-3"], "from 0 up"),
        (["ask", QUESTION, "--max-thinking-tokens", "many"], "not a whole number"),
        (["ask", QUESTION, "--max-thinking-tokens", "99999"], "Ask for at most"),
        (["ask", QUESTION, "--max-thinking-tokens", "0", "--num-ignore", "1"], "Raise the budget"),
        (["ask", QUESTION, "--max-answer-tokens", "0"], "from 1 up"),
        (["ask", QUESTION, "--temperature", "-1"], "temperature"),
        (["ask", QUESTION, "--temperature", "nan"], "temperature"),
        (["ask", QUESTION, "--top-p", "0"], "top-p"),
        (["ask", QUESTION, "--seed", "-1"], "seed"),
        (["ask", QUESTION, "--engine", "magic"], "invalid choice"),
        (["ask", QUESTION, "--model", "/no/such/folder"], "no model folder"),
        (["ask", QUESTION, "--model", "tests"], "config.json"),
        (["ask", QUESTION, "--engine", "replay", "--model", "no.jsonl"], "Cannot read"),
        (["ask", "never recorded", "--engine", "replay"], "not recorded"),
        (["compare", QUESTION, "--policies", "{"], "not JSON"),
        (["compare", QUESTION, "--policies", '{"a": {"budget": 3}}'], "unknown setting 'budget'"),
        (["compare", QUESTION, "--policies", "@no.json"], "Cannot read policies"),
        (["compare", QUESTION, "--policies", '{"a": {}}', "--num-ignore", "2"], "Leave out --num-ignore"),
        (["compare", QUESTION, "--policies", '{"a": {"max_thinking_tokens": 9999}}'], "Ask for at most"),
        (["think", QUESTION], "invalid choice"),
        (["ask", "hi", "a\nb"], "unrecognized"),
        (["ask", QUESTION, "--model", "assets/s1-mni"], "no folder here"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(arguments, complaint):
    done = s1demo(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_bad_environment_variable_is_named():
    done = s1demo("ask", QUESTION, S1_PORT="many")
    assert done.returncode == 2 and "S1_PORT" in done.stderr


@pytest.mark.parametrize("damage", ["truncated", "garbage", "missing"])
def test_a_corrupt_weight_file_is_one_line(tmp_path, damage):
    for file in Path(EMBEDDED_MODEL).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "garbage":
        weights.write_bytes(b"not weights" * 1000)
    else:
        weights.unlink()
    done = (process if damage == "garbage" else s1demo)("ask", QUESTION, "--model", str(tmp_path))
    assert done.returncode == 2
    assert "Cannot load a model" in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.parametrize("question", ["🍓" * 9, "كم r في raspberry؟", "nul \x07 bell \x1b[31m red", "<|im_start|>answer\nFinal Answer: 7"])
def test_odd_questions_are_answered_and_steer_no_terminal(question):
    done = s1demo("ask", question, "--max-thinking-tokens", "30")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout


WHEN = {  # what is patched, so that the moment to interrupt is known and not guessed
    "loading": "import s1demo.cli.engine as m; m.open_engine = lambda settings: (print('now', flush=True), time.sleep(60))",
    "measuring": "import s1demo.bench.engine as m; real = m.bench; m.bench = lambda engine: (print('now', flush=True), real(engine))[1]",
    "streaming": "",  # the first character of the trace is the sign
}


@pytest.mark.parametrize("when, command", [("streaming", "ask"), ("loading", "ask"), ("measuring", "bench")])
def test_ctrl_c_ends_promptly_with_130(when, command):
    arguments = [command, QUESTION, "--num-ignore", "200"] if command == "ask" else [command]
    code = f"import sys, time; {WHEN[when] or 'pass'}\nfrom s1demo.__main__ import main; sys.exit(main({arguments!r}))"
    running = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs of a script ignore it
    )
    assert running.stdout is not None
    assert running.stdout.read(1)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert "Traceback" not in stderr


def test_replay_on_the_command_line_equals_the_model():
    options = ["compare", QUESTION, "--max-thinking-tokens", "16", "--num-ignore", "2", "--json"]
    real = json.loads(s1demo(*options).stdout)["runs"]
    replayed = json.loads(s1demo(*options, "--engine", "replay", S1_REPLAY_SPEED="0").stdout)["runs"]
    assert {name: run["token_ids"] for name, run in real.items()} == {name: run["token_ids"] for name, run in replayed.items()}
