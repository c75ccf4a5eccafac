"""Short-time Fourier transforms: the transform of every window of a signal, and the signal back from them."""

from __future__ import annotations

from typing import NamedTuple
from warnings import warn

from ...errors import DTypeError, ShapeError, ValueRangeError
from ...ops.complex import _imag, _real, complex_op
from ...ops.conv import fold_op
from ...ops.create import _filled, cast
from ...ops.fft import fft_c2c, fft_c2r, fft_r2c
from ...ops.movement import narrow_op, pad_op, transpose
from ...table.refusals import require_tensors
from ...tensors.tensor import Tensor, attach
from ..movement.padding import pad
from ..movement.rearrange import view_as_real


class _Frames(NamedTuple):
    """How a signal is cut."""

    op: str
    n_fft: int
    hop: int
    win: int
    window: Tensor | None

    def check(self, window_text: str) -> None:
        if self.hop < 1:
            raise ValueRangeError(f"expected hop_length > 0, but got hop_length={self.hop}", op=self.op)
        if not 0 < self.win <= self.n_fft:
            raise ValueRangeError(f"expected 0 < win_length <= n_fft, but got win_length={self.win}", op=self.op)
        if self.window is not None and self.window._array.shape != (self.win,):
            raise ShapeError(f"{window_text}win_length={self.win}, but got window with size"
                             f" {list(self.window.shape)}", op=self.op)

    def padded(self, like: Tensor) -> Tensor | None:
        """The window, in the middle of `n_fft` places; None where there is nothing to multiply with."""
        window = self.window
        if self.win == self.n_fft:
            return window
        if window is None:
            window = _filled((self.win,), 1, like._kind.plain)
        left = (self.n_fft - self.win) // 2
        return pad_op(window, padding=((left, self.n_fft - self.win - left),), value=0)


def stft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
         window: Tensor | None = None, center: bool = True, pad_mode: str = "reflect", normalized: bool = False,
         onesided: bool | None = None, return_complex: bool | None = None,
         align_to_window: bool | None = None) -> Tensor:
    """The transform of every window of a signal (time) or of several (batch, time): (batch, frequencies, frames).

    Windows are `n_fft` long and `hop_length` apart (a quarter of that), multiplied with `window` of `win_length`; with
    `center` frame t is centred on place t * hop_length. Raises ShapeError, ValueRangeError where they do not fit, and
    asks for `return_complex` where the signal is real: False gives pairs of parts in a last dim.

    >>> import flambeau
    >>> tuple(flambeau.stft(flambeau.ones(8), 4, window=flambeau.ones(4), return_complex=True).shape)
    (3, 9)
    """
    require_tensors("stft", input=input)
    if center and align_to_window is not None:
        raise ValueRangeError("align_to_window should only be set when center = false", op="stft")
    _check_signal(input, window, return_complex)
    frames = _Frames("stft", n_fft, n_fft // 4 if hop_length is None else hop_length,
                     n_fft if win_length is None else win_length, window)
    x = input if input.ndim == 2 else input.unsqueeze(0)
    if center:
        x = pad(x.unsqueeze(0), (n_fft // 2, n_fft // 2), pad_mode).squeeze(0)
    elif align_to_window and frames.win < n_fft:
        x = pad(x, ((n_fft - frames.win) // 2,) * 2)
    if not 0 < n_fft <= x._array.shape[1]:
        raise ValueRangeError(f"expected 0 < n_fft < {x._array.shape[1]}, but got n_fft={n_fft}", op="stft")
    frames.check("expected a 1D window tensor of size equal to ")
    made = transpose(_spectra(x, frames, onesided, normalized), 1, 2)
    made = made if input.ndim == 2 else made.squeeze(0)
    return view_as_real(made) if return_complex is False else made


def _check_signal(input: Tensor, window: Tensor | None, return_complex: bool | None) -> None:
    if return_complex is None and not (input.is_complex() or (window is not None and window.is_complex())):
        raise ValueRangeError("requires the return_complex parameter be given for real inputs", op="stft")
    if input._kind.dtype.category < 2:
        raise DTypeError(f"expected a tensor of floating point or complex values, got {input.dtype!r}", op="stft")
    if input.ndim not in (1, 2):
        raise ShapeError(f"expected a 1D or 2D tensor, got {input.ndim}D", op="stft")


def _spectra(x: Tensor, frames: _Frames, onesided: bool | None, normalized: bool) -> Tensor:
    """(batch, frames, frequencies) of (batch, time)."""
    cut = x.unfold(1, frames.n_fft, frames.hop)
    window = frames.padded(x)
    if window is not None:
        cut = cut * window
    norm = "ortho" if normalized else "backward"
    if cut.is_complex():
        if onesided:
            raise ValueRangeError("Cannot have onesided output if window or input is complex", op="stft")
        return fft_c2c(cut, dim=(2,), norm=norm, inverse=False)
    if onesided is False:
        return fft_c2c(cast(cut, cut._kind.dtype.complex), dim=(2,), norm=norm, inverse=False)
    return fft_r2c(cut, dim=2, norm=norm)


def istft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
          window: Tensor | None = None, center: bool = True, normalized: bool = False, onesided: bool | None = None,
          length: int | None = None, return_complex: bool = False) -> Tensor:
    """The signal of which `stft` made (frequencies, frames) or (batch, frequencies, frames), by least squares.

    Raises ValueRangeError where the windows leave a place uncovered.

    >>> import flambeau
    >>> x, window = flambeau.arange(8.0), flambeau.hann_window(4)
    >>> made = flambeau.istft(flambeau.stft(x, 4, window=window, return_complex=True), 4, window=window)
    >>> flambeau.allclose(made, x, atol=1e-5)
    True
    """
    require_tensors("istft", input=input)
    frames = _Frames("istft", n_fft, n_fft // 4 if hop_length is None else hop_length,
                     n_fft if win_length is None else win_length, window)
    half = _check_spectra(input, frames, onesided, return_complex)
    x = transpose(input if input.ndim == 3 else input.unsqueeze(0), 1, 2)
    norm = "ortho" if normalized else "backward"
    if return_complex:
        x = fft_c2c(x, dim=(2,), norm=norm, inverse=True)
    else:
        x = fft_c2r(x if half else narrow_op(x, 2, 0, n_fft // 2 + 1), dim=2, size=n_fft, norm=norm)
    made = _added(x, frames, center, length)
    return made if input.ndim == 3 else made.squeeze(0)


def _check_spectra(input: Tensor, frames: _Frames, onesided: bool | None, return_complex: bool) -> bool:
    """Whether the input is half of every spectrum."""
    if not input.is_complex():
        raise DTypeError("istft requires a complex-valued input tensor matching the output from stft with"
                         f" return_complex=True, got {input.dtype!r}", op="istft", dtype=input.dtype)
    if input.ndim not in (2, 3) or 0 in input._array.shape:
        raise ShapeError("expected a tensor with elements and 2 or 3 dimensions (batch, frequencies, frames), got"
                         f" {list(input.shape)}", op="istft")
    have = input._array.shape[-2]
    half = have != frames.n_fft if onesided is None else bool(onesided)
    wanted = frames.n_fft // 2 + 1 if half else frames.n_fft
    if have != wanted:
        rule = "n_fft / 2 + 1 when onesided=True" if half else "n_fft when onesided=False"
        raise ShapeError(f"expected the frequency dimension of the input tensor to match {rule}, {wanted}, but got"
                         f" {have}", op="istft")
    if frames.hop > frames.win:
        raise ValueRangeError(f"expected 0 < hop_length <= win_length, got {frames.hop} and {frames.win}", op="istft")
    frames.check("Invalid window shape. window has to be 1D and length of `win_length`: ")
    if return_complex and half:
        raise ValueRangeError("Cannot have onesided output if window or input is complex", op="istft")
    if not return_complex and frames.window is not None and frames.window.is_complex():
        raise ValueRangeError("Complex windows are incompatible with return_complex=False", op="istft")
    return half


def _added(x: Tensor, frames: _Frames, center: bool, length: int | None) -> Tensor:
    """The windowed pieces (batch, frames, time) added where they overlap, over what the windows add up to there."""
    count = x._array.shape[1]
    full = frames.n_fft + frames.hop * (count - 1)
    window = frames.padded(x)
    if window is None:
        window = _filled((frames.n_fft,), 1, x._kind.plain)
    whole = _overlapped(x * window, full, frames.hop)
    cover = _overlapped((window * window).expand(1, count, frames.n_fft), full, frames.hop)
    start = frames.n_fft // 2 if center else 0
    end = start + length if length is not None else full - start
    stop = max(min(end, full) - start, 0)
    whole, cover = narrow_op(whole, 1, start, stop), narrow_op(cover, 1, start, stop)
    least = cover.detach().abs().min().item() if stop else 1.0
    if not least >= 1e-11:
        raise ValueRangeError(f"window overlap add min: {least}; the windows leave a place of the signal uncovered",
                              op="istft")
    made = whole / cover
    if end <= full:
        return made
    warn("The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail."
         " Please check your center and hop_length settings.", UserWarning, stacklevel=3)
    return pad(made, (0, end - full))


def _overlapped(x: Tensor, size: int, hop: int) -> Tensor:
    if x.is_complex():
        return complex_op(_overlapped(_real(x), size, hop), _overlapped(_imag(x), size, hop))
    return fold_op(x.unsqueeze(1), (size,), (1,), (hop,)).squeeze(1)


attach(stft, "stft")
attach(istft, "istft")
