"""TensorBoard's protocol buffers from tensors, arrays and numbers."""

from __future__ import annotations

import io
import json
import math
from importlib import import_module
from typing import Any

from ...errors import ArgumentError, ShapeError, UnsupportedError
from ...tensors.tensor import Tensor


def library() -> Any:
    """TensorBoard's `compat.proto`; raises UnsupportedError with the command that installs it."""
    try:
        for part in ("event", "summary", "tensor", "tensor_shape"):
            import_module(f"tensorboard.compat.proto.{part}_pb2")
    except ImportError as error:
        raise UnsupportedError(f"the library tensorboard is not installed ({error}); to mend it: python -m pip install"
                               " tensorboard", op="SummaryWriter") from error
    return import_module("tensorboard.compat.proto")


def number(value: Any, op: str) -> float:
    """The only element of a tensor or array, or a number."""
    if isinstance(value, (int, float)):
        return float(value)
    if hasattr(value, "item") and math.prod(getattr(value, "shape", ())) == 1:
        return float(value.item())
    raise ArgumentError(f"one number is logged at a time, got {type(value).__name__}"
                        f"{list(value.shape) if hasattr(value, 'shape') else ''}", op=op)


def numbers(values: Any) -> Any:
    """A NumPy array of what is given."""
    import numpy

    return values.detach().cpu().numpy() if isinstance(values, Tensor) else numpy.asarray(values)


def scalar(tag: str, value: Any) -> Any:
    """One number."""
    proto = library()
    return proto.summary_pb2.Summary(value=[proto.summary_pb2.Summary.Value(
        tag=tag, simple_value=number(value, "add_scalar"))])


def histogram(tag: str, values: Any, bins: Any = "tensorflow") -> Any:
    """Counts between edges, with the extremes and moments. `bins` as NumPy's, or exponential ones by default."""
    import numpy

    flat = numbers(values).reshape(-1).astype(numpy.float64)
    if not flat.size:
        raise ArgumentError("there is nothing to count", op="add_histogram")
    edges = _exponential() if isinstance(bins, str) and bins == "tensorflow" else bins
    counts, limits = numpy.histogram(flat, bins=edges)
    filled = numpy.nonzero(counts)[0]
    first, end = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, len(counts))
    kept = counts[first - 1:end] if first else [0, *counts[:end]]  # an empty bin before the first that is not
    proto = library()
    held = proto.summary_pb2.HistogramProto(
        min=flat.min(), max=flat.max(), num=flat.size, sum=flat.sum(), sum_squares=float(flat @ flat),
        bucket_limit=[float(limit) for limit in limits[first:end + 1]], bucket=[float(count) for count in kept])
    return proto.summary_pb2.Summary(value=[proto.summary_pb2.Summary.Value(tag=tag, histo=held)])


def _exponential() -> list[float]:
    """Edges a tenth apart in ratio, from 1e-12 to 1e20, and their negatives."""
    positive, edge = [], 1e-12
    while edge < 1e20:
        positive.append(edge)
        edge *= 1.1
    return [-p for p in reversed(positive)] + [0.0] + positive


def image(tag: str, picture: Any, dataformats: str = "CHW") -> Any:
    """A picture as PNG; floats from 0 to 1, integers from 0 to 255. Batches ("NCHW", "NHWC") become a grid."""
    pixels = as_pixels(numbers(picture), dataformats)
    encoded = _encoded(pixels)
    height, width, channels = pixels.shape
    proto = library()
    held = proto.summary_pb2.Summary.Image(height=height, width=width, colorspace=channels,
                                           encoded_image_string=encoded)
    return proto.summary_pb2.Summary(value=[proto.summary_pb2.Summary.Value(tag=tag, image=held)])


def _encoded(pixels: Any) -> bytes:
    try:
        from PIL import Image
    except ImportError as error:
        raise UnsupportedError("pictures need the library Pillow; to mend it: python -m pip install pillow",
                               op="add_image") from error
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, format="PNG")
    return stream.getvalue()


def as_pixels(array: Any, dataformats: str) -> Any:
    """A uint8 array (height, width, channels) of an array whose dims the letters N, C, H, W name."""
    import numpy

    letters = dataformats.upper()
    if len(letters) != array.ndim or set(letters) - set("NCHW") or len(set(letters)) < len(letters):
        raise ShapeError(f"size of input tensor and input format are different: {list(array.shape)} is not"
                         f" {dataformats!r}", op="add_image")
    for letter in "CN":
        if letter not in letters:
            array, letters = array[numpy.newaxis], letter + letters
    batch = array.transpose([letters.index(letter) for letter in "NHWC"])
    if batch.dtype.kind == "f":
        batch = numpy.clip(batch * 255, 0, 255)
    batch = batch.astype(numpy.uint8)
    columns = math.ceil(math.sqrt(len(batch)))
    rows = [numpy.concatenate([batch[i] if i < len(batch) else numpy.zeros_like(batch[0])
                               for i in range(start, start + columns)], 1)
            for start in range(0, len(batch), columns)]
    grid = numpy.concatenate(rows, 0)
    return grid if grid.shape[-1] in (1, 3, 4) else grid[..., :1]


def text(tag: str, content: str) -> Any:
    """Markdown."""
    proto = library()
    tensor = proto.tensor_pb2.TensorProto(
        dtype="DT_STRING", string_val=[content.encode()],
        tensor_shape=proto.tensor_shape_pb2.TensorShapeProto(dim=[proto.tensor_shape_pb2.TensorShapeProto.Dim(size=1)]))
    data = import_module("tensorboard.plugins.text.plugin_data_pb2").TextPluginData(version=0).SerializeToString()
    meta = proto.summary_pb2.SummaryMetadata(plugin_data=proto.summary_pb2.SummaryMetadata.PluginData(
        plugin_name="text", content=data))
    return proto.summary_pb2.Summary(value=[proto.summary_pb2.Summary.Value(tag=f"{tag}/text_summary", metadata=meta,
                                                                           tensor=tensor)])


def table(values: dict[str, Any]) -> str:
    """Names and values as a Markdown table."""
    rows = [f"| {name} | {json.dumps(value, default=str)} |" for name, value in values.items()]
    return "\n".join(["| name | value |", "|---|---|", *rows])
