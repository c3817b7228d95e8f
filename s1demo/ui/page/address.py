"""The address of the page holds its state: links fill in the fields, choose the tab, and run again what was run.

All of it happens in the browser (`address.js`). The server sees what an address says only when a visitor runs it; it is then
checked like what is typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from s1demo.ui.page.component import PRIVATE, scripted

Fields = dict[str, Any]  # name in the page's address, while the tab is open -> the component it fills in

_SET = "async (value) => (await s1.module('page/address')).set({{{}: value}}, {})"
_FOLLOW = """async () => {{
  const address = await s1.module("page/address");
  return [address.tab({}), ...address.fields({})];
}}"""


def connect_address(demo: gr.Blocks, tabs: gr.Tabs, fields: Mapping[str, Fields]) -> None:
    """Let the address and the page follow each other.

    Args:
        demo: the open Blocks context.
        tabs: the tabs; their ids are the values of `tab` in the address.
        fields: for each tab, a field for each further name in the address while it is open.
    """
    bridge = scripted("page/address", "<i></i>", "go", elem_id="address", visible="hidden")
    named = [(tab, name, field) for tab, own in fields.items() for name, field in own.items()]
    follow = _FOLLOW.format(json.dumps(list(fields)), json.dumps([[tab, name] for tab, name, _ in named]))
    filled = [tabs, *(field for _, _, field in named)]
    for asked in (demo.load, bridge.go):
        followed = asked(None, outputs=filled, js=follow, trigger_mode="always_last", **PRIVATE)
        followed.then(None, js="async () => (await s1.module('page/address')).follow()", **PRIVATE)
    for tab, name, field in named:
        field.change(None, field, js=_SET.format(json.dumps(name), json.dumps(tab)), **PRIVATE)
