"""PyTorch's Fourier transforms over the three primitives of `ops.fft`, spectrograms, and windows for them."""

from __future__ import annotations

from .spectrogram import istft, stft
from .windows import bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window

__all__ = [
    "bartlett_window", "blackman_window", "hamming_window", "hann_window", "istft", "kaiser_window", "stft",
]
