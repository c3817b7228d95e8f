"""The command line: ask, compare, probe, sweep, grade, bench. The same functions as the app, as text or as one JSON object."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

from s1demo.cli.benchmark import BAD_INPUT
from s1demo.cli.engine import INTERRUPTED
from s1demo.cli.options import parser
from s1demo.cli.terminal import one_line
from s1demo.errors import S1Error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; the process's own by default.

    Returns:
        The exit code: 0, 2 for bad input (one line on stderr), 130 after Ctrl-C.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(arguments)
    options.typed = shlex.join(["python", "-m", "s1demo", *arguments])
    try:
        return int(options.command(options) or 0)
    except S1Error as error:
        print(f"s1demo: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("s1demo: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a full disk behind stdout, for one
        print(f"s1demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
