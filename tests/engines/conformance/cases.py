"""What every engine is asked."""

from __future__ import annotations

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.events import SamplingParams

ANSWER = 24  # tokens, so that a model which will not stop costs little
QUESTIONS = ("How many r in raspberry?", "What is 27+48+36+9?")
POLICIES = {
    **{f"cap {n}": BudgetPolicy(n, max_answer_tokens=ANSWER) for n in (0, 1, 16, 64)},
    "natural": BudgetPolicy(AUTO, max_answer_tokens=ANSWER),
    "2 Waits": BudgetPolicy(AUTO, 2, max_answer_tokens=ANSWER),
    "Waits until the budget is spent": BudgetPolicy(150, 9, max_answer_tokens=ANSWER),
    "an extension of several tokens": BudgetPolicy(200, 2, "Hmm, let me check", ANSWER),
}
CROWD = tuple(f"What is {n}+{n + 7}+{3 * n}?" for n in range(11, 27))  # 16 users at once
CROWD_POLICY = BudgetPolicy(12, max_answer_tokens=4)
HOT = SamplingParams(temperature=1.5, seed=7)
HOT_POLICY = BudgetPolicy(32, max_answer_tokens=8)

RECORDED_RUNS = [
    *((question, policy, SamplingParams()) for question in QUESTIONS for policy in POLICIES.values()),
    *((question, CROWD_POLICY, SamplingParams()) for question in CROWD),
    (QUESTIONS[0], HOT_POLICY, HOT),
]
