"""The writer of event files, and the calls that PyTorch's has."""

from __future__ import annotations

import os
import socket
import time
import warnings
from importlib import import_module
from types import TracebackType
from typing import Any

from . import summaries


class FileWriter:
    """Writes summaries into one event file in `log_dir`, by a thread of TensorBoard's."""

    def __init__(self, log_dir: str | os.PathLike[str], max_queue: int = 10, flush_secs: float = 120,
                 filename_suffix: str = "") -> None:
        self._proto = summaries.library()
        writer = import_module("tensorboard.summary.writer.event_file_writer")
        self._log_dir = str(log_dir)
        self.event_writer = writer.EventFileWriter(self._log_dir, max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The folder."""
        return self._log_dir

    def add_summary(self, summary: Any, global_step: int | None = None, walltime: float | None = None) -> None:
        """Writes a summary of that step, at that time in seconds since 1970 (now)."""
        event = self._proto.event_pb2.Event(wall_time=time.time() if walltime is None else walltime, summary=summary)
        if global_step is not None:
            event.step = int(global_step)
        self.event_writer.add_event(event)

    def flush(self) -> None:
        """Writes what waits."""
        self.event_writer.flush()

    def close(self) -> None:
        """Writes what waits and closes the file."""
        self.event_writer.close()


class SummaryWriter:
    """Logs numbers, histograms, pictures and text of a run for TensorBoard.

    Without `log_dir` the run gets a folder of its own in `runs`. Raises UnsupportedError where the library tensorboard
    is not installed.

        with SummaryWriter("runs/one") as writer:
            writer.add_scalar("loss", loss, step)
    """

    def __init__(self, log_dir: str | os.PathLike[str] | None = None, comment: str = "", purge_step: int | None = None,
                 max_queue: int = 10, flush_secs: float = 120, filename_suffix: str = "") -> None:
        if not log_dir:
            log_dir = os.path.join("runs", time.strftime("%b%d_%H-%M-%S") + f"_{socket.gethostname()}{comment}")
        self.log_dir = str(log_dir)
        self.purge_step, self.max_queue = purge_step, max_queue
        self.flush_secs, self.filename_suffix = flush_secs, filename_suffix
        self.all_writers: dict[str, FileWriter] = {}
        self.file_writer = self._writer(self.log_dir)
        if purge_step is not None:
            self._purge(self.file_writer, purge_step)

    def _writer(self, folder: str) -> FileWriter:
        if folder not in self.all_writers:
            self.all_writers[folder] = FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)
        return self.all_writers[folder]

    def _purge(self, writer: FileWriter, step: int) -> None:
        """Tells TensorBoard that what it read of this step and later ones is void: the run begins again there."""
        proto = summaries.library().event_pb2
        writer.event_writer.add_event(proto.Event(step=step, file_version="brain.Event:2"))
        writer.event_writer.add_event(proto.Event(
            step=step, session_log=proto.SessionLog(status=proto.SessionLog.START)))

    def get_logdir(self) -> str:
        """The folder of the run."""
        return self.log_dir

    def add_scalar(self, tag: str, scalar_value: Any, global_step: int | None = None, walltime: float | None = None,
                   new_style: bool = False, double_precision: bool = False) -> None:
        """Logs a number, or a tensor of one element."""
        self.file_writer.add_summary(summaries.scalar(tag, scalar_value), global_step, walltime)

    def add_scalars(self, main_tag: str, tag_scalar_dict: dict[str, Any], global_step: int | None = None,
                    walltime: float | None = None) -> None:
        """Logs several numbers that one chart shows, each in a run of its own below this one."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag.replace('/', '_')}_{tag}")
            self._writer(folder).add_summary(summaries.scalar(main_tag, value), global_step, walltime)

    def add_histogram(self, tag: str, values: Any, global_step: int | None = None, bins: Any = "tensorflow",
                      walltime: float | None = None, max_bins: int | None = None) -> None:
        """Logs how values are distributed."""
        self.file_writer.add_summary(summaries.histogram(tag, values, bins), global_step, walltime)

    def add_image(self, tag: str, img_tensor: Any, global_step: int | None = None, walltime: float | None = None,
                  dataformats: str = "CHW") -> None:
        """Logs a picture: floats from 0 to 1 or integers from 0 to 255, its dims named by `dataformats`."""
        self.file_writer.add_summary(summaries.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_images(self, tag: str, img_tensor: Any, global_step: int | None = None, walltime: float | None = None,
                   dataformats: str = "NCHW") -> None:
        """Logs a batch of pictures as a grid."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(self, tag: str, figure: Any, global_step: int | None = None, close: bool = True,
                   walltime: float | None = None) -> None:
        """Logs a figure of matplotlib's, or several, and closes it."""
        import numpy

        figures = figure if isinstance(figure, list) else [figure]
        drawn = []
        for one in figures:
            one.canvas.draw()
            drawn.append(numpy.asarray(one.canvas.buffer_rgba())[..., :3])
            if close:
                from matplotlib import pyplot

                pyplot.close(one)
        self.add_image(tag, numpy.stack(drawn), global_step, walltime, "NHWC")

    def add_text(self, tag: str, text_string: str, global_step: int | None = None,
                 walltime: float | None = None) -> None:
        """Logs Markdown."""
        self.file_writer.add_summary(summaries.text(tag, text_string), global_step, walltime)

    def add_hparams(self, hparam_dict: dict[str, Any], metric_dict: dict[str, Any], hparam_domain_discrete: Any = None,
                    run_name: str | None = None, global_step: int | None = None) -> None:
        """Logs hyperparameters, as a table of text, and what they led to, as numbers, in a run below this one."""
        writer = self._writer(os.path.join(self.log_dir, run_name or str(time.time())))
        writer.add_summary(summaries.text("hparams", summaries.table(hparam_dict)), global_step)
        for name, value in metric_dict.items():
            writer.add_summary(summaries.scalar(name, value), global_step)

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False,
                  use_strict_trace: bool = True) -> None:
        """Logs nothing, and warns that it does: graphs are dynamic, and TensorBoard's picture of one is not written."""
        warnings.warn("SummaryWriter.add_graph writes nothing: flambeau draws no graph for TensorBoard", stacklevel=2)

    def flush(self) -> None:
        """Writes what waits."""
        for writer in self.all_writers.values():
            writer.flush()

    def close(self) -> None:
        """Writes what waits and closes every file."""
        for writer in self.all_writers.values():
            writer.close()
        self.all_writers = {}

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()
