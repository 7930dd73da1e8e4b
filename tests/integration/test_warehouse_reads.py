"""Reads share connections: each sees the present, and one that the server has ended is replaced."""

import pytest

from pipelines.io import warehouse

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def reachable(warehouse_url):
    return warehouse_url


def value(query):
    return warehouse.read(query).row(0)[0]


def test_a_second_read_takes_the_connection_of_the_first_and_sees_what_was_written_meanwhile():
    server, before = value("select pg_backend_pid()"), value("select now()")
    warehouse.execute("create table if not exists public.seen (at int)")
    warehouse.execute("insert into public.seen values (1)")
    assert value("select count(*) from public.seen") == 1
    assert value("select now()") > before
    assert value("select pg_backend_pid()") == server


def test_a_read_keeps_no_lock_on_what_it_has_read():
    warehouse.execute("create table if not exists public.read (at int)")
    assert value("select count(*) from public.read") == 0
    warehouse.execute("set local lock_timeout = '2s'; drop table public.read")


def test_a_connection_that_the_server_has_ended_is_replaced():
    server = value("select pg_backend_pid()")
    warehouse.execute(f"select pg_terminate_backend({server})")
    assert value("select pg_backend_pid()") != server


def test_a_fault_leaves_no_broken_connection_behind():
    with pytest.raises(Exception, match="nothing_of_this_name"):
        warehouse.read("select nothing_of_this_name")
    assert value("select 1") == 1
