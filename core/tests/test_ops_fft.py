"""What the Fourier transforms, spectrograms and windows promise, on small numbers and of every length."""

import cmath
import math
import pickle
from typing import Any

import pytest

import flambeau
from flambeau import fft
from flambeau.errors import DimError, DTypeError, DTypeNotOfferedError, RepeatedDimError, ShapeError, ValueRangeError
from flambeau.signal import windows

DEVICES = ["cpu", "reference", "array-api-strict"]


def numbers(count: int) -> list[complex]:
    return [complex(math.sin(k * k + 1), math.cos(3 * k)) for k in range(count)]


def directly(x: list[complex], inverse: bool = False) -> list[complex]:
    """The sum as it is defined."""
    n, sign = len(x), 1 if inverse else -1
    return [sum(v * cmath.exp(sign * 2j * cmath.pi * j * k / n) for j, v in enumerate(x)) for k in range(n)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n", [1, 2, 3, 8, 30, 49, 53, 106])
def test_transforms_of_every_length_are_the_sum(n: int, device: str) -> None:
    x = numbers(n)
    t = flambeau.tensor(x, dtype=flambeau.complex128, device=device)
    assert fft.fft(t).tolist() == pytest.approx(directly(x), abs=1e-12)
    assert fft.ifft(t, norm="forward").tolist() == pytest.approx(directly(x, True), abs=1e-12)
    half = fft.rfft(t.real.clone())
    assert half.tolist() == pytest.approx(directly([complex(v.real) for v in x])[: n // 2 + 1], abs=1e-12)
    assert fft.irfft(half, n).tolist() == pytest.approx([v.real for v in x], abs=1e-12)
    assert fft.hfft(fft.ihfft(t.real.clone()), n).tolist() == pytest.approx([v.real for v in x], abs=1e-12)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
def test_every_norm_is_undone_by_its_inverse(norm: Any) -> None:
    x = flambeau.tensor(numbers(12), dtype=flambeau.complex128).reshape(3, 4)
    for there, back in ((fft.fft, fft.ifft), (fft.fft2, fft.ifft2), (fft.fftn, fft.ifftn)):
        assert flambeau.allclose(back(there(x, norm=norm), norm=norm), x)
    factor = {"ortho": 12 ** -0.5, "forward": 1 / 12}.get(norm, 1.0)
    assert fft.fftn(x, norm=norm)[0, 0].item() == pytest.approx(x.sum().item() * factor)


def test_lengths_trim_and_pad() -> None:
    x = flambeau.tensor([1.0, 2.0, 3.0])
    assert fft.fft(x, 2).tolist() == [3, -1]
    assert fft.fft(x, 4).tolist() == fft.fft(flambeau.tensor([1.0, 2.0, 3.0, 0.0])).tolist()
    assert fft.rfft2(flambeau.ones(3, 4), s=(2, -1)).tolist() == [[8, 0, 0], [0, 0, 0]]
    assert fft.fftn(flambeau.ones(2, 3), dim=()).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_dtypes_stay_and_integers_become_floats() -> None:
    for given, made in ((flambeau.float32, flambeau.complex64), (flambeau.float64, flambeau.complex128),
                        (flambeau.int64, flambeau.complex64), (flambeau.bool, flambeau.complex64)):
        assert fft.fft(flambeau.ones(4).to(given)).dtype is made
        assert fft.rfft(flambeau.ones(4).to(given)).dtype is made
        assert fft.irfft(flambeau.ones(4).to(given)).dtype is made.real
    with pytest.raises(DTypeNotOfferedError, match=r"Unsupported dtype .*float16"):
        fft.fft(flambeau.ones(4, dtype=flambeau.float16))


@pytest.mark.parametrize(("call", "error", "match"), [
    (lambda x: fft.fft(x, norm="both"), ValueRangeError, "Invalid normalization mode: 'both'"),
    (lambda x: fft.fft(x, 0), ValueRangeError, r"Invalid number of data points \(0\)"),
    (lambda x: fft.irfft(x[:, :1]), ValueRangeError, r"Invalid number of data points \(0\)"),
    (lambda x: fft.fft(x[0, 0]), DimError, "tensor has no dimensions"),
    (lambda x: fft.fftn(x, dim=(0, -2)), RepeatedDimError, "FFT dims must be unique"),
    (lambda x: fft.fftn(x, s=(2,), dim=(0, 1)), ShapeError, "must have the same length"),
    (lambda x: fft.fftn(x, s=(2, 2, 2)), ShapeError, "Got shape with 3 values but input tensor only has 2"),
    (lambda x: fft.rfftn(x, dim=()), DimError, "must transform at least one axis"),
    (lambda x: fft.rfft(x + 0j), DTypeError, "expects a real input tensor"),
    (lambda x: fft.fftfreq(0), ValueRangeError, "n must be at least 1, got 0")])
def test_refusals(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(flambeau.ones(2, 3))


def test_out_is_written_and_returned() -> None:
    out = flambeau.empty(3, dtype=flambeau.complex64)
    assert fft.rfft(flambeau.tensor([1.0, 2.0, 3.0, 4.0]), out=out) is out
    assert out.tolist() == [10, -2 + 2j, -2]


@pytest.mark.parametrize("device", DEVICES[:2])
@pytest.mark.parametrize(("name", "options"), [
    ("fft", {"n": 5}), ("ifft", {"norm": "ortho"}), ("rfft", {"n": 5}), ("rfft", {}), ("irfft", {"n": 5}),
    ("irfft", {"n": 4}), ("hfft", {}), ("ihfft", {"norm": "forward"}), ("rfft2", {}), ("irfft2", {"s": (3, 4)}),
    ("fftn", {"dim": (0,)})])
def test_gradients_of_two_orders(name: str, options: dict[str, Any], device: str) -> None:
    real = name in ("rfft", "ihfft", "rfft2")
    x = flambeau.tensor(numbers(12), dtype=flambeau.complex128, device=device).reshape(3, 4)
    x = (x.real.clone() if real else x).requires_grad_()

    def transform(t: Any) -> Any:
        return getattr(fft, name)(t, **options)

    assert flambeau.autograd.gradcheck(transform, (x,))
    assert flambeau.autograd.gradgradcheck(transform, (x,))


def test_frequencies_and_shifts() -> None:
    assert fft.fftfreq(5, 0.5).tolist() == pytest.approx([0.0, 0.4, 0.8, -0.8, -0.4])
    assert fft.rfftfreq(5, 0.5).tolist() == pytest.approx([0.0, 0.4, 0.8])
    x = flambeau.arange(6).reshape(2, 3)
    assert fft.fftshift(x).tolist() == [[5, 3, 4], [2, 0, 1]]
    assert fft.ifftshift(fft.fftshift(x, 1), (1,)).tolist() == x.tolist()


@pytest.mark.parametrize("center", [True, False])
def test_a_signal_comes_back_from_its_spectra(center: bool) -> None:
    x = flambeau.tensor([v.real for v in numbers(40)], dtype=flambeau.float64)
    window = flambeau.hamming_window(8, dtype=flambeau.float64)
    spectra = flambeau.stft(x, 8, 2, window=window, center=center, return_complex=True)
    assert tuple(spectra.shape) == (5, 21 if center else 17)
    assert flambeau.allclose(flambeau.istft(spectra, 8, 2, window=window, center=center), x)


def test_spectrograms_refuse_what_does_not_fit() -> None:
    x = flambeau.ones(20)
    with pytest.raises(ValueRangeError, match="return_complex parameter be given"):
        x.stft(4)
    with pytest.raises(ShapeError, match="1D window tensor of size equal to win_length=4, but got window with size"):
        x.stft(4, window=flambeau.ones(3), return_complex=True)
    with pytest.raises(ValueRangeError, match="window overlap add min"):
        spectra = x.stft(4, window=flambeau.hann_window(4), return_complex=True)
        spectra.istft(4, window=flambeau.zeros(4))


@pytest.mark.parametrize(("name", "expected"), [
    ("bartlett", [0, 0.5, 1, 0.5, 0]), ("hann", [0, 0.5, 1, 0.5, 0]), ("hamming", [0.08, 0.54, 1, 0.54, 0.08]),
    ("blackman", [0, 0.34, 1, 0.34, 0]), ("nuttall", [0.0003628, 0.2269824, 1, 0.2269824, 0.0003628]),
    ("cosine", [math.sin(math.pi * k / 10) for k in (1, 3, 5, 3, 1)]),
    ("exponential", [math.exp(-k) for k in (2, 1, 0, 1, 2)]),
    ("gaussian", [math.exp(-k * k / 2) for k in (2, 1, 0, 1, 2)]),
    ("kaiser", [5.277292e-05, 0.21567274, 1, 0.21567274, 5.277292e-05])])
def test_windows(name: str, expected: list[float]) -> None:
    made = getattr(windows, name)(5, dtype=flambeau.float64).tolist()
    assert made == pytest.approx(expected, abs=1e-6)
    assert getattr(windows, name)(4, sym=False, dtype=flambeau.float64).tolist() == pytest.approx(made[:4])
    assert getattr(windows, name)(0).tolist() == []


def test_windows_refuse() -> None:
    with pytest.raises(ValueRangeError, match="non-negative window length, got M=-1"):
        windows.hann(-1)
    with pytest.raises(ValueRangeError, match="Tau must be positive, got: 0"):
        windows.exponential(3, tau=0)
    with pytest.raises(DTypeError, match=r"hann_window: expects floating point dtypes, got: .*int64"):
        flambeau.hann_window(4, dtype=flambeau.int64)


def test_a_transform_is_pickled_by_name() -> None:
    assert pickle.loads(pickle.dumps(fft.rfft)) is fft.rfft
