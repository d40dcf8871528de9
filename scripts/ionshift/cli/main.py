"""The command `ionshift`.

Every command checks its input, then calls one function of the library; modules are imported when
their command runs, so that help and completion answer at once.
"""

import functools
import os
import re
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

import ionshift
from ionshift.cli import analyse
from ionshift.config.base import NAME, PATTERNS
from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.config.registries.recipes import RECIPES
from ionshift.core.errors import InputError

DEMO = Path("config/config.yaml")
PROFILES = Path("workflow/profiles")
LOCAL = "default"
FIRST_LABELS = Path("resources/labels/lifsi_dme_fast.extxyz")

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Dynamic NMR and thermodynamics of electrolytes from first principles.\n\n"
    "Run it in a clone of Ionshift: `ionshift run` is the demo, `ionshift run config/mine.yaml` "
    "a study of your own.",
)
labels = typer.Typer(no_args_is_help=True, help="DFT labels: state, retries, what to label next.")
bench = typer.Typer(no_args_is_help=True, help="Benchmarks: measured numbers, no tests.")
docs = typer.Typer(no_args_is_help=True, help="Generated pages.")
app.add_typer(labels, name="labels")
app.add_typer(bench, name="bench")
app.add_typer(analyse.app, name="analyse")
app.add_typer(docs, name="docs")


def _name_of_a_set(name: str) -> str:
    """A name that is a file's, here and in a shell."""
    if not re.fullmatch(NAME, name):
        raise typer.BadParameter(f"{name!r}: takes {PATTERNS[NAME]}")
    return name


Config = Annotated[Path, typer.Argument(help="Configuration of the study (YAML).")]
Cores = Annotated[int, typer.Option(min=1, help="CPU cores to use on this machine.")]
LabelSet = Annotated[Path, typer.Option("--set", help="Label set (extxyz).")]
SetName = Annotated[
    str, typer.Argument(help="Name of the set in resources/labels.", callback=_name_of_a_set)
]
Clusters = Annotated[int, typer.Option(min=1, help="Clusters.")]


Recipe: Any = StrEnum("Recipe", list(RECIPES.names()))  # type: ignore[misc]
Kernel: Any = StrEnum("Kernel", list(DESCRIPTORS.names()))  # type: ignore[misc]
MLP, KRR, LMBTR = Recipe("mlp"), Recipe("krr"), Kernel("lmbtr")


class HeldOut(StrEnum):
    """What a split holds out whole."""

    blocks = "blocks"
    replicas = "replicas"


class Pool(StrEnum):
    """What labels are chosen from."""

    all = "all"
    md = "md"


class Method(StrEnum):
    """How the environments of the next round are chosen."""

    combined = "combined"
    disagreement = "disagreement"
    distance = "distance"
    random = "random"


class _HandsOn(typer.core.TyperCommand):
    """A command whose words after `--` are for Snakemake, with or without CONFIG before them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        super().parse_args(ctx, args[:end])
        ctx.args = args[end + 1 :]
        return ctx.args

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- SNAKEMAKE_OPTIONS]"]


def _in_a_clone(command: Callable[..., None]) -> Callable[..., None]:
    """The command, refused outside a clone."""

    @functools.wraps(command)
    def checked(*arguments: Any, **options: Any) -> None:
        if not Path("Snakefile").is_file():
            raise InputError(
                f"{Path.cwd()} holds no Snakefile; change to a clone of Ionshift and run it there"
            )
        command(*arguments, **options)

    return checked


OWN_OPTIONS = {
    "--configfile": "CONFIG",
    "--configfiles": "CONFIG",
    "--cores": "--cores before the --",
    "-c": "--cores before the --",
    "--profile": "--profile before the --",
    "--workflow-profile": "--profile before the --",
}
"""Options of Snakemake that `ionshift run` sets itself, and what to use in their place."""


def _check_handed_on(words: list[str]) -> None:
    for word in words:
        name = word.partition("=")[0]
        if name in OWN_OPTIONS:
            raise InputError(f"{name} after --: ionshift sets it; use {OWN_OPTIONS[name]}")


def _snakemake(config: Path, cores: int, *arguments: str, profile: str = LOCAL) -> None:
    """Lock, check and become Snakemake; its targets stand first, since options take lists."""
    from ionshift.runs import launch

    where = ["--workflow-profile", str(_profile_folder(profile))]
    where += ["--cores", str(cores)] if profile == LOCAL else []
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    folder = str(Path(sys.executable).parent)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])
    launch.main([*arguments, *where, "--configfile", str(config)])


def _profile_folder(profile: str) -> Path:
    for folder in (PROFILES / profile, Path(profile)):
        if (folder / "config.yaml").is_file():
            return folder
    known = ", ".join(sorted(path.name for path in PROFILES.iterdir()))
    raise InputError(
        f"--profile {profile}: no such profile; take {known}, or a folder with a config.yaml"
    )


def _study(config: Path) -> Any:
    """The study, checked before Snakemake starts: mistakes are told at once."""
    from ionshift.studies import registry

    return registry.load(config)


def _checked(config: Path) -> Any:
    """The study, checked against its files."""
    from ionshift.studies import registry

    study = _study(config)
    registry.kind(study.kind).check(study)
    return study


@app.command(cls=_HandsOn)
@_in_a_clone
def run(
    context: typer.Context,
    config: Config = DEMO,
    cores: Cores = 2,
    profile: Annotated[
        str, typer.Option(help="Where jobs run: default, slurm, or a folder with a profile.")
    ] = LOCAL,
    conda: Annotated[bool, typer.Option("--conda", help="One conda environment a stage.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would run, run nothing.")
    ] = False,
    until: Annotated[list[str] | None, typer.Option(help="Stop after this rule.")] = None,
) -> None:
    """Run a study, or go on with it: only what is missing or out of date is computed.

    What follows `--` is handed to Snakemake. Examples: `ionshift run`;
    `ionshift run config/lifsi_dme.yaml --profile slurm`; `ionshift run -- --keep-going`;
    `ionshift run config/mine.yaml --cores 16 -- --forcerun train_model`.
    """
    from ionshift.runs import contents
    from ionshift.studies import registry

    _check_handed_on(context.args)
    study = _checked(config)
    if dry_run:
        # A real run does so as it starts; a dry run starts nothing.
        registry.kind(study.kind).before_run(study)
    else:
        _refuse_earlier_layout(study.study, config)
        contents.check(study)
        _take_if_copied(study, config)
    options = ["--software-deployment-method", "conda"] if conda else []
    options += ["--dry-run"] if dry_run else []
    options += ["--until", *until] if until else []
    _snakemake(config, cores, *context.args, *options, profile=profile)


def _take_if_copied(study: Any, config: Path) -> None:
    from ionshift.cli import adopt

    adopt.take_if_copied(study, config)


def _refuse_earlier_layout(study: str, config: Path) -> None:
    from ionshift.cli.adopt import is_of_earlier_layout

    results = Path("results") / study
    if is_of_earlier_layout(results):
        raise InputError(
            f"{results} was made by version 0.1: ionshift adopt {config} keeps its MD and labels; "
            f"to run all of it anew, delete {results}/manifest.json"
        )


@app.command()
@_in_a_clone
def plan(config: Config = DEMO) -> None:
    """Say what a run would do and cost: jobs, DFT labels, core-hours."""
    from ionshift.cli import plan as command
    from ionshift.studies import registry

    study = _checked(config)
    registry.kind(study.kind).before_run(study)
    command.main(config)


@app.command()
@_in_a_clone
def status(
    config: Config = DEMO,
    watch: Annotated[
        bool, typer.Option("--watch", help="Again and again, until nothing runs (Ctrl-C ends it).")
    ] = False,
    wait_s: Annotated[
        float, typer.Option("--every", min=1, help="Seconds between two looks with --watch.")
    ] = 60,
) -> None:
    """Say what is done, running, failed and left, and for how long; with ends of failed logs."""
    from ionshift.cli import status as command

    if watch:
        command.watch(config, wait_s)
    else:
        command.main(config)


@app.command()
def check(
    where: Annotated[
        Path, typer.Argument(help="Configuration of the study, or a folder of results.")
    ] = DEMO,
) -> None:
    """Say whether a study is finished and whole: hashes, trajectories, labels, tables."""
    from ionshift.cli import check as command

    command.main(where)


@app.command()
@_in_a_clone
def report(config: Config = DEMO) -> None:
    """Write results/{study}/report.html, if tables or figures are newer than it."""
    results = Path("results") / _study(config).study
    target, first_page = results / "report.html", results / "summary.html"
    sources = [results / "figures", results / "tables", Path("workflow/report"), first_page]
    if _is_newest(target, sources):
        print(f"report: nothing to do ({target}; the first page alone: {first_page})")
        return
    print(f"Writing {target}; its first page alone: {first_page}", flush=True)
    _snakemake(config, 1, "--report", str(target))


def _is_newest(target: Path, sources: list[Path]) -> bool:
    """Whether no file of the sources, files or folders, is newer."""
    if not target.is_file():
        return False
    made = target.stat().st_mtime
    found = (path for source in sources for path in (source, *source.rglob("*")))
    return all(path.stat().st_mtime <= made for path in found if path.is_file())


@app.command()
@_in_a_clone
def figures(config: Config = DEMO, cores: Cores = 2) -> None:
    """Draw all figures again from the tables that are there, and compute nothing else."""
    tables = Path("results") / _study(config).study / "tables"
    if not tables.is_dir():
        raise InputError(
            f"{tables} does not exist: there is nothing to draw from; run the study first "
            f"(ionshift run {config}), or unpack its archive (ionshift unpack)"
        )
    allowed = ["--allowed-rules", "figures", "figure"]
    _snakemake(config, cores, "figures", "--forceall", *allowed)


@app.command()
@_in_a_clone
def archive(
    config: Config = DEMO,
    trajectories: Annotated[
        bool, typer.Option("--trajectories", help="Pack the trajectories as well.")
    ] = False,
    descriptors: Annotated[
        bool, typer.Option("--descriptors", help="Pack the descriptors' moments and axes as well.")
    ] = False,
) -> None:
    """Pack a finished study into results/{study}.tar.gz, from which figures can be drawn."""
    from ionshift.cli import make_archive

    make_archive.main(config, trajectories, descriptors)


@app.command()
@_in_a_clone
def unpack(
    archive: Annotated[Path, typer.Argument(help="File that `ionshift archive` has written.")],
) -> None:
    """Unpack an archive into this clone, if all of it is whole and unaltered."""
    from ionshift.runs import unpack as command

    print(f"{archive}: {len(command.unpack(archive))} files written")


@app.command()
@_in_a_clone
def crate(config: Config = DEMO) -> None:
    """Write a finished run as a Workflow Run RO-Crate, results/{study}.crate.zip."""
    from ionshift.cli import make_crate

    make_crate.main(config)


@app.command()
@_in_a_clone
def boxes(
    config: Config,
    name: Annotated[
        str,
        typer.Argument(help="Name of the folder in resources/boxes.", callback=_name_of_a_set),
    ],
) -> None:
    """Write a finished study's last frames as boxes for others to start from (systems.*.starts)."""
    from ionshift.cli import export_boxes

    export_boxes.main(config, name)


@app.command()
@_in_a_clone
def adopt(
    config: Config = DEMO,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what.")] = False,
) -> None:
    """Take results that were copied from another clone, or made by version 0.1, as they are."""
    from ionshift.cli import adopt as command

    command.main(config, dry_run)


@app.command()
def train(
    data: Annotated[Path, typer.Argument(help="extxyz file with a target for every nucleus.")],
    folder: Annotated[Path, typer.Argument(help="Folder for committee.pt and the tables.")],
    target: Annotated[str, typer.Option(help="Column of the atoms, or key of the frame.")] = (
        "shielding_ppm"
    ),
    unit: Annotated[
        str | None, typer.Option(help="Unit of the target, at the end of the columns (ppm).")
    ] = None,
    nucleus: Annotated[str | None, typer.Option(help="Element of the nuclei.")] = None,
    radius_A: Annotated[
        float | None, typer.Option("--radius-A", help="Radius of an environment.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Key of the frames that groups them.")] = None,
    recipe: Annotated[Recipe, typer.Option(help="Recipe of the learner.")] = MLP,
    target_rmse: Annotated[
        float | None,
        typer.Option(min=0, help="Wanted error: the learning curve goes on until it is reached."),
    ] = None,
    descriptor: Annotated[Kernel, typer.Option(help="Kind of descriptor.")] = LMBTR,
) -> None:
    """Train a model of any nucleus on an extxyz file and write it with its measured errors."""
    from ionshift.cli import train_from_extxyz

    train_from_extxyz.main(
        data,
        folder,
        target,
        unit,
        nucleus,
        radius_A,
        group,
        recipe.value,
        descriptor.value,
        target_rmse,
    )


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="committee.pt of a training or a study.")],
    data: Annotated[Path, typer.Argument(help="extxyz file of clusters or frames.")],
    table: Annotated[Path, typer.Argument(help="CSV file to write.")],
) -> None:
    """Predict the nuclei of an extxyz file with a trained model; say its errors on labels."""
    from ionshift.cli import predict_extxyz

    predict_extxyz.main(model, data, table)


@labels.command("status")
@_in_a_clone
def labels_status(config: Config = DEMO) -> None:
    """Labels done, failed and to do, with the core-hours left."""
    from ionshift.cli import labels_status as command

    command.main(config)


@labels.command("retry")
@_in_a_clone
def labels_retry(config: Config = DEMO) -> None:
    """Forget failed labels: the next run computes them again with a stronger SCF recipe."""
    from ionshift.cli import retry_labels

    retry_labels.main(config)


@labels.command("retry-frames")
@_in_a_clone
def labels_retry_frames(config: Config = DEMO) -> None:
    """Forget failed reference labels of a potential's training: the next run tries them again."""
    from ionshift.cli import retry_frames

    retry_frames.main(config)


@labels.command("next")
@_in_a_clone
def labels_next(
    config: Config = DEMO,
    n: Annotated[int, typer.Option("--n", min=1, help="Environments to choose.")] = 40,
    method: Annotated[Method, typer.Option(help="How they are chosen.")] = Method.combined,
) -> None:
    """Choose the environments that a finished study labels in its next round."""
    from ionshift.cli import next_labels

    next_labels.main(config, n, method.value)


@labels.command("export")
@_in_a_clone
def labels_export(
    config: Config,
    name: SetName,
) -> None:
    """Write a finished study's labels as a set that other studies can train on."""
    from ionshift.cli import export_labels

    export_labels.main(config, name)


@labels.command("export-elf")
@_in_a_clone
def labels_export_elf(
    config: Config,
    name: Annotated[
        str,
        typer.Argument(help="Name of the set in resources/elf.", callback=_name_of_a_set),
    ],
) -> None:
    """Write a finished study's ELF records as a set that other studies take."""
    from ionshift.cli import export_elf

    export_elf.main(config, name)


@labels.command("relabel")
@_in_a_clone
def labels_relabel(
    source: Annotated[Path, typer.Argument(help="Label set (extxyz) with the clusters.")],
    protocol: Annotated[str, typer.Argument(help="Name of the protocol.")],
    name: SetName,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: the store alone.")] = 0,
) -> None:
    """Labels of another protocol for the clusters of a set, as a set."""
    from ionshift.cli import relabel

    relabel.main(source, protocol, name, workers)


@bench.command("model")
@_in_a_clone
def bench_model(label_set: LabelSet = FIRST_LABELS) -> None:
    """Compare descriptor kernels and recipes on a label set."""
    from ionshift.cli import bench_model as command

    command.main(label_set)


@bench.command("active")
@_in_a_clone
def bench_active(
    label_set: LabelSet = FIRST_LABELS,
    pool: Annotated[Pool, typer.Option(help="md: labels as frequent as in the MD.")] = Pool.all,
) -> None:
    """Replay which labels to compute next."""
    from ionshift.cli import bench_active as command

    command.main(label_set, pool.value)


@bench.command("md")
@_in_a_clone
def bench_md(
    config: Config = DEMO,
    steps: Annotated[int, typer.Option(min=1, help="Steps in one go.")] = 500,
    rounds: Annotated[int, typer.Option(min=1, help="Times each way has its turn.")] = 9,
) -> None:
    """What `md.deterministic` costs: ms a step with and without it, and the ratio."""
    from ionshift.cli import bench_md as command

    command.main(config, steps, rounds)


@bench.command("inference")
@_in_a_clone
def bench_inference(
    config: Config = DEMO,
    environments: Annotated[int, typer.Option(min=1, help="Environments to predict.")] = 10_000,
) -> None:
    """Time and memory of training, and of predictions along the trajectories of a study."""
    from ionshift.cli import bench_inference as command

    command.main(config, environments)


@bench.command("learning")
@_in_a_clone
def bench_learning(
    recipe: Annotated[Recipe, typer.Option(help="Recipe of the learner.")] = KRR,
    held_out: Annotated[
        HeldOut, typer.Option(help="What is held out: blocks of time or whole replicas.")
    ] = HeldOut.blocks,
) -> None:
    """Test error against the number of shipped labels."""
    from ionshift.cli import bench_learning as command

    command.main(recipe.value, held_out.value)


@bench.command("labels")
@_in_a_clone
def bench_labels(
    label_set: LabelSet = FIRST_LABELS,
    clusters: Clusters = 8,
    cores: Cores = 2,
) -> None:
    """Cost against error of DFT protocols (core-hours)."""
    from ionshift.cli import bench_labels as command

    command.main(label_set, clusters, cores)


@bench.command("geometry")
@_in_a_clone
def bench_geometry(
    label_set: LabelSet = FIRST_LABELS,
    clusters: Annotated[int, typer.Option(min=1, help="Clusters per class.")] = 8,
    cores: Cores = 2,
) -> None:
    """Optimize the geometry of clusters of a label set, and label them again."""
    from ionshift.cli import bench_geometry_optimization as command

    command.main(label_set, clusters, cores)


@bench.command("workers")
@_in_a_clone
def bench_workers(
    label_set: LabelSet = FIRST_LABELS,
    clusters: Clusters = 8,
    cores: Cores = 2,
) -> None:
    """Label with several processes, then with several threads."""
    from ionshift.cli import bench_workers as command

    command.main(label_set, clusters, cores)


@docs.command("reference")
@_in_a_clone
def docs_reference() -> None:
    """Write the pages of keys and of columns, and the JSON schema, from what the code declares."""
    from ionshift.studies import documentation, table_documentation

    for path in (*documentation.write(), table_documentation.write()):
        print(path)


def _say_version(wanted: bool) -> None:
    if wanted:
        print(ionshift.__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; what a user can mend ends in one sentence and exit code 1."""
    try:
        app(prog_name="ionshift")
    except InputError as error:
        sys.exit(f"ERROR {error}")
