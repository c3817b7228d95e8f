"""The address of the page holds its state: links fill in the fields, choose the tab, and run again what was run.

All of it happens in the browser (`web/address.js`). The server sees what an address says only when a visitor runs it; it is then
checked like what is typed.
"""

from __future__ import annotations

import json

import gradio as gr

from s1demo.ui.bundle import on_load
from s1demo.ui.exhibit import Fields

_SET = "(value) => s1.address.set({{{}: value}})"
_FOLLOW = "() => [s1.address.tab(), ...s1.address.fields({})]"


def connect_address(demo: gr.Blocks, tabs: gr.Tabs, fields: Fields) -> None:
    """Let the address and the page follow each other.

    Args:
        demo: the open Blocks context.
        tabs: the tabs; their ids are the values of `tab` in the address.
        fields: a field for each further name in the address.
    """
    bridge = gr.HTML(elem_id="address", js_on_load=on_load("addressBridge", "go"), visible="hidden")
    names, components = list(fields), list(fields.values())
    for asked in (demo.load, bridge.go):
        followed = asked(None, outputs=[tabs, *components], js=_FOLLOW.format(json.dumps(names)), api_visibility="private")
        followed.then(None, js="() => s1.address.follow()", api_visibility="private")
    for name, field in fields.items():
        field.change(None, field, js=_SET.format(json.dumps(name)), api_visibility="private")
