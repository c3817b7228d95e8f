"""Our decoder as a model of lm-evaluation-harness, so that others can check our numbers with a harness they trust.

    python -m training.harness --model s1demo --model_args pretrained=assets/s1-mini --tasks s1_mini --limit 8 \\
        --apply_chat_template --gen_kwargs thinking_n_ignore=1,thinking_n_ignore_str=Wait --output_path runs/harness

takes what `lm_eval` takes; `--model s1demo` and the tasks of `training/harness_tasks` are known in addition: s1_mini, s1_aime24,
s1_aime25, s1_math500, s1_gpqa and s1_file (`--metadata '{"file": "FILE.jsonl"}'`), each with the questions, the prompts and the
grading of `python -m s1demo sweep`. Any other task that generates text works too, with its own prompts and grading.

Thinking is controlled by the names of the reference's harness (simplescaling/s1 at 77272c6, eval/lm-evaluation-harness,
lm_eval/models/vllm_causallms.py); `GEN_KWARGS` lists them. What differs from it: thinking is always opened; `max_tokens_thinking`
is one total over all rounds; a task's `until` ends the answer, not the thinking; what is returned is the answer alone, as
lm-evaluation-harness has it since `think_end_token`, and with the model argument `keep_thinking=True` all of the text.

lm-evaluation-harness is optional and imported nowhere else.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.cli.terminal import one_line
from s1demo.decoding.merged import map_or_cancel
from s1demo.decoding.prompt import Prompt
from s1demo.delimiters import FORMATS, ThinkingFormat
from s1demo.engines import Engine, open_engine
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError, ModelError, S1Error
from s1demo.evals.sweep import decode_question
from s1demo.events import SamplingParams
from s1demo.settings import Settings
from s1demo.traces import Trace

_INSTALL = "lm-evaluation-harness is not installed. Install it into the environment: python -m pip install lm-eval==0.4.13"
try:
    from lm_eval.api.instance import Instance
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model
except ImportError as error:
    if __name__ == "__main__":
        sys.exit(_INSTALL)
    raise ImportError(_INSTALL) from error

TASKS = Path(__file__).with_name("harness_tasks")
GEN_KWARGS = {
    "max_tokens_thinking": "thinking budget in tokens, or auto",
    "thinking_n_ignore": "how many ends of thinking to suppress",
    "thinking_n_ignore_str": "what is appended in place of each, such as Wait; nothing unless given",
    "max_gen_toks": "limit of the answer; from the context's length up, what is kept free for it in any case",
    "until": "texts that end the answer",
    "do_sample": "sample at the temperature; greedy unless true",
    "temperature": "above 0 with do_sample only",
    "top_p": "nucleus mass",
    "thinking_start": "nothing but the format's own",
    "thinking_end": "nothing but the format's own",
    "until_thinking": "nothing but the format's own",
}


@dataclass(frozen=True)
class Generation:
    """What the gen_kwargs of one request ask for.

    Attributes:
        policy: what to do to the thinking.
        until: texts that end the answer.
        sampling: how to pick tokens; the seed is the model's.
    """

    policy: BudgetPolicy
    until: tuple[str, ...]
    sampling: SamplingParams


def read_gen_kwargs(given: Mapping[str, Any], fmt: ThinkingFormat, context_length: int, seed: int = 0) -> Generation:
    """What gen_kwargs ask for, by the names of the reference's harness.

    Args:
        given: as a task and `--gen_kwargs` have them.

    Raises:
        InputError: an unknown name (the message lists the known ones) or a value that cannot work.
    """
    if unknown := sorted(set(given) - set(GEN_KWARGS)):
        known = "; ".join(f"{name} ({meaning})" for name, meaning in GEN_KWARGS.items())
        raise InputError(f"{', '.join(unknown)}: not known to this decoder. It takes: {known}.")
    for name, own in (("thinking_start", fmt.think), ("thinking_end", fmt.end_of_thinking), ("until_thinking", fmt.stop)):
        if given.get(name, own) != own:
            raise InputError(f"{name} is {given[name]!r}, but the format {fmt.name} has {own!r}. Leave {name} out.")
    until = given.get("until") or []
    return Generation(
        policy=BudgetPolicy(
            max_thinking_tokens=given.get("max_tokens_thinking", AUTO),
            num_ignore=given.get("thinking_n_ignore") or 0,
            extension=given.get("thinking_n_ignore_str") or "",
            max_answer_tokens=_answer_limit(given.get("max_gen_toks"), context_length),
        ),
        until=(until,) if isinstance(until, str) else tuple(until),
        sampling=_sampling(given, seed),
    )


def _answer_limit(max_gen_toks: Any, context_length: int) -> Limit:
    """The reference asks for 32,768 answer tokens in a context of 32,768 and gets what thinking leaves."""
    return AUTO if max_gen_toks is None or (isinstance(max_gen_toks, int) and max_gen_toks >= context_length) else max_gen_toks


def _sampling(given: Mapping[str, Any], seed: int) -> SamplingParams:
    temperature, sampled = float(given.get("temperature") or 0.0), bool(given.get("do_sample"))
    if sampled and not temperature:
        raise InputError("do_sample is true at temperature 0. Give a temperature above 0.")
    if temperature and not sampled:
        raise InputError(f"temperature is {temperature:g} without do_sample; a cached answer would pass for a sample. Give both.")
    return SamplingParams(temperature, float(given.get("top_p", 1.0)), seed)


@register_model("s1demo")
class S1DemoLM(LM):  # type: ignore[misc]
    """A model of lm-evaluation-harness that thinks under budget forcing.

    Args:
        pretrained: model folder or Hub id; the embedded s1-mini unless given.
        engine: transformers, vllm or openai; S1_ENGINE unless given. All other settings are the environment's, as everywhere.
        keep_thinking: return thinking and delimiters too.
        seed: of sampling; sample k of question n is that of `sweep --samples`.
        batch_size, max_batch_size, device: not used, since the harness gives its own defaults whether they were typed or not:
            S1_MAX_CONCURRENT_REQUESTS requests are decoded at once, on S1_DEVICE.
    """

    def __init__(
        self,
        pretrained: str = "",
        engine: str = "",
        keep_thinking: bool = False,
        seed: int = 0,
        batch_size: int | str | None = None,
        max_batch_size: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__()
        settings = Settings.from_env(model=str(pretrained) or None, engine=engine or None)
        self._at_once = settings.max_concurrent_requests
        self._keep_thinking, self._seed = keep_thinking, seed
        self._runner = asyncio.Runner()  # one event loop for the engine's whole life
        self._engine: Engine = open_engine(settings)
        self._format = FORMATS[self._engine.info.format]

    def close(self) -> None:
        """Free the model."""
        self._runner.run(self._engine.close())
        self._runner.close()

    @property
    def tokenizer_name(self) -> str:
        """Names request caches."""
        return self._engine.info.model.replace("/", "__")

    @property
    def hub_tokenizer(self) -> Any:
        """The transformers tokenizer."""
        if not isinstance(self._engine.tokenizer, HubTokenizer):
            raise ModelError(f"The engine {self._engine.info.engine} has no chat template. Choose another engine.")
        return self._engine.tokenizer.hub

    def chat_template(self, chat_template: bool | str = False) -> str:
        """The template's source, kept with the results."""
        return str(self.hub_tokenizer.chat_template)

    def apply_chat_template(self, chat_history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
        """The prompt as text.

        Raises:
            InputError: more than a bare question; the reference's tasks have neither examples nor instructions.
        """
        if len(chat_history) != 1 or chat_history[0]["role"] != "user" or not add_generation_prompt:
            raise InputError("This model is asked bare questions. Leave out --num_fewshot, --system_instruction and gen_prefix.")
        before, after = self._engine.tokenizer.chat_affixes()
        return before + chat_history[0]["content"] + after

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Decode requests together, each under its own policy.

        Args:
            requests: context and gen_kwargs each; a context is a bare question, in the chat template or not.
            disable_tqdm: show no progress.

        Returns:
            Their texts, in order.

        Raises:
            InputError: gen_kwargs or a question that cannot work; nothing has been decoded then.
        """
        return self._runner.run(self._decode(requests, disable_tqdm))

    async def _decode(self, requests: list[Instance], disable_tqdm: bool) -> list[str]:
        from tqdm import tqdm

        info = self._engine.info
        asked = []
        for context, given in (request.args[:2] for request in requests):  # all of them before anything is decoded
            generation = read_gen_kwargs(given, self._format, info.context_length, self._seed)
            prompt = Prompt(self._engine, self._question(context))
            prompt.check(generation.policy)
            asked.append((prompt, generation))
        numbers = _sample_numbers(requests)
        bar = tqdm(total=len(requests), disable=disable_tqdm or None, desc="budget forcing")

        async def one(position: int) -> str:
            prompt, generation = asked[position]
            sampling = generation.sampling
            sampling = sampling.numbered(*numbers[position]) if sampling.temperature else sampling
            traces, _ = await decode_question(self._engine, prompt, {"run": generation.policy}, sampling)
            text = self._text(traces["run"], generation.until)
            self.cache_hook.add_partial("generate_until", requests[position].args, text)
            bar.update()
            return text

        with bar:
            return await map_or_cancel(one, range(len(asked)), self._at_once)

    def _question(self, context: str) -> str:
        before, after = self._engine.tokenizer.chat_affixes()
        if context.startswith(before) and context.endswith(after):
            return context[len(before) : len(context) - len(after)]
        return context

    def _text(self, trace: Trace, until: Sequence[str]) -> str:
        answer = trace.answer_text
        answer = answer[: min((at for text in until if text and (at := answer.find(text)) >= 0), default=len(answer))]
        if not self._keep_thinking:
            return answer
        stream = self._engine.tokenizer.text_stream()
        n_answer = trace.answer_tokens
        before = stream.text(tuple(trace.token_ids[: len(trace.token_ids) - n_answer])) + stream.flush()
        return before + answer

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """Not done: budget forcing generates. Raises InputError."""
        raise InputError("Budget forcing generates text and gives no likelihoods. Choose tasks of output_type generate_until.")

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Not done either. Raises InputError."""
        self.loglikelihood(requests)
        return []


def _sample_numbers(requests: Sequence[Instance]) -> list[tuple[int, int]]:
    """Question and sample of each request, as the sweep numbers them: sample 0 where there is one, else from 1 up."""
    seen: Counter[int] = Counter()
    numbers = []
    for request in requests:
        seen[id(request)] += 1
        several = (request.repeats or 1) > 1
        numbers.append((request.doc_id or 0, seen[id(request)] if several else 0))
    return numbers


def main() -> None:
    """Run lm-evaluation-harness's own command line with our model and tasks known."""
    from lm_eval.__main__ import cli_evaluate

    if "--include_path" not in sys.argv:
        sys.argv += ["--include_path", str(TASKS)]
    try:
        cli_evaluate()
    except S1Error as error:
        sys.exit(f"harness: {one_line(str(error))}")


if __name__ == "__main__":
    main()
