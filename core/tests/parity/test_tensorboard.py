"""Event files beside PyTorch's: the same tags, steps, numbers, counts and pictures."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter as Theirs

import flambeau
from flambeau.errors import ArgumentError, ShapeError
from flambeau.utils.tensorboard import SummaryWriter as Mine


def log(writer: Any, tensor: Any) -> None:
    with writer:
        for step in range(3):
            writer.add_scalar("loss", tensor(1.5 / (step + 1)), step)
        writer.add_histogram("weights", tensor([0.5, -1.0, 2.0, 2.0, 300.0]), 1)
        writer.add_image("picture", tensor(numpy.linspace(0, 1, 48).reshape(3, 4, 4).tolist()), 2)
        writer.add_text("note", "**bold**", 0)
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 4)


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"histograms": 0, "images": 0}).Reload()


def test_files_hold_what_pytorchs_hold(tmp_path: Path) -> None:
    log(Mine(tmp_path / "mine"), flambeau.tensor)
    log(Theirs(str(tmp_path / "theirs")), torch.tensor)
    mine, theirs = read(tmp_path / "mine"), read(tmp_path / "theirs")
    assert mine.Tags() == theirs.Tags()
    assert [(e.step, e.value) for e in mine.Scalars("loss")] == [(e.step, e.value) for e in theirs.Scalars("loss")]
    (own,), (other,) = mine.Histograms("weights"), theirs.Histograms("weights")
    for name in ("min", "max", "num", "sum", "sum_squares"):
        assert getattr(own.histogram_value, name) == pytest.approx(getattr(other.histogram_value, name))
    assert sum(own.histogram_value.bucket) == sum(other.histogram_value.bucket) == 5
    assert own.histogram_value.bucket_limit == pytest.approx(other.histogram_value.bucket_limit)
    assert own.histogram_value.bucket == other.histogram_value.bucket
    assert mine.Images("picture")[0].width == theirs.Images("picture")[0].width == 4
    assert mine.Tensors("note/text_summary")[0].tensor_proto == theirs.Tensors("note/text_summary")[0].tensor_proto
    for name in ("both_a", "both_b"):
        own, other = read(tmp_path / "mine" / name), read(tmp_path / "theirs" / name)
        assert [e.value for e in own.Scalars("both")] == [e.value for e in other.Scalars("both")]


def test_what_cannot_be_logged(tmp_path: Path) -> None:
    with Mine(tmp_path) as writer:
        with pytest.raises(ArgumentError, match="one number is logged at a time"):
            writer.add_scalar("loss", flambeau.ones(2))
        with pytest.raises(ShapeError, match="input format are different"):
            writer.add_image("picture", flambeau.ones(2, 2))
        with pytest.raises(ArgumentError, match="nothing to count"):
            writer.add_histogram("weights", flambeau.ones(0))
        with pytest.warns(UserWarning, match="writes nothing"):
            writer.add_graph(None)
