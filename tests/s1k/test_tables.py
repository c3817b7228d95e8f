"""The tables of tables: one load for everyone, nobody waits longer than they like, a failure is told and later tried again."""

from __future__ import annotations

import asyncio
import threading

import pytest

from s1demo.errors import InputError
from s1demo.s1k.records import R1, S1KRecord, TeacherTrace
from s1demo.s1k.tables import Tables

ROWS = [S1KRecord(0, "q", "", None, "s", "s", "d", {R1: TeacherTrace("t")})]


def test_one_load_serves_everyone_who_asks():
    go, loads = threading.Event(), []

    def load(version, tell):
        loads.append(version)
        go.wait(30)
        return ROWS

    async def ask():
        tables = Tables(load)
        assert await tables.table("s1K", 0) is None
        waiting = [asyncio.create_task(tables.table("s1K", 30)) for _ in range(3)]
        await asyncio.sleep(0)
        go.set()
        tables = await asyncio.gather(*waiting)
        assert all(table is tables[0] is not None for table in tables)

    asyncio.run(ask())
    assert loads == ["s1K"]


def test_a_slow_load_holds_up_no_other():
    never = threading.Event()

    def load(version, tell):
        return ROWS if version == "own" else never.wait(30) and ROWS

    async def ask():
        tables = Tables(load)
        assert await tables.table("slow", 0) is None
        assert await tables.table("own", 30)

    asyncio.run(ask())
    never.set()


def test_a_failure_is_told_and_tried_again_later():
    loads = []

    def load(version, tell):
        loads.append(version)
        if len(loads) == 1:
            raise InputError("No network.")
        return ROWS

    async def ask(tables, again=False):
        return await tables.table("s1K", 30, again)

    patient, eager = Tables(load, retry_seconds=3600), Tables(load, retry_seconds=0)
    for _ in range(2):
        with pytest.raises(InputError, match="No network"):
            asyncio.run(ask(patient))
    assert len(loads) == 1
    assert asyncio.run(ask(patient, again=True)) and len(loads) == 2, "somebody asked for it"
    assert asyncio.run(ask(patient, again=True)) and len(loads) == 2, "what is there is not loaded again"
    loads.clear()
    with pytest.raises(InputError):
        asyncio.run(ask(eager))
    assert asyncio.run(ask(eager))


def test_what_is_being_done_is_told():
    go = threading.Event()

    def load(version, tell):
        tell("Asking the Hub.")
        go.wait(30)
        return ROWS

    async def ask():
        tables = Tables(load)
        assert tables.doing("s1K") == ""
        assert await tables.table("s1K", 0.01) is None
        while not tables.doing("s1K"):
            await asyncio.sleep(0.001)
        assert tables.doing("s1K") == "Asking the Hub."
        go.set()
        assert await tables.table("s1K", 30)

    asyncio.run(ask())
