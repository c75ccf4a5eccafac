"""What PyTorch's modules have and flambeau's do not: switches for other hardware, legacy spellings."""
