"""PyTorch's .pt layout, which writing and reading share: the names in the pickle and of the archive's entries.

The archive holds `data.pkl` (a pickle of protocol 2 in which each tensor's memory is a persistent id), `data/0`,
`data/1`, … (the elements, little-endian), `byteorder` and `version`.
"""

from __future__ import annotations

from .. import dtypes

ROOT, PICKLE, BYTEORDER, VERSION, STORAGE = "archive", "data.pkl", "byteorder", "version", "data/{}"
FORMAT = 3
PROTOCOL = 2  # of the pickle, unless another is asked for
NEWEST_FORMAT = 10  # what PyTorch 2.13 reads
ALIGNMENT = 64  # of each storage's first byte in the file, as PyTorch lays them
CHUNK = 1 << 20  # bytes on their way between file and memory at a time

STORAGES = {"bool": "BoolStorage", "uint8": "ByteStorage", "int8": "CharStorage", "int16": "ShortStorage",
            "int32": "IntStorage", "int64": "LongStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
            "float32": "FloatStorage", "float64": "DoubleStorage", "complex64": "ComplexFloatStorage",
            "complex128": "ComplexDoubleStorage"}
DTYPES = {storage: dtypes.BY_NAME[name] for name, storage in STORAGES.items()}
