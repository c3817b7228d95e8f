"""Publish a trained model and the rows it was trained on: cards made from what was measured, and the upload to the Hub.

    python -m training.publish --model assets/s1-mini --repo NAME/s1-mini --recipe training/recipes/s1-mini.yaml \\
        --rows assets/s1-mini-1k.jsonl --data-repo NAME/s1-mini-1k --funnel assets/s1-mini-1k.funnel.json \\
        --runs assets/measured/s1-mini/*.json --to runs/publish --dry-run

`--dry-run` writes the cards and says what would go where; without it the same files are pushed, with the token of HF_TOKEN or
`hf auth login`. The data set goes first, so that the model card can name its commit. Traces of benchmarks are never uploaded.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, RepoCard, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from s1demo.cli.benchmark import BAD_INPUT
from s1demo.cli.terminal import one_line
from s1demo.errors import InputError, S1Error
from s1demo.evals.results import read_run
from training.curation.records import read_rows
from training.publish.checks import File, check
from training.publish.data_card import TRAIN_FILE, DataDescription, data_card
from training.publish.model_card import ModelDescription, model_card
from training.recipes import SftSettings, read_section

CARD, MEASURED = "README.md", "measured"  # names in the repository
MODEL_FILES = (  # nothing else of a model's folder is uploaded: no checkpoints, no logs, no pickles
    *("config.json", "generation_config.json", "*.safetensors", "model.safetensors.index.json"),
    *("tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template*"),
    "LICENSE*",
)


@dataclass(frozen=True)
class Upload:
    """What goes into one repository.

    Attributes:
        repo: its name.
        repo_type: `model` or `dataset`.
        folder: where the card is written.
        files: all of them, the card first.
        private: whether a new repository is to be private.
        revision: the branch.
    """

    repo: str
    repo_type: str
    folder: Path
    files: tuple[File, ...]
    private: bool = False
    revision: str = "main"

    def push(self, hub: HfApi, message: str) -> str:
        """Create the repository where there is none, and upload in one commit; returns the commit."""
        hub.create_repo(self.repo, repo_type=self.repo_type, private=self.private, exist_ok=True)
        if self.revision != "main":
            hub.create_branch(self.repo, branch=self.revision, repo_type=self.repo_type, exist_ok=True)
        added = [CommitOperationAdd(file.name, file.path) for file in self.files]
        commit = hub.create_commit(self.repo, added, commit_message=message, repo_type=self.repo_type, revision=self.revision)
        return str(commit.oid)

    def with_card(self, card: RepoCard, files: Iterable[File]) -> Upload:
        """The upload with these files, the card written in front of them."""
        path = self.folder / CARD
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(card), encoding="utf-8")
        return replace(self, files=(File(CARD, path), *files))

    def report(self) -> str:
        """What goes where, as lines of text."""
        total = sum(file.size for file in self.files)
        kind = "private, if new" if self.private else "public"
        lines = [f"{self.repo_type} {self.repo}, branch {self.revision}, {kind}: {len(self.files)} files, {_bytes(total)}"]
        return "\n".join([*lines, *(f"  {_bytes(file.size):>10}  {file.name}" for file in self.files)])


def model_upload(model: ModelDescription, runs: Sequence[Path], upload: Upload) -> Upload:
    """Write the model's card; returns the upload with all its files.

    Args:
        runs: run.json files, uploaded beside the model.
        upload: where it goes, without files.

    Raises:
        InputError: no model in the folder, or a run that cannot be read.
    """
    weights = sorted({file for pattern in MODEL_FILES for file in model.folder.glob(pattern) if file.is_file()})
    if not any(file.suffix == ".safetensors" for file in weights):
        raise InputError(f"{model.folder} holds no *.safetensors, so no model. Name the folder that training.sft wrote.")
    if len({path.name for path in runs}) < len(runs):
        raise InputError("Two of the --runs have the same file name. Rename one of them.")
    files = [*(File(file.name, file) for file in weights), *(File(f"{MEASURED}/{path.name}", path) for path in runs)]
    return upload.with_card(model_card(model, [read_run(path) for path in runs]), files)


def data_upload(data: DataDescription, path: Path, upload: Upload) -> Upload:
    """Write the data set's card; returns the upload with both its files.

    Args:
        path: JSON lines of `training.curation.records.Row`.
        upload: where it goes, without files.

    Raises:
        InputError: no rows, a line that is none, or GPQA's questions in a public repository.
    """
    rows = list(read_rows(path))
    if not rows:
        raise InputError(f"{path} holds no rows.")
    n_gpqa = sum("gpqa" in row.source.casefold() for row in rows)
    if n_gpqa and not upload.private:
        raise InputError(
            f"{n_gpqa} rows of {path} come from GPQA, whose authors ask that it is not published in plain text. "
            f"Leave them out, or give --private."
        )
    with path.open(encoding="utf-8") as lines:
        columns = list(json.loads(next(line for line in lines if line.strip())))
    return upload.with_card(data_card(data, rows, columns), [File(TRAIN_FILE, path)])


def publish(options: argparse.Namespace, hub: HfApi | None, token: str = "") -> list[str]:
    """Make the cards, check every file, and push what is to be pushed.

    Args:
        hub: the API; None for a dry run.
        token: what it logs in with, which no file may hold.

    Returns:
        Lines that say what went, or would go, where.

    Raises:
        InputError: something is missing, or must not be uploaded; nothing has been pushed then.
    """
    notes = options.notes.read_text(encoding="utf-8").strip() if options.notes else ""
    model = ModelDescription(
        folder=options.model,
        repo=options.repo,
        licence=options.license,
        settings=read_section(options.recipe, "sft", SftSettings) if options.recipe else None,
        base_model=options.base_model,
        data_repo=options.data_repo,
        notes=notes,
    )
    to_model = Upload(options.repo, "model", options.to / "model", (), options.private, options.revision)
    uploads = [model_upload(model, options.runs, to_model)]
    if options.rows:
        data = DataDescription(options.data_repo, options.license, options.repo, options.funnel)
        to_data = Upload(options.data_repo, "dataset", options.to / "data", (), options.private, options.revision)
        uploads.insert(0, data_upload(data, options.rows, to_data))
    for upload in uploads:
        check(upload.files, [token])
    if hub is None:
        return [f"DRY RUN, nothing pushed. Cards in {options.to}.", *(upload.report() for upload in uploads)]
    said = []
    for upload in uploads:
        commit = upload.push(hub, f"Publish {upload.repo}")
        said.append(f"pushed {upload.report()}\n  commit {commit}")
        if upload.repo_type == "dataset":
            model_upload(replace(model, data_commit=commit), options.runs, to_model)  # its card again, with the commit
    return said


def _bytes(n: int) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e9 else f"{n / 1e6:,.1f} MB" if n >= 1e6 else f"{n / 1e3:,.1f} kB"


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish; returns the exit code: 0, or 2 where it cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        _check_options(options)
        token = get_token() or ""
        if not token and not options.dry_run:
            raise InputError("There is no Hub token. Set HF_TOKEN or run `hf auth login`, or give --dry-run.")
        hub = None if options.dry_run else HfApi(token=token)
        print("\n".join(publish(options, hub, token)), flush=True)
    except S1Error as error:
        print(f"publish: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except (HfHubHTTPError, OSError) as error:
        print(f"publish: the Hub did not take it: {one_line(str(error))}. The same command tries again.", file=sys.stderr)
        return BAD_INPUT
    return 0


def _check_options(options: argparse.Namespace) -> None:
    if options.rows and not options.data_repo:
        raise InputError("The rows need a repository too. Give --data-repo NAME.")
    for name in (options.repo, options.data_repo):
        try:
            if name:
                validate_repo_id(name)
        except HFValidationError as error:
            raise InputError(f"{name!r} is no name for a repository: {error}") from error
    if options.notes and not options.notes.is_file():
        raise InputError(f"There is no file {options.notes}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="publish", description="Model and data-set card, and the upload to the Hub.")
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="FOLDER", help="the model, in safetensors")
    add("--repo", required=True, metavar="NAME", help="its repository, such as owner/s1-32b")
    add("--rows", type=Path, metavar="FILE.jsonl", help="the rows it was trained on, to be published too")
    add("--data-repo", default="", metavar="NAME", help="their repository; alone, one that is there already")
    add("--runs", type=Path, nargs="+", default=[], metavar="run.json", help="what was measured")
    add("--recipe", type=Path, metavar="FILE.yaml", help="its sft section goes into the card")
    add("--funnel", type=Path, metavar="FILE.json", help="how the rows were chosen")
    add("--base-model", default="", metavar="HUB_ID", help="what it was tuned from, where the recipe names no Hub id")
    add("--license", default="apache-2.0", metavar="ID", help="of both (default apache-2.0)")
    add("--notes", type=Path, metavar="FILE.md", help="more on the model's limits, for its card")
    add("--to", type=Path, default=Path("runs/publish"), metavar="FOLDER", help="where the cards go (default runs/publish)")
    add("--revision", default="main", metavar="BRANCH", help="the branch of both repositories (default main)")
    add("--private", action="store_true", help="make new repositories private")
    add("--dry-run", action="store_true", help="write the cards, say what would go where, push nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
