"""Assembles the exhibit: header, tabs, endpoints, and the launch settings that keep a public page safe."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gradio as gr

from s1demo.engines import Engine
from s1demo.events import EngineInfo
from s1demo.settings import Settings
from s1demo.ui.api import add_endpoints
from s1demo.ui.compare.tab import build_compare_tab
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.lesson.tab import build_lesson_tab
from s1demo.ui.page.address import Fields, connect_address
from s1demo.ui.page.bundle import head, stylesheet
from s1demo.ui.page.component import PRIVATE, literal, scripted
from s1demo.ui.page.model_card import chip_and_card
from s1demo.ui.page.static import static_routes
from s1demo.ui.page.theme import gradio_theme
from s1demo.ui.page.translation import LANGUAGES, said, translations
from s1demo.ui.questions import QuestionBank
from s1demo.ui.race.tab import build_race_tab
from s1demo.ui.replay.tab import build_replay_tab
from s1demo.ui.s1k.tab import build_data_tab
from s1demo.ui.scaling.tab import build_scaling_tab
from s1demo.ui.timeline.tab import build_timeline_tab

TITLE = "s1 · simple test-time scaling"
TABS: dict[str, tuple[str, Callable[[Exhibit], Fields]]] = {  # name in the address -> title, and what lays it out
    "compare": ("Compare", build_compare_tab),
    "timeline": ("Timeline", build_timeline_tab),
    "race": ("Race", build_race_tab),
    "s1k": ("s1K", build_data_tab),
    "scaling": ("Scaling", build_scaling_tab),
    "lesson": ("How it works", build_lesson_tab),
    "replay": ("Replay", build_replay_tab),
}

_SELECTED = "async () => (await s1.module('page/address')).selected({})"


def build_app(engine: Engine, settings: Settings, bank: QuestionBank | None = None) -> gr.Blocks:
    """The whole page; without a bank, the questions that come with the exhibit are offered."""
    exhibit = Exhibit(engine, settings, bank or QuestionBank.load())
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as demo:
        scripted("page/header", _header(engine.info, settings.model_path), elem_id="header")
        fields: dict[str, Fields] = {}
        with gr.Tabs(elem_id="tabs") as tabs:
            for name, (title, build) in TABS.items():
                with gr.Tab(said(title), id=name, elem_id=f"tab-{name}") as tab:
                    fields[name] = build(exhibit)
                tab.select(None, js=_SELECTED.format(json.dumps(name)), trigger_mode="multiple", **PRIVATE)
        connect_address(demo, tabs, fields)
        add_endpoints(engine, settings)

        async def leave(request: gr.Request) -> None:
            await exhibit.sessions.close(str(request.session_hash))

        demo.unload(leave)
    demo.queue(default_concurrency_limit=settings.max_concurrent_runs, max_size=settings.max_queued_runs)
    assert isinstance(demo, gr.Blocks)
    return demo


def launch_settings(settings: Settings) -> dict[str, Any]:
    """What `demo.launch` is given: theme, scripts, styles, and nothing public that need not be."""
    return {
        "server_name": settings.host or None,  # None: Gradio decides (127.0.0.1; all interfaces on Spaces)
        "server_port": settings.port or None,  # None: the first free one from 7860
        "inbrowser": settings.open_browser,
        "theme": gradio_theme(),
        "css": stylesheet(),
        "head": head(),
        "i18n": translations(),
        "app_kwargs": {"routes": static_routes()},
        "max_threads": settings.max_concurrent_runs + 20,  # slots of all running jobs, async ones too
        "footer_links": ["api"],
        "show_error": False,
        "enable_monitoring": False,
        "max_file_size": "1kb",  # the upload route exists even without an upload component
        "strict_cors": True,
        "run_history": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
    }


def _header(info: EngineInfo, model_path: str) -> str:
    languages = "".join(f'<option value="{code}">{code.upper()}</option>' for code in LANGUAGES)
    return (
        '<h1>s1<span class="tagline"> · simple test-time scaling</span></h1><div class="header-end">'
        '<button type="button" id="projector" aria-pressed="false" '
        'title="Large type and high contrast, for a room">projector</button>'
        f'<select id="language" aria-label="Language">{languages}</select>{literal(chip_and_card(info, model_path))}</div>'
    )
