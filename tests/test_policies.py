"""Policies by name, from JSON a person typed."""

from __future__ import annotations

import json

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.errors import InputError
from s1demo.policies import policy_label, read_policies

THREE = {"short": BudgetPolicy(16), "natural": BudgetPolicy(), "long": BudgetPolicy(AUTO, 2, "Hmm", 8)}
AS_OBJECT = {"short": {"max_thinking_tokens": 16}, "natural": {}, "long": {"num_ignore": 2, "extension": "Hmm", "max_answer_tokens": 8}}


def test_an_object_or_a_list_or_a_file_names_policies(tmp_path):
    as_list = [{"name": name, **settings} for name, settings in AS_OBJECT.items()]
    file = tmp_path / "policies.json"
    file.write_text(json.dumps(AS_OBJECT))
    for text in (json.dumps(AS_OBJECT), json.dumps(as_list), f"@{file}"):
        policies = read_policies(text)
        assert policies == THREE and list(policies) == list(THREE)
    everything = {"max_thinking_tokens": "auto", "num_ignore": 0, "extension": "Wait", "max_answer_tokens": "auto"}
    assert read_policies(json.dumps({"a": everything})) == {"a": BudgetPolicy()}, "as a trace states its policy"


def test_a_list_may_leave_the_names_out():
    text = '[{"max_thinking_tokens": 64}, {}, {"num_ignore": 2}, {"num_ignore": 1, "extension": "\\n"}, {"num_ignore": 2, "extension": ""}, {"max_thinking_tokens": 9, "num_ignore": 3}]'
    assert list(read_policies(text)) == ["budget 64", "natural", "Wait x2", "newline x1", "no text x2", "budget 9, Wait x3"]
    assert policy_label(BudgetPolicy(0)) == "budget 0"


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("{'a': {}}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"a": {"num_ignore": ' + "9" * 5000 + "}}", "not JSON"),
        ("3", "neither an object nor a list"),
        ("null", "neither an object nor a list"),
        ("{}", "names no policy"),
        ("[]", "names no policy"),
        ('{"a": 3}', "'a' is no object"),
        ('[[{"num_ignore": 1}]]', "number 1 is no object"),
        ('{"a": {}, "a": {"num_ignore": 1}}', "'a' twice"),
        ('[{}, {"num_ignore": 1}, {"max_answer_tokens": 9}]', "two policies named 'natural'"),
        ('{"a": {"budget": 3}}', "unknown setting 'budget'. The settings are: max_thinking_tokens, num_ignore, extension, max_answer_tokens"),
        ('{"a": {"name": "b"}}', "unknown setting 'name'"),
        ('{"a": {"num_ignore": 1, "num_ignore": 2}}', "'num_ignore' twice"),
        ('[{"name": "a", "name": "b"}]', "'name' twice"),
        ('{"": {}}', "is no name"),
        ('{"a\\nb": {}}', "is no name"),
        ('[{"name": 3}]', "is no name"),
        ('[{"num_ignore": 1, "extension": "\\u001b[31m"}]', "is no name"),
        ('{"a": {"max_thinking_tokens": -1}}', "Policy 'a': The thinking budget is -1"),
        ('{"a": {"max_thinking_tokens": NaN}}', "whole number"),
        ('{"a": {"max_answer_tokens": null}}', "whole number"),
        ('{"a": {"num_ignore": "2"}}', "whole number"),
        ('{"a": {"num_ignore": true}}', "whole number"),
        ('{"a": {"num_ignore": 2, "extension": 3}}', "extension string"),
        ('{"a": {"num_ignore": 1, "max_thinking_tokens": 0}}', "Raise the budget"),
        ("@no-such-file.json", "Cannot read policies from 'no-such-file.json': No such file"),
        ("@", "Cannot read policies"),
        ("@.", "Cannot read policies"),
    ],
)
def test_what_is_no_policy_is_refused_by_name(text, complaint):
    with pytest.raises(InputError) as refused:
        read_policies(text)
    assert complaint in str(refused.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "odd").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_policies(f"@{tmp_path / 'odd'}")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match=r"bad\.json is not JSON"):
        read_policies(f"@{tmp_path / 'bad.json'}")
