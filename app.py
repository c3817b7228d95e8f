"""The exhibit: settings -> engine -> page. `python app.py` serves it; Hugging Face Spaces runs the same file."""

from __future__ import annotations

import sys

from s1demo.engines import open_engine
from s1demo.errors import S1Error
from s1demo.settings import Settings
from s1demo.ui.app import build_app, launch_settings

if __name__ != "__mp_main__":  # a process that vLLM spawns imports this file again and must not open a second engine
    try:
        settings = Settings.from_env()
        engine = open_engine(settings)
    except S1Error as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None

    demo = build_app(engine, settings)

if __name__ == "__main__":
    try:
        demo.launch(**launch_settings(settings))
    except OSError:  # no free port, or the host is not this machine's
        port = f"port {settings.port}" if settings.port else "any port from 7860"
        print(f"error: cannot serve on {port}. Set S1_PORT to a free one, S1_HOST to this machine's address.", file=sys.stderr)
        raise SystemExit(2) from None
