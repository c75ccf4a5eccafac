"""`torch.hub`: models of local repositories, and state dicts from the cache in ~/.cache/torch/hub.

What is not in the cache is fetched over the network; where there is none, UnavailableError says where the file would
have to lie.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import flambeau
from flambeau.errors import ArgumentError, FlambeauError, UnsupportedError, ValueRangeError

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
VAR_DEPENDENCY = "dependencies"
MODULE_HUBCONF = "hubconf.py"
READ_DATA_CHUNK = 128 * 1024
_folder: list[str | None] = [None]


class UnavailableError(FlambeauError, URLError):
    """A file could not be fetched."""

    code = "FL702"

    def __init__(self, message: str, **fields: Any) -> None:
        FlambeauError.__init__(self, message, **fields)
        self.reason = message


def _get_torch_home() -> str:
    """TORCH_HOME, or the folder `torch` in XDG_CACHE_HOME (~/.cache)."""
    cache = os.getenv("XDG_CACHE_HOME", "~/.cache")
    return os.path.expanduser(os.getenv("TORCH_HOME", os.path.join(cache, "torch")))


def get_dir() -> str:
    """The folder of the cache: what `set_dir` was told, or `hub` in TORCH_HOME."""
    return _folder[0] if _folder[0] is not None else os.path.join(_get_torch_home(), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Chooses the folder of the cache."""
    _folder[0] = os.path.expanduser(d)


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetches `url` into the file `dst`, whole or not at all.

    Raises UnavailableError where it cannot be had, ValueRangeError where its SHA-256 does not begin with
    `hash_prefix`.
    """
    target = Path(os.path.expanduser(dst))
    digest = hashlib.sha256()
    try:
        with (urlopen(Request(url, headers={"User-Agent": "flambeau"})) as source,
              tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file):
            try:
                while data := source.read(READ_DATA_CHUNK):
                    file.write(data)
                    digest.update(data)
            except BaseException:
                os.unlink(file.name)
                raise
    except (URLError, TimeoutError) as error:
        raise UnavailableError(f"cannot fetch {url}: {error}; put the file at {target} by other means",
                               op="hub.download_url_to_file", url=url) from error
    if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
        os.unlink(file.name)
        raise ValueRangeError(f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")',
                              op="hub.download_url_to_file")
    shutil.move(file.name, target)


def load_state_dict_from_url(url: str, model_dir: str | None = None, map_location: Any = None, progress: bool = True,
                             check_hash: bool = False, file_name: str | None = None,
                             weights_only: bool = False) -> Any:
    """What `flambeau.load` makes of the file at `url`, kept in `model_dir` (the cache's folder `checkpoints`).

    A file that is there is not fetched again. Loads weights only, whatever is asked for: a file from the network runs
    no code.
    """
    folder = Path(model_dir if model_dir is not None else os.path.join(get_dir(), "checkpoints"))
    folder.mkdir(parents=True, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    if not name:
        raise ArgumentError(f"{url!r} names no file; give file_name", op="hub.load_state_dict_from_url")
    file = folder / name
    if not file.exists():
        found = HASH_REGEX.search(name) if check_hash else None
        download_url_to_file(url, str(file), found.group(1) if found else None, progress)
    return flambeau.load(file, map_location=map_location, weights_only=True)


def _local(op: str, repo_or_dir: str, source: str) -> Any:
    """The module `hubconf` of a repository's folder."""
    if source not in ("github", "local"):
        raise ValueRangeError(f'Unknown source: "{source}". Allowed values: "github" | "local".', op=op)
    folder = Path(repo_or_dir) if source == "local" else _cached(op, repo_or_dir)
    file = folder / MODULE_HUBCONF
    if not file.exists():
        raise ArgumentError(f"there is no {MODULE_HUBCONF} in {folder}", op=op)
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("hubconf", file)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    finally:
        sys.path.remove(str(folder))
    lacking = [d for d in getattr(module, VAR_DEPENDENCY, []) if d != "torch" and importlib.util.find_spec(d) is None]
    if lacking:
        raise UnsupportedError(f"Missing dependencies: {', '.join(lacking)}", op=op)
    return module


def _cached(op: str, repository: str) -> Path:
    """The folder of a repository in the cache, under the name that PyTorch gives it."""
    name, _, reference = repository.partition(":")
    owner, _, project = name.partition("/")
    for tag in [reference] if reference else ["main", "master"]:
        folder = Path(get_dir()) / f"{owner}_{project}_{tag.replace('/', '_')}"
        if folder.exists():
            return folder
    raise UnavailableError(f"{repository!r} is not in the cache {get_dir()}, and repositories are not fetched: put it"
                           f" there as {owner}_{project}_{reference or 'main'}, or give its folder with source='local'",
                           op=op)


def list(github: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: Any = None,
         verbose: bool = True) -> Any:
    """The names of what a repository in the cache can load."""
    module = _local("hub.list", github, "github")
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]


def help(github: str, model: str, force_reload: bool = False, skip_validation: bool = False,
         trust_repo: Any = None) -> str | None:
    """The docstring of what a repository in the cache loads by that name."""
    return str(_entry("hub.help", _local("hub.help", github, "github"), model).__doc__)


def load(repo_or_dir: str, model: str, *args: Any, source: str = "github", trust_repo: Any = None,
         force_reload: bool = False, verbose: bool = True, skip_validation: bool = False, **kwargs: Any) -> Any:
    """`model(*args, **kwargs)` of the file hubconf.py in a folder (source "local") or a repository in the cache."""
    return _entry("hub.load", _local("hub.load", repo_or_dir, source), model)(*args, **kwargs)


def _entry(op: str, module: Any, name: str) -> Any:
    found = getattr(module, name, None)
    if not callable(found):
        raise ArgumentError(f"Cannot find callable {name} in hubconf", op=op)
    return found


__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]
