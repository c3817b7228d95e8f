"""The recipe for s1 models: curation, fine-tuning, evaluation, publishing, and the same at miniature size."""

import sys
from pathlib import Path

if sys.argv[:1] == ["-m"] and "-m" in sys.orig_argv:  # `python -m training.something`, before that module is run
    _name = sys.orig_argv[sys.orig_argv.index("-m") + 1]
    _file = Path(__file__).parent.joinpath(*_name.split(".")[1:]).with_suffix(".py")
    if _name.startswith("training.") and _file.is_file() and "__main__" not in _file.read_text(encoding="utf-8"):
        sys.exit(f"{_name} is no command. training/README.md lists those that are.")  # Python would say nothing and exit with 0
