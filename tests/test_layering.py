"""The architecture's floors, checked: who may import whom, where literals live, what `import s1demo` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"torch", "transformers", "gradio", "vllm", "datasets", "plotly", "playwright"}
MODEL_LIBRARIES = {"torch", "transformers", "vllm"}
FLOORS = (  # a room imports from its own floor's earlier rooms and from the floors above it in this list, never from below
    ("s1demo.errors",),
    ("s1demo.delimiters", "s1demo.events", "s1demo.json_lines", "s1demo.reading", "s1demo.settings"),
    ("s1demo.budget", "s1demo.grading"),
    ("s1demo.policies", "s1demo.traces"),
    ("s1demo.engines",),
    ("s1demo.decoding", "s1demo.s1k"),
    ("s1demo.evals",),
    ("s1demo.plots",),
    ("s1demo.ui",),
    ("s1demo.bench",),
    ("s1demo.cli",),
    ("s1demo.__main__", "app"),
)
UI_FLOORS = (  # inside ui/: the shell, what runs stream through, what tabs are built from, the tabs, the whole
    ("page",),
    ("stream",),
    ("questions", "controls"),
    ("exhibit",),
    ("asking", "api"),
    ("replay", "compare", "timeline", "race", "s1k", "scaling", "lesson"),
    ("app",),
)
TABS = UI_FLOORS[-2]
TRAINING_FLOORS = (
    ("training.recipes",),
    ("training.remote",),
    ("training.curation",),
    ("training.sft", "training.evaluate"),
    ("training.harness", "training.harness_tasks", "training.publish", "training.mini"),
)
MINI_FLOORS = (
    ("wording.texts",),
    ("domains",),
    ("wording",),
    ("problems", "recipe"),
    ("language",),
    ("pretraining",),
    ("benchmarks", "export", "gate", "pool", "pretrain"),
    ("__main__", "measure"),
    ("cut_at_end",),
)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path, top_level_only: bool = False) -> set[str]:
    """The modules a file imports; with `from a import b` both `a` and `a.b`."""
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


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor_of(name: str, floors: tuple[tuple[str, ...], ...]) -> tuple[int, str] | None:
    """The floor and the room of a module."""
    for number, rooms in enumerate(floors):
        for room in rooms:
            if name == room or name.startswith(room + "."):
                return number, room
    return None


def wrong_arrows(paths: list[Path], floors: tuple[tuple[str, ...], ...], prefix: str = "") -> list[str]:
    """Imports that point upwards, or between two rooms of one floor."""
    found = []
    for path in paths:
        here = floor_of(module_name(path), floors)
        assert here is not None, f"{module_name(path)} is in no room; say in this test on which floor it stands"
        for name in sorted(imports(path)):
            there = floor_of(name, floors)
            if there is not None and there[1] != here[1] and there[0] >= here[0]:
                found.append(f"{module_name(path)} -> {name}")
    return found


def inside(package: str, floors: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(f"{package}.{room}" for room in rooms) for rooms in floors)


def test_the_products_imports_point_downwards():
    paths = [path for path in modules("s1demo") if path != ROOT / "s1demo" / "__init__.py"]
    assert wrong_arrows([*paths, ROOT / "app.py"], FLOORS) == []


def test_the_pages_imports_point_downwards():
    paths = [path for path in modules("s1demo/ui") if path != ROOT / "s1demo" / "ui" / "__init__.py"]
    floors = inside("s1demo.ui", UI_FLOORS)
    allowed = {"s1demo.ui.lesson": "s1demo.ui.replay"}  # the lesson teaches from a recording
    arrows = [arrow for arrow in wrong_arrows(paths, floors) if not any(arrow.startswith(a) and f"-> {b}" in arrow for a, b in allowed.items())]
    assert arrows == []


def test_trainings_imports_point_downwards():
    paths = [path for path in modules("training") if path != ROOT / "training" / "__init__.py"]
    assert wrong_arrows(paths, TRAINING_FLOORS) == []
    assert not [path for path in modules("s1demo") if "training" in roots(imports(path))], "the product must not import training"
    mini = [path for path in modules("training/mini") if path.parent != ROOT / "training" / "mini" or path.name != "__init__.py"]
    assert wrong_arrows(mini, inside("training.mini", MINI_FLOORS)) == []


@pytest.mark.parametrize("package", ["s1demo", "training"])
def test_no_import_goes_in_a_circle(package):
    names = {module_name(path): path for path in modules(package)}
    graph = {name: {n for n in imports(path, top_level_only=True) if n in names and n != name} for name, path in names.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(names)


@pytest.mark.parametrize("path", modules("s1demo"), ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_in_their_rooms(path):
    name = module_name(path)
    libraries = roots(imports(path))
    if not name.startswith(("s1demo.ui", "s1demo.bench")):
        assert "gradio" not in libraries, "gradio belongs to ui/ and app.py"
    if not name.startswith(("s1demo.engines", "s1demo.bench")):
        assert not libraries & MODEL_LIBRARIES, "model libraries belong to their engine"
    assert not roots(imports(path, top_level_only=True)) & MODEL_LIBRARIES, "import model libraries in functions"
    if name.startswith("s1demo.engines"):
        assert not any(n.startswith(("s1demo.budget", "s1demo.policies")) for n in imports(path)), "an engine knows segments, not budgets"
    if name not in ("s1demo.settings", "s1demo.bench.screenshots"):
        assert "os.environ" not in path.read_text(), "settings.py is the only reader of environment variables"


def test_the_forcer_is_stdlib_and_pure():
    path = ROOT / "s1demo" / "budget.py"
    outside = {n for n in imports(path) if not n.startswith(("s1demo.", "dataclasses", "typing", "__future__"))}
    assert not outside
    assert not {"time", "asyncio", "open"} & {n.id for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Name)}


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, s1demo, s1demo.decoding.runs, s1demo.traces, s1demo.engines; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert not HEAVY & set(loaded)


def test_delimiters_are_spelled_out_in_one_place():
    literals = ("<|im_start|>", "<|im_end|>", "Final Answer", "<think>", "</think>")
    sources = [*modules("s1demo"), *modules("training"), ROOT / "app.py", *sorted((ROOT / "s1demo").rglob("*.js"))]
    offenders = [
        f"{path.relative_to(ROOT)}: {literal}"
        for path in sources
        if path != ROOT / "s1demo" / "delimiters.py"
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
