"""The architecture's arrows, checked: who may import whom, where literals live, what `import s1demo` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "s1demo"
HEAVY = {"torch", "transformers", "gradio", "vllm", "datasets", "plotly", "playwright"}
PURE = {"budget", "events", "delimiters", "errors"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    nodes = tree.body if top_level_only else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_module_imports_point_downwards(path):
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    names = imports(path)
    assert "training" not in roots(names), "the product must not import training"
    if not name.startswith("ui/"):
        assert "gradio" not in roots(names), "gradio belongs to ui/ and app.py"
        known = {"s1demo.ui", "s1demo.ui.bench"} if name == "cli/benchmark" else set()  # `bench --ui`
        assert not [n for n in names - known if n.startswith("s1demo.ui")], "only app.py and ui/ may know the ui"
    if not name.startswith(("engines/", "bench")):
        assert not roots(names) & {"torch", "transformers", "vllm"}, "model libraries belong to their engine"
    assert not roots(imports(path, top_level_only=True)) & {"torch", "transformers", "vllm"}, "import model libraries in functions"
    if name.startswith("engines/") and name != "engines/__init__":
        forbidden = ("s1demo.budget", "s1demo.decode", "s1demo.ui")
        assert not any(n.startswith(forbidden) for n in names), "an engine knows segments, not budgets"
    if name in PURE:
        assert not any(n.startswith(("s1demo.engines", "s1demo.decode", "s1demo.traces", "s1demo.settings")) for n in names)
    if name != "settings" and name != "ui/screenshots":
        assert "os.environ" not in path.read_text(), "settings.py is the only reader of environment variables"


def test_the_forcer_is_stdlib_and_pure():
    outside = {n for n in imports(PACKAGE / "budget.py") if not n.startswith(("s1demo.", "dataclasses", "typing", "__future__"))}
    assert not outside
    assert not {"time", "asyncio", "open"} & {n.id for n in ast.walk(ast.parse((PACKAGE / "budget.py").read_text())) if isinstance(n, ast.Name)}


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, s1demo, s1demo.decode, s1demo.traces, s1demo.engines; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert not HEAVY & set(loaded)


def test_delimiters_are_spelled_out_in_one_place():
    literals = ("<|im_start|>", "<|im_end|>", "Final Answer", "<think>", "</think>")
    sources = [*modules(), *sorted((ROOT / "training").rglob("*.py")), ROOT / "app.py", *sorted(PACKAGE.rglob("*.js"))]
    offenders = [
        f"{path.relative_to(ROOT)}: {literal}"
        for path in sources
        if path != PACKAGE / "delimiters.py"
        for literal in literals
        if any(literal in text for text in _strings(path))
    ]
    assert not offenders


def _strings(path: Path) -> list[str]:
    """String constants of a module, docstrings left out; the whole text of other files."""
    text = path.read_text()
    if path.suffix != ".py":
        return [text]
    tree = ast.parse(text)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docstrings]
