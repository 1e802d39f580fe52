"""Jobs in the background: which comes first, which is dropped, what becomes of errors."""

import os
import sys
import threading
import time

import pytest

from explorer.library import background
from explorer.library.background import Background, Wanted
from pad_core.errors import PadError
from tests.helpers import until


class Gate:
    """A job that takes a step each time it is let; ``steps`` are those it has taken."""

    def __init__(self, *values):
        self.values, self.allowed, self.steps = values, threading.Semaphore(0), 0

    def start(self):
        for value in self.values:
            self.allowed.acquire()
            self.steps += 1
            yield value


def test_a_result_is_the_last_thing_a_job_yields():
    jobs = Background(2)
    wanted = {"a": Wanted((0,), lambda: iter([1, None, 3, None]))}
    until(lambda: jobs.ask("me", wanted)["a"].done)
    assert jobs.look("a").value == 3
    assert jobs.look("nothing").value is None


def test_what_a_job_has_so_far_can_be_seen():
    jobs, gate = Background(1), Gate("some", "all")
    wanted = {"a": Wanted((0,), gate.start)}
    jobs.ask("me", wanted)
    gate.allowed.release()
    until(lambda: jobs.look("a").value == "some")
    assert not jobs.look("a").done
    gate.allowed.release()
    until(lambda: jobs.look("a").done)
    assert jobs.look("a").value == "all"


def test_the_most_urgent_job_goes_on_even_if_another_was_begun():
    order, hold = [], Gate(0)

    def job(name):
        for _ in range(2):
            order.append(name)
            yield name

    jobs = Background(1)
    wanted = {"hold": Wanted((0,), hold.start)}
    jobs.ask("me", wanted)
    wanted |= {"late": Wanted((5, 0), lambda: job("late"))}
    wanted |= {"soon": Wanted((1, 9), lambda: job("soon"))}
    jobs.ask("me", wanted)
    hold.allowed.release()
    until(lambda: all(result.done for result in jobs.ask("me", wanted).values()))
    assert order == ["soon", "soon", "late", "late"]


def test_what_a_viewer_no_longer_asks_for_is_dropped_unless_another_does():
    jobs, old, new = Background(1), Gate(*range(9)), Gate(*range(9))
    jobs.ask("me", {"old": Wanted((0,), old.start)})
    jobs.ask("other", {"other": Wanted((9,), lambda: iter([1]))})
    old.allowed.release()
    until(lambda: jobs.look("old").value == 0)
    jobs.ask("me", {"new": Wanted((0,), new.start)})
    for gate in (old, new):
        for _ in range(9):
            gate.allowed.release()
    until(lambda: jobs.look("new").done and jobs.look("other").done)
    assert old.steps <= 2  # the step that it had begun

    jobs.ask("other", {"old": Wanted((0,), old.start)})  # goes on where it stood
    until(lambda: jobs.look("old").done)
    assert old.steps == 9


def test_a_viewer_who_has_left_wants_nothing(monkeypatch):
    monkeypatch.setattr(background, "LAPSE_S", 0.05)
    jobs, gate = Background(1), Gate(1, 2)
    jobs.ask("me", {"a": Wanted((0,), gate.start)})
    gate.allowed.release()
    until(lambda: jobs.look("a").value == 1)
    time.sleep(0.2)
    gate.allowed.release()
    time.sleep(0.2)
    assert gate.steps <= 2
    assert not jobs.look("a").done


@pytest.mark.parametrize(
    ("error", "said"), [(PadError("No memories."), "No memories."), (KeyError("x"), "KeyError")]
)
def test_an_error_is_a_result_and_the_threads_live_on(error, said):
    def failing():
        yield 1
        raise error

    jobs = Background(1)
    until(lambda: jobs.ask("me", {"a": Wanted((0,), failing)})["a"].done)
    assert said in jobs.look("a").error
    until(lambda: jobs.ask("me", {"b": Wanted((0,), lambda: iter([2]))})["b"].done)


def test_one_job_is_the_same_for_all_who_ask_and_begins_anew_once_forgotten():
    begun = []

    def job():
        begun.append(1)
        yield len(begun)

    jobs = Background(1)
    assert "a" not in jobs
    until(lambda: jobs.get("a", job).done)
    assert "a" in jobs
    assert jobs.get("a", job).value == 1
    jobs.forget("a")
    assert "a" not in jobs
    until(lambda: jobs.get("a", job).done)
    assert jobs.get("a", job).value == 2


def test_only_the_newest_results_are_kept():
    jobs = Background(1, keep=2)
    for key in "abc":
        until(lambda key=key: jobs.ask("me", {key: Wanted((0,), lambda: iter([1]))})[key].done)
    assert [jobs.look(key).done for key in "abc"] == [False, True, True]


def test_a_result_was_here_before_those_who_ask_later_only():
    jobs = Background(1)
    wanted = {"a": Wanted((0,), lambda: iter([1]))}
    until(lambda: jobs.ask("first", wanted)["a"].done)
    jobs.ask("second", wanted)
    assert not jobs.was_here("first", "a")
    assert jobs.was_here("second", "a")
    jobs.ask("first", {})
    jobs.ask("first", wanted)
    assert jobs.was_here("first", "a")


def test_closing_waits_for_the_step_that_is_being_taken_and_no_other():
    taken = []

    def job():
        for i in range(50):
            time.sleep(0.02)
            taken.append(i)
            yield i

    jobs = Background(1)
    jobs.ask("me", {"a": Wanted((0,), job)})
    until(lambda: taken)
    jobs.close()
    count = len(taken)
    time.sleep(0.1)
    assert len(taken) == count < 50


@pytest.mark.skipif(sys.platform != "linux", reason="there a thread has no priority of its own")
def test_work_gives_way_to_the_pages():
    def job():
        yield os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    jobs = Background(1)
    result = until(lambda: jobs.get("a", job).value)
    assert result > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
