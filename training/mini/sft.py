"""The s1 step in miniature: a thousand curated traces of problems that the base gets wrong, then a short fine-tuning on them.

Curation follows the paper's three rules as far as a toy allows: quality (every trace is written by rule and well formed),
difficulty (the base's own first answer is wrong), diversity (as equal a share per domain as the hard problems give).

    python -m training.mini.sft --recipe training/recipes/s1-mini.yaml
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from training.mini.batching import Batch, Position, make_batches
from training.mini.documents import Document, DocumentWriter
from training.mini.evaluate import ROWS_AT_ONCE, Evaluator
from training.mini.generation import answers
from training.mini.network import export_network
from training.mini.phrasings import phrase
from training.mini.problems import DOMAINS, Problem, sample_problem
from training.mini.recipe import Optimisation, Recipe, load_recipe
from training.mini.tokenizer import MiniTokenizer
from training.mini.training_loop import Trainer


def hard_problems(evaluator: Evaluator, n_candidates: int, rng: Random) -> list[tuple[Problem, str]]:
    """Training problems that the base answers wrongly at its natural end.

    Args:
        evaluator: holds the base.
        n_candidates: problems to try, the domains in turn.
        rng: draws them.
    """
    candidates: list[tuple[Problem, str]] = []
    for index in range(n_candidates):
        problem = sample_problem(rng, "train", DOMAINS[index % len(DOMAINS)])
        candidates.append((problem, phrase(problem.domain, problem.operands, rng)))
    hard = []
    for start in range(0, n_candidates, ROWS_AT_ONCE):
        part = candidates[start : start + ROWS_AT_ONCE]
        trails = evaluator.think([question for _, question in part], 0)
        ends, natural = [trail.ends[0] for trail in trails], [False] * len(trails)
        said = answers(evaluator.network, trails, ends, natural, evaluator.encoded, evaluator.tokenizer)
        hard += [asked for asked, text in zip(part, said, strict=True) if text != asked[0].answer]
    return hard


def balance(hard: list[tuple[Problem, str]], n: int) -> list[tuple[Problem, str]]:
    """Take from the domains in turn until `n` are taken or none is left."""
    queues = {domain: [asked for asked in hard if asked[0].domain == domain] for domain in DOMAINS}
    taken: list[tuple[Problem, str]] = []
    while len(taken) < n and any(queues.values()):
        for queue in queues.values():
            if queue and len(taken) < n:
                taken.append(queue.pop(0))
    return taken


def curate(recipe: Recipe, tokenizer: MiniTokenizer, path: Path) -> list[Document]:
    """The curated traces, from the file if an earlier run wrote it.

    Args:
        recipe: how many, and what they look like.
        tokenizer: the pipeline's tokenizer.
        path: JSON lines with question, answer, domain, text, ids and trained.
    """
    if not path.exists():
        rng = Random(f"{recipe.seed}-sft")
        base = AutoModelForCausalLM.from_pretrained(recipe.run_folder / "base", dtype=torch.float32)
        chosen = balance(hard_problems(Evaluator(base, tokenizer), recipe.sft.n_candidates, rng), recipe.sft.n_traces)
        writer = DocumentWriter(tokenizer, recipe.sft.documents)
        lines = []
        for problem, question in chosen:
            document = writer.write(problem, question, rng)
            row = {"question": question, "answer": problem.answer, "domain": problem.domain}
            row |= {"text": tokenizer.decode(document.ids)}
            lines.append(json.dumps({**row, "ids": document.ids, "trained": document.trained}, ensure_ascii=False))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Document(row["ids"], row["trained"]) for row in rows]


def epochs_of(documents: list[Document], recipe: Recipe, pad_id: int, position: Position) -> Iterator[Batch]:
    """The batches of all epochs, from a saved position on (its chunk counts epochs)."""
    while position.chunk < recipe.sft.epochs:
        rng = Random(f"{recipe.seed}-sft-{position.chunk}")
        for batch in make_batches(documents, recipe.sft.batch_tokens, pad_id, rng)[position.batch :]:
            position.batch += 1
            yield batch
        position.chunk, position.batch = position.chunk + 1, 0


def run(recipe: Recipe, *, resume: bool = True) -> None:
    """Curate, fine-tune the base and write the result into the run folder."""
    torch.set_num_threads(1)
    folder = recipe.run_folder
    tokenizer = MiniTokenizer(folder / "tokenizer")
    traces = folder / "sft_traces.jsonl"
    if not resume:
        traces.unlink(missing_ok=True)
    documents = curate(recipe, tokenizer, traces)
    total = recipe.sft.epochs * sum(len(document.ids) for document in documents)
    knobs = Optimisation(total, 1.0, recipe.sft.batch_tokens, recipe.sft.muon_lr, recipe.sft.adamw_lr, 0.0, 0)
    network: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
    uncompiled = replace(recipe, compile=False)  # compiling would take longer than these few steps
    trainer = Trainer(uncompiled, knobs, network, "sft", resume=resume)
    trainer.run(epochs_of(documents, recipe, tokenizer.pad_id, trainer.position))
    export_network(network, folder / "tokenizer", folder / "tuned")
    print(f"{len(documents)} traces, {trainer.progress.step} steps -> {folder / 'tuned'}")


def main() -> None:
    """Fine-tune a recipe's base."""
    parser = argparse.ArgumentParser(description="The s1 step of the miniature.")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True, help="continue from the last checkpoint")
    args = parser.parse_args()
    run(load_recipe(args.recipe), resume=args.resume)


if __name__ == "__main__":
    main()
