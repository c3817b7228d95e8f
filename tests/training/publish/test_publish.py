"""Cards of the shipped model and its rows, and an upload to a hub that only takes notes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import DatasetCard, ModelCard

from s1demo.errors import InputError
from s1demo.evals.results import read_run
from s1demo.evals.setting import LEFT_ALONE
from s1demo.settings import ASSETS
from training.publish import upload as publish
from training.publish.checks import File, check
from training.publish.model_card import ModelDescription, eval_results, model_card, n_parameters, told_apart
from training.publish.upload import main

MODEL, ROWS = ASSETS / "s1-mini", ASSETS / "s1-mini-1k.jsonl"
RUNS = [ASSETS / "measured" / "s1-mini" / f"{name}.json" for name in ("base", "curve", "elsewhere", "unseen")]
RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "s1-mini.yaml"
TOKEN = "hf" + "_" + "a1B2" * 9
SECOND = {"question": "1+1?", "answer": "2", "thinking": "One and one.", "trace_answer": "2", "thinking_tokens": 4}


class Notes:
    """A hub that notes what it is asked to do, and the files it could see."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict]] = []
        self.files: dict[str, dict[str, bytes]] = {}

    def create_repo(self, repo_id, **options):
        self.calls.append(("create_repo", {"repo_id": repo_id, **options}))

    def create_branch(self, repo_id, **options):
        self.calls.append(("create_branch", {"repo_id": repo_id, **options}))

    def create_commit(self, repo_id, operations, **options):
        self.calls.append(("create_commit", {"repo_id": repo_id, "operations": operations, **options}))
        self.files[repo_id] = {added.path_in_repo: Path(added.path_or_fileobj).read_bytes() for added in operations}
        return SimpleNamespace(oid=f"commit-of-{options['repo_type']}")


@pytest.fixture
def hub(monkeypatch):
    """The hub of `Notes`, and a token."""
    hub, tokens = Notes(), []
    monkeypatch.setattr(publish, "HfApi", lambda token: (tokens.append(token), hub)[1])
    monkeypatch.setattr(publish, "get_token", lambda: TOKEN)
    hub.tokens = tokens
    return hub


def command(to, *more, model=MODEL, rows=ROWS):
    data = ["--rows", str(rows), "--data-repo", "someone/rows"] if rows else []
    return ["--model", str(model), "--repo", "someone/s1-mini", "--to", str(to), *data, *more]


EVERYTHING = ["--recipe", str(RECIPE), "--funnel", str(ASSETS / "s1-mini-1k.funnel.json"), "--runs", *map(str, RUNS)]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    """A dry run of everything, without a token."""
    folder = tmp_path_factory.mktemp("publish")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "HfApi", None)
        patch.setattr(publish, "get_token", lambda: None)
        code = main(command(folder, *EVERYTHING, "--dry-run"))
    assert code == 0
    return folder


def test_a_dry_run_writes_the_cards_and_nothing_else(rehearsal):
    assert {str(path.relative_to(rehearsal)) for path in rehearsal.rglob("*") if path.is_file()} == {"model/README.md", "data/README.md"}


def test_a_dry_run_says_what_would_go_where(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(publish, "get_token", lambda: None)
    assert main(command(tmp_path, *EVERYTHING, "--dry-run")) == 0
    said = capsys.readouterr().out
    assert "DRY RUN, nothing pushed" in said
    assert "model someone/s1-mini, branch main, public: 10 files, 10.3 MB" in said
    assert "dataset someone/rows, branch main, public: 2 files" in said
    assert "10.1 MB  model.safetensors" in said and "measured/curve.json" in said


def test_the_models_metadata_is_what_the_hub_reads(rehearsal):
    card = ModelCard.load(rehearsal / "model" / "README.md", ignore_metadata_errors=False)
    assert (card.data.license, card.data.datasets, card.data.library_name) == ("apache-2.0", ["someone/rows"], "transformers")
    assert card.data.base_model is None, "a folder is no Hub id"
    curve = read_run(ASSETS / "measured" / "s1-mini" / "curve.json")
    found = {(result.dataset_type, result.metric_name): result.metric_value for result in card.data.eval_results}
    assert found["mini", "accuracy in %, natural"] == curve.point(LEFT_ALONE).accuracy
    best = max(curve.points, key=lambda point: point.accuracy)
    assert found["mini", f"accuracy in %, {best.label}"] == curve.performance, "the best one"
    assert not any("480" in result.dataset_name and result.dataset_type == "mini" for result in card.data.eval_results), "the base is another model"


def test_the_model_card_holds_settings_figures_and_commands(rehearsal):
    text = (rehearsal / "model" / "README.md").read_text()
    curve = read_run(ASSETS / "measured" / "s1-mini" / "curve.json")
    for run in map(read_run, RUNS):
        assert f"`{run.command}`" in text
    for point in curve.points:
        assert f"| {point.label} | {point.mean_thinking_tokens:,.1f} | **{point.accuracy:.1f}** | {point.ci95[0]:.1f} to {point.ci95[1]:.1f} |" in text
    assert "| learning rate | 0.0001 |" in text and "2,524,032 parameters" in text
    assert "the model in `runs/s1-mini/large`" in text and "PreTrainedTokenizerFast" in text
    assert text.index("### Other weights") < text.index("#### large on mini") < text.index("## Limits")
    assert "--num-ignore 2" in text and "{{" not in text and "{%" not in text


def test_a_base_on_the_hub_is_metadata(tmp_path):
    card = model_card(ModelDescription(MODEL, "someone/s1", "apache-2.0", base_model="Qwen/Qwen2.5-32B-Instruct"), [])
    assert card.data.base_model == "Qwen/Qwen2.5-32B-Instruct" and card.data.eval_results is None
    assert "Nothing was measured on these files" in card.text and "settings of the training were not given" in card.text


def test_public_benchmarks_are_named_by_repository_and_revision():
    run = read_run(RUNS[0])
    (result, *_) = eval_results(type(run)(**{**vars(run), "benchmark": "gpqa"}))
    assert (result.dataset_type, result.dataset_config, result.dataset_split) == ("Idavidrein/gpqa", "gpqa_diamond", "train")
    assert len(result.dataset_revision) == 40


def test_runs_of_other_weights_are_told_apart(tmp_path):
    results = [read_run(path) for path in RUNS]
    own, others = told_apart(MODEL, results)
    assert {run.model for run in own} == {"s1-mini"} and {run.model for run in others} == {"large"}
    other = tmp_path / "s1-mini"
    shutil.copytree(MODEL, other)
    (other / "config.json").write_text((other / "config.json").read_text() + " ")
    assert told_apart(other, results)[0] == [], "a name is no proof"


def test_the_data_card_counts_what_is_there(rehearsal):
    card = DatasetCard.load(rehearsal / "data" / "README.md", ignore_metadata_errors=False)
    assert card.data.size_categories == "1K<n<10K"
    assert card.data.configs[0]["data_files"] == [{"split": "train", "path": "train.jsonl"}]
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    assert "1,000 questions" in card.text
    assert f"{sum(row['thinking_tokens'] for row in rows):,} together" in card.text
    assert f"| powers | {sum(row['source'] == 'powers' for row in rows)} |" in card.text
    assert [f"| {name} |" in card.text for name in rows[0]] == [True] * len(rows[0])
    stages = json.loads((ASSETS / "s1-mini-1k.funnel.json").read_text(encoding="utf-8"))["stages"]
    assert all(f"| {stage['name']} | {stage['n_rows']:,} | {stage['removed']:,} |" in card.text for stage in stages)


def test_the_published_rows_load_as_a_data_set(tmp_path):
    from datasets import load_dataset

    rows = load_dataset("json", data_files=str(ROWS), split="train", cache_dir=str(tmp_path))
    assert rows.num_rows == 1000 and rows[0]["question"]


def test_a_push_creates_both_repositories_and_uploads_exactly_the_checked_files(tmp_path, hub, capsys):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "left-over.bin").write_bytes(b"from another day")
    assert main(command(tmp_path, *EVERYTHING, "--private", "--revision", "second")) == 0
    assert [(name, call["repo_id"], call["repo_type"]) for name, call in hub.calls] == [
        (name, repo, kind)
        for repo, kind in (("someone/rows", "dataset"), ("someone/s1-mini", "model"))
        for name in ("create_repo", "create_branch", "create_commit")
    ]
    assert all(call["private"] and call["exist_ok"] for name, call in hub.calls if name == "create_repo")
    assert all(call["revision"] == "second" and call["commit_message"] for name, call in hub.calls if name == "create_commit")
    pushed = hub.files["someone/s1-mini"]
    assert pushed["model.safetensors"] == (MODEL / "model.safetensors").read_bytes()
    assert set(pushed) == {"README.md", *(path.name for path in MODEL.iterdir()), *(f"measured/{run.name}" for run in RUNS)}
    assert hub.files["someone/rows"] == {"README.md": (tmp_path / "data" / "README.md").read_bytes(), "train.jsonl": ROWS.read_bytes()}
    assert b"at commit `commit-of-dataset`" in pushed["README.md"], "the card names the rows' commit"
    assert hub.tokens == [TOKEN]
    said = capsys.readouterr().out
    assert "commit commit-of-model" in said and TOKEN not in said


def test_the_library_takes_each_file_from_where_it_is(tmp_path, hub):
    assert main(command(tmp_path, rows=None)) == 0
    (commit,) = [call for name, call in hub.calls if name == "create_commit"]
    sizes = {added.path_in_repo: added.upload_info.size for added in commit["operations"]}
    assert sizes["model.safetensors"] == (MODEL / "model.safetensors").stat().st_size
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["README.md"], "nothing is copied or linked"


def test_without_a_token_the_remedy_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(publish, "get_token", lambda: None)
    assert main(command(tmp_path)) == 2
    error = capsys.readouterr().err
    assert "HF_TOKEN" in error and "--dry-run" in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def copied(tmp_path, **changes):
    """The model's folder with some files replaced."""
    folder = tmp_path / "model-copy"
    shutil.copytree(MODEL, folder)
    for name, content in changes.items():
        (folder / name.replace("_DOT_", ".")).write_bytes(content)
    return folder


def refused(hub, capsys, arguments):
    assert main(arguments) == 2
    assert hub.calls == [], "nothing may be pushed"
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_a_place_on_this_machine_is_refused(tmp_path, hub, capsys):
    config = json.loads((MODEL / "config.json").read_text()) | {"_name_or_path": "/home/" + "jane/models/s1"}
    folder = copied(tmp_path, config_DOT_json=json.dumps(config, indent=1).encode())
    error = refused(hub, capsys, command(tmp_path / "to", model=folder))
    assert "config.json, line" in error and "/home/" + "jane" in error


def test_a_command_with_an_absolute_path_is_refused_in_card_and_run(tmp_path, hub, capsys):
    run = json.loads(RUNS[0].read_text())
    run["command"] += " --model /scratch/" + "me/model"
    path = tmp_path / "run.json"
    path.write_text(json.dumps(run, indent=1))
    error = refused(hub, capsys, command(tmp_path / "to", "--runs", str(path)))
    assert "README.md, line" in error and "measured/run.json, line" in error


@pytest.mark.parametrize("secret", [TOKEN, "sk" + "-" + "x" * 30, "-----BEGIN " + "RSA PRIVATE KEY-----", "AKIA" + "A1" * 8])
def test_a_secret_in_the_rows_is_refused_and_not_repeated(tmp_path, hub, capsys, secret):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(SECOND) + "\n" + json.dumps(SECOND | {"question": f"What is {secret} ?"}) + "\n")
    error = refused(hub, capsys, command(tmp_path / "to", rows=rows))
    assert "train.jsonl, line 2: what looks like a secret" in error and secret not in error


def test_the_token_in_use_is_found_whatever_it_looks_like(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("plain-word-1234")
    check([File("a.txt", path)])
    with pytest.raises(InputError, match=r"a\.txt, line 1: what looks like a secret"):
        check([File("a.txt", path)], ["plain-word-1234"])


def test_weights_are_checked_by_their_header_only(tmp_path):
    header = json.dumps({"__metadata__": {"from": "/home/" + "jane/x"}, "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b" /home/" + b"joe/numbers      ")
    assert n_parameters(tmp_path) == 6
    with pytest.raises(InputError, match="jane") as refusal:
        check([File("model.safetensors", path)])
    assert "joe" not in str(refusal.value)


def test_a_file_beyond_the_hubs_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("training.publish.checks.MOST_BYTES", 10)
    path = tmp_path / "a.txt"
    path.write_text("eleven more")
    with pytest.raises(InputError, match="save it in shards"):
        check([File("a.txt", path)])


@pytest.mark.parametrize("text", ["https://example.org/home/page", "x/data/y and 3/4", "~/tmp/x", "either/or", "and/root/2"])
def test_ordinary_text_is_no_place(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text)
    check([File("a.txt", path)])


def test_gpqas_questions_are_not_made_public(tmp_path, hub, capsys):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(SECOND | {"source": "Idavidrein/gpqa"}) + "\n")
    assert "1 rows of" in refused(hub, capsys, command(tmp_path / "to", rows=rows))
    assert main(command(tmp_path / "to", "--private", rows=rows)) == 0


@pytest.mark.parametrize(
    "more, complaint",
    [
        (["--repo", "not a name"], "no name for a repository"),
        (["--data-repo", ""], "Give --data-repo"),
        (["--notes", "nowhere.md"], "There is no file nowhere.md"),
        (["--runs", "nowhere.json"], "Cannot read measured results"),
        (["--runs", str(RUNS[0]), str(RUNS[0])], "same file name"),
        (["--funnel", "nowhere.json"], "Cannot read the funnel"),
        (["--recipe", "nowhere.yaml"], "Cannot read the recipe"),
        (["--model", "nowhere"], r"holds no \*\.safetensors"),
        (["--rows", "nowhere.jsonl"], "Cannot read curation rows"),
    ],
)
def test_bad_input_is_one_line(tmp_path, hub, capsys, more, complaint):
    import re

    assert re.search(complaint, refused(hub, capsys, [*command(tmp_path), *more]))


def test_a_hub_that_fails_says_to_try_again(tmp_path, hub, capsys):
    def fails(*arguments, **options):
        raise ConnectionError("the line is cut")

    hub.create_commit = fails
    assert main(command(tmp_path)) == 2
    error = capsys.readouterr().err
    assert "the line is cut" in error and "tries again" in error


def test_notes_on_limits_come_into_the_card(tmp_path, hub):
    notes = tmp_path / "notes.md"
    notes.write_text("* It declines what is no arithmetic.\n")
    assert main(command(tmp_path / "to", "--notes", str(notes), rows=None)) == 0
    assert b"It declines what is no arithmetic." in hub.files["someone/s1-mini"]["README.md"]
