"""The repository's tasks. `nox -l` lists them; CONTRIBUTING.md has them in one table."""

from __future__ import annotations

from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests", "lint", "types"]
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "virtualenv"

ROOT = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13"]
CPU = ["core", "backends/reference", "backends/arrayapi", "backends/numpy"]
EVERYTHING = [*CPU, "backends/cupy", "conformance", "packages/bench", "packages/torch"]
CONFORMANCE_BACKENDS = ["reference", "numpy", "array-api-strict"]
PYTEST = ["pytest>=8", "pytest-xdist>=3.5", "hypothesis>=6.100"]
TORCH = "torch==2.13.0"
SCAFFOLD = ["copier>=9.4,<10", "hatchling>=1.27", "mypy>=1.13", "ruff>=0.9"]  # what `new` writes is linted too

# Several workers, or one run compared with another: BLAS threads of their own would only get in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def install(session: nox.Session, distributions: list[str], *requirements: str) -> None:
    """Installs distributions of this checkout, editable, beside what else is required, in one resolution."""
    local = [part for path in distributions for part in ("-e", str(ROOT / path))]
    session.install(*local, *requirements)


def run_all(session: nox.Session, commands: list[list[str]]) -> None:
    """Runs every command, also after one that failed; the session fails at the end with the list of them."""
    failed = []
    for command in commands:
        try:
            session.run("python", "-m", *command, env=ONE_THREAD)
        except CommandFailed:
            failed.append(" ".join(command))
    if failed:
        session.error("failed: " + "; ".join(failed))


def suite(backend: str) -> list[str]:
    """The whole conformance suite on one installed backend."""
    return ["pytest", "--pyargs", "flambeau_conformance.suite", f"--flambeau-backend={backend}", "-q", "-n", "2"]


@nox.session
def demo(session: nox.Session) -> None:
    """Trains a convolutional network on handwritten digits; pictures and checkpoint go to build/demo."""
    install(session, CPU, "scikit-learn", "matplotlib", "tqdm")
    out = ROOT / "build" / "demo"
    session.run("python", "docs/examples/digits.py", f"--out={out}", *session.posargs)


def tests(session: nox.Session) -> None:
    """Core, backends, conformance, documentation examples, layer and drift checks."""
    install(session, EVERYTHING, *PYTEST, "array-api-strict>=2.2", *SCAFFOLD, "scikit-learn", "matplotlib", "tqdm")
    if session.posargs:
        run_all(session, [["pytest", *session.posargs]])
        return
    run_all(session, [["flambeau._gen", "--check"], *map(suite, CONFORMANCE_BACKENDS), ["pytest", "-q", "-n", "2"]])


nox.session(tests)
for _python in PYTHONS[1:]:  # `tests` alone means the running interpreter
    nox.session(tests, python=_python, name=f"tests-{_python}", default=False)


@nox.session
@nox.parametrize("backend", [nox.param(name, id=name) for name in CONFORMANCE_BACKENDS])
def conformance(session: nox.Session, backend: str) -> None:
    """The conformance suite on one backend: `"conformance(numpy)"`, or `conformance -- NAME [REQUIREMENT ...]`.

    With a name after `--` the suite runs once, on that backend. What follows the name is installed first;
    with nothing after it, the distribution flambeau-NAME.
    """
    if not session.posargs:
        install(session, [*CPU, "conformance"], *PYTEST, "array-api-strict>=2.2")
        run_all(session, [suite(backend)])
        return
    if backend != CONFORMANCE_BACKENDS[0]:
        session.skip("the name after -- was already run")
    name, *requirements = session.posargs
    if not requirements and name not in [*CONFORMANCE_BACKENDS, "cupy"]:
        requirements = [f"flambeau-{name}"]
    install(session, [*CPU, "backends/cupy", "conformance"], *PYTEST, "array-api-strict>=2.2", *requirements)
    run_all(session, [suite(name)])


@nox.session
def mutants(session: nox.Session) -> None:
    """Puts every bug of the catalogue into every backend; fails if the suite overlooks one. `-- BACKEND` for some."""
    install(session, [*CPU, "conformance"], "array-api-strict>=2.2")
    arguments = session.posargs or ["--markdown", str(ROOT / "docs" / "conformance" / "mutants.md")]
    session.run("flambeau-conformance", "mutants", *arguments, env=ONE_THREAD)


@nox.session(name="random-mutants")
def random_mutants(session: nox.Session) -> None:
    """Bugs drawn from a grammar, and the share of them that the suite kills; `-- --seed S` for another draw."""
    install(session, [*CPU, "conformance"], "array-api-strict>=2.2")
    page = ["--markdown", str(ROOT / "docs" / "conformance" / "random.md")]
    session.run("flambeau-conformance", "mutants", "--random", "2000", *(session.posargs or page), env=ONE_THREAD,
                success_codes=[0, 1])


@nox.session
def fuzz(session: nox.Session) -> None:
    """Random programs on every CPU backend against the reference, two minutes each; `-- NAME [OPTION ...]` for one."""
    install(session, [*CPU, "conformance"], "array-api-strict>=2.2")
    asked = [session.posargs] if session.posargs else [[name, "--minutes", "2"] for name in CONFORMANCE_BACKENDS]
    run_all(session, [["flambeau_conformance", "fuzz", *arguments] for arguments in asked])


@nox.session
def jax(session: nox.Session) -> None:
    """The example backend over JAX: the guide from beginning to end, then the whole suite; twenty minutes on 2 cores.

    What follows `--` goes to the run: `-- --profile smoke`, or `-- --markdown docs/conformance/jax.md`.
    """
    example = "docs/examples/backend-jax"
    install(session, [*CPU, "conformance", example], "pytest>=8", "copier>=9.4,<10", "hatchling>=1.27")
    # XLA compiles every op for every shape: the least effort, kept between runs
    settings = {**ONE_THREAD, "JAX_COMPILATION_CACHE_DIR": str(ROOT / "build" / "jax"),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
                "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"}
    session.run("python", "-m", "pytest", "-q", "-c", f"{example}/pyproject.toml", f"{example}/tests/test_guide.py",
                env=settings)
    session.run("flambeau-conformance", "run", "jax", "--timeout", "120", *session.posargs, env=settings)


@nox.session
def browser(session: nox.Session) -> None:
    """The report's page in headless Chromium, which has to be installed (or named by FLAMBEAU_CHROMIUM)."""
    install(session, [*CPU, "conformance"], "pytest>=8", "playwright>=1.40")
    session.run("python", "-m", "pytest", "-q", "-s", "conformance/tests/browser", *session.posargs)


@nox.session
def parity(session: nox.Session) -> None:
    """Compares values, dtypes, errors, random numbers and whole programs with PyTorch."""
    install(session, EVERYTHING, *PYTEST, TORCH, "scikit-learn", "matplotlib", "tqdm", "tensorboard",
            "pillow")
    folders = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("**/tests/parity") if ".nox" not in path.parts)
    session.run("python", "-m", "pytest", "-q", "-n", "2", *(session.posargs or folders), env=ONE_THREAD)


@nox.session(name="parity-fuzz")
def parity_fuzz(session: nox.Session) -> None:
    """Small random programs on flambeau and on PyTorch, in step; `-- --programs N --seed S --minutes M --device D`."""
    install(session, CPU, TORCH)
    environment = {**ONE_THREAD, "PYTHONPATH": str(ROOT / "core" / "tests" / "parity")}
    asked = [session.posargs] if session.posargs else [["--device", name, "--minutes", "2"]
                                                       for name in ("cpu", "reference")]
    for arguments in asked:
        session.run("python", "-m", "drawn", *arguments, env=environment)


@nox.session(name="break")
def break_(session: nox.Session) -> None:
    """Tries to break files, savers, workers, trainings, threads and limits of memory for eight minutes.

    Figures go to docs/reliability.md; `-- --part saves --seed S --seconds N` for one part, `--trial T` for one trial.
    """
    install(session, CPU)
    environment = {**ONE_THREAD, "PYTHONPATH": str(ROOT / "core" / "tests")}
    arguments = session.posargs or ["--seconds", "480", "--markdown", str(ROOT / "docs" / "reliability.md")]
    session.run("python", "-m", "breaking", *arguments, env=environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, and the names and rendering of the changelog fragments."""
    session.install("ruff>=0.9", "towncrier>=24.8", "pytest>=8")
    session.run("ruff", "check", *session.posargs, ".")
    session.run("python", "-m", "pytest", "-q", "tests/test_changelog.py")
    session.run("towncrier", "build", "--draft", "--version", "unreleased", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """mypy in strict mode over core, reference and conformance."""
    install(session, ["core", "backends/reference", "conformance"], "mypy>=1.13", "pytest>=8")
    session.run("mypy", *session.posargs)


@nox.session
def gen(session: nox.Session) -> None:
    """Writes the generated files of core anew; `-- --check` only says whether they are up to date."""
    install(session, ["core"])
    session.run("python", "-m", "flambeau._gen", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Runs every documented example: docstrings, README, CONTRIBUTING, guides."""
    install(session, EVERYTHING, *PYTEST, "scikit-learn", "matplotlib", "tqdm")
    session.run("python", "-m", "pytest", "-q", "docs/tests", *session.posargs, env=ONE_THREAD)


@nox.session
def bench(session: nox.Session) -> None:
    """flambeau beside PyTorch, HIPS autograd and MyGrad in one interleaved run; results go to build/bench."""
    install(session, [*CPU, "packages/bench"], TORCH, "autograd>=1.8", "mygrad>=2.3")
    arguments = session.posargs or ["--json", str(ROOT / "build" / "bench" / "results.json")]
    session.run("flambeau-bench", *arguments, env=ONE_THREAD)


def build_wheels(session: nox.Session) -> Path:
    """The folder with a fresh wheel of every distribution."""
    dist = Path(session.create_tmp()) / "dist"
    session.install("pip>=23.1")
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={dist}",
                *[str(ROOT / path) for path in EVERYTHING])
    return dist


@nox.session
def readme(session: nox.Session) -> None:
    """Every command of every README, from top to bottom, in a fresh environment each; wheels take the index's place.

    `-- README ...` for some of them; `-- --long` also runs the nox sessions that they name.
    """
    session.run("python", "tests/readmes.py", f"--wheels={build_wheels(session)}", *session.posargs)


@nox.session(python=PYTHONS, reuse_venv=False)
def wheels(session: nox.Session) -> None:
    """Builds every wheel, installs them in a fresh environment and runs the README's program on each backend."""
    dist = build_wheels(session)
    session.install(*sorted(str(path) for path in dist.glob("*.whl")))
    for backend in ("reference", "numpy"):
        session.run("python", str(ROOT / "docs" / "examples" / "little.py"), env={"FLAMBEAU_BACKEND": backend})
    session.run("python", "-m", "flambeau", "doctor")
