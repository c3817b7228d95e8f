"""Requests that agree are decoded once, and nobody can tell: ids, ends and cancels are those of requests on their own."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.runs import compare, decode_batch, whole_segment
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.engines.local.engine import TransformersEngine
from s1demo.engines.replay import replay
from s1demo.errors import EngineError, InputError
from s1demo.evals.benchmarks import load_benchmark
from s1demo.events import EngineInfo, FinishReason, Request, SamplingParams, Segment
from s1demo.policies import comparison_policies, policy_label
from s1demo.settings import Settings
from s1demo.traces import TraceBuilder
from tests.drivers import first_request, stream_events, token_ids
from tests.engines.test_local import QUESTIONS

CONTEXT = 60
STOPS, OTHER_STOPS = frozenset({0, 1}), frozenset({1, 2})
HOT = SamplingParams(temperature=0.8, seed=5)


class ToyEngine:
    """Picks each of 25 tokens by a hash of the ids before it; where samples go by the request, by its begin and place in it, too."""

    def __init__(self, samples_by_position=True, rng=None):
        self.info = EngineInfo("toy", "toy", "CPU", None, CONTEXT, "s1", samples_by_position)
        self.tokenizer = None
        self.active_requests = 0
        self.requests = []
        self.decoded = []  # all that each token depends on
        self.fails_after = None  # tokens of a request
        self._rng = rng

    async def stream(self, request):
        self.active_requests += 1
        self.requests.append(request)
        ids = list(request.prompt_ids)
        try:
            for n in range(request.max_new_tokens):
                for _ in range(self._rng.choice((0, 1, 1, 2, 5)) if self._rng else 1):
                    await asyncio.sleep(0)
                if n == self.fails_after:
                    raise EngineError("out of memory")
                token_id, logprob = self.pick(request, tuple(ids), n)
                logprobs = (logprob,) if request.logprobs else None
                if token_id in request.stop_ids:
                    yield Segment((), FinishReason.STOP, token_id, logprobs)
                    return
                ids.append(token_id)
                full = n + 1 == request.max_new_tokens or len(ids) == CONTEXT
                yield Segment((token_id,), FinishReason.LENGTH if full else None, logprobs=logprobs)
                if full:
                    return
        finally:
            self.active_requests -= 1

    def pick(self, request, ids, n):
        masked = n < request.min_tokens
        place = (len(request.prompt_ids), n) if request.sampling.temperature and not self.info.samples_by_position else ()
        self.decoded.append((ids, request.sampling, request.stop_ids if masked else None, place))
        source = random.Random(repr((ids, request.sampling, place)))
        order = source.sample(range(25), 25)
        return next(i for i in order if not (masked and i in request.stop_ids)), -float(sum(ids))


def alone(request, samples_by_position=True):
    return asyncio.run(whole_segment(ToyEngine(samples_by_position), request))


async def take(stream, n_ids):
    """The first ids of a stream, which stays open."""
    ids = []
    while len(ids) < n_ids:
        ids += (await stream.__anext__()).token_ids
    return ids


def served(requests, engine=None):
    """One after another through one coalescing engine."""
    shared = CoalescingEngine(engine or ToyEngine())

    async def each():
        return [await whole_segment(shared, request) for request in requests]

    return asyncio.run(asyncio.wait_for(each(), 10)), shared


def unstopped(length=40, **options):
    """A request that meets no stop, and one whose minimum keeps a stop away, among toy prompts."""
    return next(request for n in range(1000) if len(alone(request := Request((3, n), length, STOPS, **options)).token_ids) == length)


@pytest.mark.parametrize("limits", [(9, 5, 4, 1), (4, 5, 9, 30), (5, 5), (30, 31, 58, 99)])
@pytest.mark.parametrize("by_position", [True, False])
@pytest.mark.parametrize("sampling", [SamplingParams(), HOT], ids=["greedy", "sampled"])
def test_any_order_of_limits_gives_the_ids_of_requests_alone(limits, by_position, sampling):
    prompt = unstopped(sampling=sampling).prompt_ids
    requests = [Request(prompt, limit, STOPS, sampling=sampling) for limit in limits]
    inner = ToyEngine(by_position)
    together, shared = served(requests, inner)
    assert together == [alone(request, by_position) for request in requests]
    assert shared.independent_tokens == sum(len(segment.token_ids) for segment in together)
    if by_position or not sampling.temperature:
        assert shared.engine_tokens == max(len(segment.token_ids) for segment in together)
        assert len(inner.decoded) == len(set(inner.decoded)), "a token was decoded twice"
    assert inner.active_requests == shared.active_requests == 0


def test_all_who_ask_together_are_one_request_and_see_tokens_as_they_come():
    request = unstopped()
    inner, longest = ToyEngine(), 40

    async def crowd():
        shared = CoalescingEngine(inner)
        seen = []

        async def follow(limit):
            async with aclosing(shared.stream(Request(request.prompt_ids, limit, STOPS))) as segments:
                async for segment in segments:
                    assert len(segment.token_ids) == 1, "it came late"
                    seen.append(limit)

        await asyncio.gather(*(follow(limit) for limit in (3, longest, 20)))
        return shared, seen

    shared, seen = asyncio.run(crowd())
    assert [request.max_new_tokens for request in inner.requests] == [longest]
    assert (shared.engine_tokens, shared.independent_tokens) == (longest, 3 + longest + 20)
    assert seen == [*[3, longest, 20] * 3, *[longest, 20] * 17, *[longest] * 20]


def test_one_who_comes_late_gets_the_backlog_at_once_and_the_rest_live():
    request = unstopped()
    inner = ToyEngine()

    async def late():
        shared = CoalescingEngine(inner)
        first = shared.stream(Request(request.prompt_ids, 10, STOPS))
        begun = await take(first, 6)
        second = shared.stream(request)
        backlog = await second.__anext__()
        further = shared.stream(Request((*request.prompt_ids, *begun[:4]), 20, STOPS))  # from further along
        ahead = await further.__anext__()
        rest = [[token_id async for segment in stream for token_id in segment.token_ids] for stream in (first, second, further)]
        return shared, begun, backlog.token_ids, ahead.token_ids, rest

    shared, begun, backlog, ahead, (first, second, further) = asyncio.run(late())
    ids = alone(request).token_ids
    assert backlog == tuple(begun) == ids[:6] and ahead == ids[4:6]
    assert (*begun, *first) == ids[:10] and (*backlog, *second) == ids and (*ahead, *further) == ids[4:24]
    assert shared.engine_tokens == len(inner.decoded) == len(set(inner.decoded)) == 40
    assert [len(request.prompt_ids) for request in inner.requests] == [2, 12], "it went on from the prefix"


@pytest.mark.parametrize("by_position", [True, False])
def test_a_later_continuation_is_shared_only_where_samples_go_by_position(by_position):
    request = unstopped(sampling=HOT)
    inner = ToyEngine(by_position)
    further = Request((*request.prompt_ids, *alone(request, by_position).token_ids[:7]), 12, STOPS, sampling=HOT)
    together, _ = served([request, further], inner)
    assert together == [alone(request, by_position), alone(further, by_position)]
    assert len(inner.requests) == (1 if by_position else 2)


def test_minimums_are_shared_only_where_they_mask_the_same_tokens():
    request = next(r for n in range(1000) if 4 <= len(alone(r := Request((4, n), 40, STOPS)).token_ids) < 8)
    length = len(alone(request).token_ids)
    for minimum in (length, length + 1, length + 3):
        masked = Request(request.prompt_ids, 40, STOPS, minimum)
        for order in ([request, masked], [masked, request]):
            inner = ToyEngine()
            together, _ = served(order, inner)
            assert together == [alone(each) for each in order]
            assert len(inner.requests) == 2
        ids = alone(masked).token_ids
        for taken in range(min(minimum + 3, len(ids) + 1)):
            for least in range(minimum + 3):
                further = Request((*request.prompt_ids, *ids[:taken]), 10, STOPS, least)
                inner = ToyEngine()
                together, _ = served([masked, further], inner)
                assert together[1] == alone(further)
                assert len(inner.requests) == (1 if taken + least == max(minimum, taken) else 2)


def test_other_stops_seeds_and_prompts_are_other_requests():
    requests = [
        Request((3, 4), 20, STOPS),
        Request((3, 4), 20, OTHER_STOPS),
        Request((3, 4), 20),
        Request((3, 4), 20, STOPS, sampling=HOT),
        Request((3, 4), 20, STOPS, sampling=SamplingParams(temperature=0.8, seed=6)),
        Request((3, 5), 20, STOPS),
        Request((3,), 20, STOPS),
    ]
    inner = ToyEngine()
    together, _ = served(requests, inner)
    assert together == [alone(request) for request in requests] and len(inner.requests) == len(requests)


def test_probabilities_come_to_those_who_asked_and_only_to_them():
    prompt = next(r for n in range(1000) if 4 <= len(alone(r := Request((4, n), 40, STOPS)).token_ids) < 20).prompt_ids
    plain, told = Request(prompt, 40, STOPS), Request(prompt, 40, STOPS, logprobs=True)
    prefix = Request(prompt, 3, STOPS, logprobs=True)
    for order, n_requests in [([told, plain, prefix], 1), ([plain, told, prefix], 2), ([prefix, plain, told], 2)]:
        inner = ToyEngine()
        together, _ = served(order, inner)
        assert together == [alone(request) for request in order]
        assert len(inner.requests) == n_requests
    end = alone(told)
    at_the_stop, _ = served([told, Request((*prompt, *end.token_ids), 5, STOPS, logprobs=True)])
    assert at_the_stop[1] == Segment((), FinishReason.STOP, end.stop_id, end.logprobs[-1:])


@pytest.mark.parametrize("who", ["first", "longest", "shortest"])
def test_closing_one_disturbs_nobody_and_closing_the_last_ends_the_work(who):
    request = unstopped()
    limits = {"first": 30, "longest": 40, "shortest": 20}
    inner = ToyEngine()

    async def leave():
        shared = CoalescingEngine(inner)
        streams = {name: shared.stream(Request(request.prompt_ids, limit, STOPS)) for name, limit in limits.items()}
        seen = {name: await take(stream, 5) for name, stream in streams.items()}
        await streams.pop(who).aclose()
        assert inner.active_requests == 1 and shared.active_requests == 2
        for name, stream in streams.items():
            seen[name] += await take(stream, 10)
            await stream.aclose()
        assert inner.active_requests == shared.active_requests == 0
        decoded = len(inner.decoded)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(inner.decoded) == decoded, "it went on for nobody"
        return seen, await whole_segment(shared, request), shared

    seen, whole, shared = asyncio.run(leave())
    ids = alone(request).token_ids
    assert all(tuple(part) == ids[: len(part)] for part in seen.values())
    assert whole.token_ids == ids and shared.engine_tokens == 40


def test_nobody_decodes_for_those_who_left_and_one_may_come_back_in_the_same_moment():
    request = unstopped()
    inner = ToyEngine()

    async def come_and_go():
        shared = CoalescingEngine(inner)
        short, long = shared.stream(Request(request.prompt_ids, 8, STOPS)), shared.stream(request)
        begun, _ = await asyncio.gather(take(short, 3), take(long, 3))
        await long.aclose()
        rest = [token_id async for segment in short for token_id in segment.token_ids]
        await asyncio.sleep(0)
        assert inner.active_requests == 0 and len(inner.decoded) == 8
        again = shared.stream(request)
        await take(again, 12)
        leaving = asyncio.create_task(again.aclose())
        returning = asyncio.create_task(whole_segment(shared, request))
        await leaving
        return begun + rest, await returning

    short, whole = asyncio.run(come_and_go())
    assert tuple(short) == alone(request).token_ids[:8] and whole == alone(request)
    assert inner.active_requests == 0


def test_an_error_reaches_all_and_the_next_request_starts_anew():
    request = unstopped()
    inner = ToyEngine()
    inner.fails_after = 7

    async def crowd():
        shared = CoalescingEngine(inner)
        seen = [[] for _ in range(3)]

        async def follow(ids, limit):
            async with aclosing(shared.stream(Request(request.prompt_ids, limit, STOPS))) as segments:
                async for segment in segments:
                    ids += segment.token_ids

        outcomes = await asyncio.gather(*(follow(ids, limit) for ids, limit in zip(seen, (40, 30, 5), strict=True)), return_exceptions=True)
        assert shared.active_requests == inner.active_requests == 0
        inner.fails_after = None
        return outcomes, seen, await whole_segment(shared, request)

    outcomes, seen, again = asyncio.run(asyncio.wait_for(crowd(), 5))
    assert [type(outcome) for outcome in outcomes] == [EngineError, EngineError, type(None)]
    assert all("out of memory" in str(outcome) for outcome in outcomes[:2])
    assert [len(ids) for ids in seen] == [7, 7, 5], "what was decoded before it is handed out"
    assert again == alone(request)


def test_an_engine_that_breaks_off_is_an_error():
    class Quitter(ToyEngine):
        async def stream(self, request):
            yield Segment((7,))

    with pytest.raises(EngineError, match="broke off"):
        served([Request((3, 4), 20, STOPS)], Quitter())


def test_closing_the_coalescing_engine_ends_its_streams_and_leaves_the_engine_inside_open():
    request = unstopped()
    inner = ToyEngine()

    async def close():
        shared = CoalescingEngine(inner)
        assert CoalescingEngine.around(shared) is shared
        stream = shared.stream(request)
        await take(stream, 4)
        await shared.close()
        assert inner.active_requests == 0
        with pytest.raises(EngineError, match="closed"):
            await take(stream, 4)
        with pytest.raises(EngineError, match="closed"):
            await whole_segment(shared, request)
        return await whole_segment(inner, request)

    assert asyncio.run(close()) == alone(request)


def test_requests_no_engine_could_serve_are_refused():
    for request, complaint in [(Request((), 5), "empty"), (Request((5,) * CONTEXT, 5), "Shorten"), (Request((5,), 0), "at least 1")]:
        with pytest.raises(InputError, match=complaint):
            served([request])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("by_position", [True, False])
def test_a_random_crowd_gets_what_each_would_get_alone(seed, by_position):
    """Visitors with few prompts between them come, go on from others' ids, leave early and come back, in any order."""
    rng = random.Random(seed)
    inner = ToyEngine(by_position, rng)
    crowd = []  # (request, ids so far, last segment or None where the visitor left)

    def random_request():
        sampling = rng.choice((SamplingParams(), SamplingParams(), HOT))
        prompt, least = (rng.randrange(3, 6), rng.randrange(2)), rng.choice((0, 0, 1, 6))
        if crowd and rng.random() < 0.5:
            other, ids, _ = rng.choice(crowd)
            taken = rng.randrange(len(ids) + 1)
            sampling, prompt = other.sampling, (*other.prompt_ids, *ids[:taken])
            least = rng.choice((least, max(0, other.min_tokens - taken)))
            if rng.random() < 0.2:
                prompt += (rng.randrange(3, 25),)
        stops = rng.choice((STOPS, STOPS, OTHER_STOPS))
        return Request(prompt[: CONTEXT - 1], rng.choice((1, 4, 9, 25, 90)), stops, least, sampling, rng.random() < 0.2)

    async def visit(shared):
        entry = [random_request(), [], None]
        crowd.append(entry)
        patience = rng.choice((0, 1, 5, 1000, 1000, 1000))
        async with aclosing(shared.stream(entry[0])) as segments:
            async for segment in segments:
                entry[1] += segment.token_ids
                if segment.finish_reason is not None:
                    entry[2] = segment
                elif len(entry[1]) >= patience:
                    break

    async def all_day():
        shared = CoalescingEngine(inner)
        visits = []
        for _ in range(150):
            visits.append(asyncio.create_task(visit(shared)))
            for _ in range(rng.choice((0, 0, 1, 4, 30))):
                await asyncio.sleep(0)
            if rng.random() < 0.1:
                rng.choice(visits).cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        assert [visit for visit in visits if not visit.cancelled() and visit.exception()] == []
        assert shared.active_requests == inner.active_requests == 0
        return shared

    shared = asyncio.run(asyncio.wait_for(all_day(), 30))
    for request, ids, last in crowd:
        expected = alone(request, by_position)
        if last is None:
            assert tuple(ids) == expected.token_ids[: len(ids)]
        else:
            assert (tuple(ids), last.finish_reason, last.stop_id) == (expected.token_ids, expected.finish_reason, expected.stop_id)
    assert sum(last is not None for _, _, last in crowd) >= 60
    assert shared.independent_tokens == sum(len(ids) for _, ids, _ in crowd) > shared.engine_tokens > 0


CURVE = [BudgetPolicy(n) for n in (16, 32, 64, 128, 256)] + [BudgetPolicy(AUTO, n) for n in (0, 1, 2, 4, 6)]


async def compared(engine, question, policies, sampling=SamplingParams()):
    """The events of each run of one comparison, and the engine they shared."""
    shared, events = CoalescingEngine(engine), {name: [] for name in policies}
    async with aclosing(compare(shared, question, policies, sampling)) as stream:
        async for name, event in stream:
            events[name].append(event)
    return events, shared


@pytest.mark.slow
def test_a_whole_curve_costs_little_more_than_its_longest_run():
    """The target of this exhibit: 50 questions, ten policies each, the ids of independent runs for 0.35 of their tokens."""
    engine = TransformersEngine(Settings(max_concurrent_requests=48))
    questions = [problem.question for problem in load_benchmark("mini")[:50]]
    policies = {policy_label(policy): policy for policy in CURVE}

    async def both():
        together = []
        for begin in range(0, len(questions), 10):
            together += await asyncio.gather(*(compared(engine, question, policies) for question in questions[begin : begin + 10]))
        independent = await decode_batch(engine, [(question, policy) for question in questions for policy in CURVE], max_concurrent=48)
        await engine.close()
        return together, independent

    together, independent = asyncio.run(both())
    assert len(questions) >= 50
    alone = iter(independent)
    different = [
        (question, name)
        for question, (events, _) in zip(questions, together, strict=True)
        for name in policies
        if token_ids(events[name]) != token_ids(next(alone))
    ]
    assert not different
    engine_tokens = sum(shared.engine_tokens for _, shared in together)
    independent_tokens = sum(shared.independent_tokens for _, shared in together)
    print(f"engine {engine_tokens}, independent {independent_tokens}, ratio {engine_tokens / independent_tokens:.3f}")
    assert engine_tokens <= 0.35 * independent_tokens


def test_a_sampled_comparison_equals_its_runs_alone(engine):
    policies = {policy_label(policy): policy for policy in (BudgetPolicy(9), BudgetPolicy(30), BudgetPolicy(), BudgetPolicy(AUTO, 2))}
    for question, seed in [(QUESTIONS[0], 5), (QUESTIONS[8], 6)]:
        hot = SamplingParams(temperature=0.8, seed=seed)
        events, shared = asyncio.run(compared(engine, question, policies, hot))
        runs_alone = {name: token_ids(stream_events(engine, question, policy, hot)) for name, policy in policies.items()}
        assert {name: token_ids(run) for name, run in events.items()} == runs_alone
        assert shared.engine_tokens < shared.independent_tokens


def test_the_engine_is_idle_when_the_last_sharer_has_left(engine):
    request = Request(first_request(engine, QUESTIONS[0]).prompt_ids, 900)

    async def leave():
        shared = CoalescingEngine(engine)
        streams = [shared.stream(request) for _ in range(3)]
        seen = [await take(stream, 8) for stream in streams]
        await streams[0].aclose()
        assert engine.active_requests == 1, "the others still need it"
        seen[1] += await take(streams[1], 8)
        await streams[1].aclose()
        await streams[2].aclose()
        assert engine.active_requests == 0
        await asyncio.sleep(0.1)  # a step under way may end
        fed = engine.decoder.tokens_fed
        await asyncio.sleep(0.2)
        assert engine.decoder.tokens_fed == fed
        late = await whole_segment(shared, Request(request.prompt_ids, 60))
        return seen, late.token_ids, await whole_segment(engine, Request(request.prompt_ids, 60))

    seen, late, whole = asyncio.run(leave())
    assert late == whole.token_ids
    assert all(tuple(ids)[:60] == whole.token_ids[: len(ids)] for ids in seen)


def test_traces_of_a_shared_comparison_are_recordings(engine):
    """Times never run backwards, each run's text appeared while it was decoded, and the replay engine plays it again."""
    policies = comparison_policies(12, 2)

    async def record():
        builders = {name: TraceBuilder(QUESTIONS[0], engine.info, policy) for name, policy in policies.items()}
        async with aclosing(compare(engine, QUESTIONS[0], policies)) as stream:
            async for name, event in stream:
                builders[name].add(event)
        return {name: builder.trace() for name, builder in builders.items()}

    traces = asyncio.run(record())
    for trace in traces.values():
        assert trace.token_seconds == sorted(trace.token_seconds) and trace.seconds >= trace.token_seconds[-1] > trace.token_seconds[0] > 0
        assert sum(len(segment.token_ids) for segment in trace.segments()) == trace.sampled_tokens
    player = replay(list(traces.values()), engine.tokenizer, speed=0)
    events, shared = asyncio.run(compared(player, QUESTIONS[0], policies))
    assert {name: token_ids(run) for name, run in events.items()} == {name: trace.token_ids for name, trace in traces.items()}
    assert shared.engine_tokens < shared.independent_tokens == sum(trace.sampled_tokens for trace in traces.values())
