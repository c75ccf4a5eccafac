"""The profilers: what they record, how it is summed and shown, and that nothing is left of them."""

import gzip
import json
import threading

import pytest

import flambeau
from flambeau.autograd import profiler as simple
from flambeau.errors import PreconditionError, ShapeError, ValueRangeError
from flambeau.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)

NONE, WARMUP, RECORD, SAVE = ProfilerAction


@pytest.fixture
def weight():
    return flambeau.ones(2, 3, requires_grad=True)


def counts(profiler):
    return {event.key: event.count for event in profiler.key_averages()}


def test_ops_are_counted_by_name_whatever_they_are_called_by(weight):
    with profile() as p:
        weight @ weight.mT
        flambeau.matmul(weight, weight.mT)
        weight.detach().clone().add_(1)
        2 * weight
        flambeau.softmax(weight, 0)
        flambeau.nn.functional.mse_loss(weight, weight)
    found = counts(p)
    assert [found[f"aten::{n}"] for n in ("matmul", "add_", "mul", "softmax", "mse_loss")] == [2, 1, 1, 1, 1]


def test_the_way_back_is_recorded_node_by_node(weight):
    with simple.profile() as p:
        (weight * 3).exp().sum().backward()
    found = counts(p)
    assert found["autograd::engine::evaluate_function: ExpBackward0"] == found["ExpBackward0"] == 1
    assert weight.grad.flatten().tolist() == pytest.approx([60.25661087] * 6)


def test_ranges_nest_and_times_add_up(weight):
    with profile() as p, record_function("outer"), record_function("inner"):
        weight.exp()
    outer, inner, exp = p.events()
    assert (outer.name, inner.name, exp.name) == ("outer", "inner", "aten::exp")
    assert (exp.cpu_parent, inner.cpu_parent, outer.cpu_parent) == (inner, outer, None)
    assert outer.cpu_children == [inner]
    assert outer.start <= inner.start <= exp.start <= exp.end <= inner.end <= outer.end
    assert outer.self_cpu_time_total == pytest.approx(outer.cpu_time_total - inner.cpu_time_total)
    assert p.events().self_cpu_time_total == pytest.approx(outer.cpu_time_total)


def test_shapes_memory_and_stacks_are_kept_where_asked_for(weight):
    with profile(record_shapes=True, profile_memory=True, with_stack=True) as p:
        weight.exp()
        flambeau.cat([weight, weight])
        flambeau.ones(4, 3).exp()
    by_shape = {str(e.input_shapes): e for e in p.key_averages(group_by_input_shape=True) if e.key == "aten::exp"}
    assert by_shape["[[2, 3]]"].self_cpu_memory_usage == 24
    assert by_shape["[[4, 3]]"].count == 1
    exp = next(e for e in p.events() if e.key == "aten::exp")
    assert "test_profiler.py" in exp.stack[0]
    assert exp.stack[0].endswith("test_shapes_memory_and_stacks_are_kept_where_asked_for")
    with profile() as plain:
        weight.exp()
    assert [(e.input_shapes, e.stack, e.cpu_memory_usage) for e in plain.events()] == [([], [], 0)]


def test_a_table_is_sorted_and_cut(weight):
    with profile() as p:
        for _ in range(3):
            weight.exp()
        weight.sin()
    table = p.key_averages().table(sort_by="count", row_limit=1)
    assert "Self CPU %" in table
    assert "aten::exp" in table
    assert "aten::sin" not in table
    assert table.rstrip().splitlines()[-1].startswith("Self CPU time total: ")
    assert "aten::sin" in p.key_averages().table(row_limit=-1, header="all of it")
    with pytest.raises(ValueRangeError, match="cannot sort by 'speed'; it takes cpu_time"):
        p.key_averages().table(sort_by="speed")


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_a_trace_is_json_of_complete_events(weight, tmp_path, name):
    with profile(record_shapes=True) as p, record_function("mine"):
        weight.exp()
    p.add_metadata("model", "small")
    p.export_chrome_trace(tmp_path / name)
    raw = (tmp_path / name).read_bytes()
    trace = json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw)
    mine, exp = trace["traceEvents"]
    assert (mine["name"], mine["cat"], mine["ph"]) == ("mine", "user_annotation", "X")
    assert (exp["name"], exp["cat"], exp["args"]["Input Dims"]) == ("aten::exp", "cpu_op", [[2, 3]])
    assert mine["ts"] <= exp["ts"] <= exp["ts"] + exp["dur"] <= mine["ts"] + mine["dur"]
    assert trace["model"] == "small"
    assert [f.name for f in tmp_path.iterdir()] == [name]


def test_stacks_are_lines_for_a_flame_graph(weight, tmp_path):
    with profile(with_stack=True) as p:
        weight.exp()
    p.export_stacks(tmp_path / "stacks")
    calls, time = (tmp_path / "stacks").read_text().strip().rsplit(" ", 1)
    assert calls.endswith(";aten::exp")
    assert int(time) >= 0


def test_a_schedule_is_pytorchs():
    cycles = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    assert [cycles(i) for i in range(11)] == [NONE, NONE, WARMUP, RECORD, SAVE, NONE, WARMUP, RECORD, SAVE, NONE, NONE]
    assert schedule(wait=2, warmup=1, active=1, skip_first_wait=1)(0) is WARMUP
    with pytest.warns(UserWarning, match="won't be using warmup"):
        assert schedule(wait=0, warmup=0, active=1)(5) is SAVE
    with pytest.raises(ValueRangeError, match=r"active > 0, got wait=0, warmup=1, active=0"):
        schedule(wait=0, warmup=1, active=0)
    with pytest.raises(ValueRangeError, match=r"Step must be non-negative. Got -1"):
        cycles(-1)


def test_steps_are_recorded_as_scheduled_and_handed_over(weight, tmp_path):
    seen = []

    def ready(p):
        seen.append((p.step_num, counts(p).get("aten::exp")))
        tensorboard_trace_handler(str(tmp_path / "traces"), worker_name="w")(p)

    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2), on_trace_ready=ready) as p:
        for _ in range(10):
            weight.exp()
            p.step()
    assert seen == [(4, 2), (8, 2)]
    assert len(list((tmp_path / "traces").glob("w.*.pt.trace.json"))) == 2
    assert {e.key for e in p.events() if e.is_user_annotation} == {"ProfilerStep#6", "ProfilerStep#7"}


def test_other_threads_are_recorded_too(weight):
    with profile() as p:
        other = threading.Thread(target=weight.exp)
        other.start()
        other.join()
        weight.sin()
    threads = {e.key: e.thread for e in p.events()}
    assert threads["aten::exp"] != threads["aten::sin"] == threading.get_ident()


def test_the_functions_are_as_they_were_on_every_way_out(weight):
    functions = flambeau.matmul, flambeau.Tensor.__mul__, flambeau.Tensor.add_, flambeau.softmax
    own = [f.__code__ for f in functions]
    with pytest.raises(ShapeError), profile() as p:
        assert flambeau.matmul.__code__ is not own[0]
        weight @ weight
    assert [f.__code__ for f in functions] == own
    assert counts(p) == {"aten::matmul": 1}
    weight.exp()
    assert counts(p) == {"aten::matmul": 1}


def test_profilers_overlap_and_go_with_autocast_and_anomaly_mode(weight):
    with simple.profile() as first:
        with simple.profile() as second, flambeau.autocast("cpu"):
            made = weight @ weight.mT
        weight.sin()
    assert made.dtype is flambeau.bfloat16
    assert counts(second)["aten::matmul"] == counts(first)["aten::matmul"] == 1
    assert counts(second)["aten::cast"] == 2
    assert ("aten::sin" in counts(first), "aten::sin" in counts(second)) == (True, False)
    with pytest.warns(UserWarning, match="Anomaly"), flambeau.autograd.detect_anomaly(), simple.profile() as p:
        weight.exp().sum().backward()
    assert counts(p)["ExpBackward0"] == 1


def test_record_function_decorates_and_is_nothing_by_itself(weight):
    @record_function("doubled")
    def double(x):
        return x * 2

    assert double(weight).tolist() == [[2.0] * 3] * 2
    with profile() as p:
        double(weight)
    assert counts(p) == {"doubled": 1, "aten::mul": 1}


def test_marks_for_other_profilers_are_accepted(weight):
    for mark in (simple.emit_nvtx(record_shapes=True), simple.emit_itt()):
        with mark:
            assert weight.exp().shape == (2, 3)


def test_what_cannot_be_said_yet_or_at_all(weight):
    p = simple.profile()
    with p, pytest.raises(PreconditionError, match="Profiler didn't finish running"):
        p.key_averages()
    assert str(simple.profile()) == "<unfinished profile>"
    with pytest.raises(PreconditionError, match="not reentrant"), p:
        pass
    with profile(schedule=lambda step: NONE) as idle, pytest.raises(PreconditionError, match="no step was recorded"):
        idle.events()
    with simple.profile(enabled=False):
        assert "passed" not in flambeau.matmul.__code__.co_names
    assert supported_activities() == {ProfilerActivity.CPU}
    with pytest.warns(UserWarning, match="CUDA is not available, disabling CUDA profiling"):
        profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU])
    with pytest.raises(ValueRangeError, match="nothing was recorded"):
        simple.EventList().total_average()
    with simple.profile() as two:
        weight.exp()
        weight.sin()
    assert two.total_average().count == 2
