"""What the final answer is, and whether it is right: the only place that decides.

`decide` applies cheap exact rules (equal after normalisation, integers, decimals, words, option letters). `grade` calls what they
leave open unscorable. Both are safe in an event loop. A `Grader` takes what they leave open, formulas and nothing else, to
math-verify in processes of its own; a comparison that takes longer than five seconds or crashes is killed and the answer is
unscorable. An answer that cannot be read is unscorable, never wrong (or the letter A) by default.

The paper asks GPT-4o-mini instead (temperature 0.5): it is given the true answer and earlier answers to the question as a list,
returns the index of the one that is equivalent, and reads GPQA's letters, of which those it cannot read count as A (harness:
tasks/aime, tasks/openai_math, tasks/gpqa). Ours gives the same verdict every time and needs no network. It understands formulas,
not sentences: "one half" for 1/2 is unscorable here, a rounded decimal is incorrect, and an unread letter is counted as that.
"""

from s1demo.grading.extraction import extract_answer
from s1demo.grading.grader import Grader
from s1demo.grading.outcomes import Kind, Outcome
from s1demo.grading.rules import Judge, decide, grade

__all__ = ["Grader", "Judge", "Kind", "Outcome", "decide", "extract_answer", "grade"]
