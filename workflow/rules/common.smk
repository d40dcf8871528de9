import os

from snakemake.logging import logger

from ionshift.config.reading import read_yaml
from ionshift.core import provenance
from ionshift.core.errors import InputError
from ionshift.figures import catalogue
from ionshift.runs import costs, limits, programs, progress
from ionshift.studies import registry


def load_study():
    try:
        for path in workflow.configfiles:
            read_yaml(path)
        study = registry.load(dict(config))
        kind = registry.kind(study.kind)
        kind.check(study)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    return study, kind


def check_before_run():
    try:
        if not workflow.touch:
            KIND.before_run(STUDY)
    except InputError as error:
        raise WorkflowError(str(error)) from None


STUDY, KIND = load_study()
RESULTS = f"results/{STUDY.study}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
TABLES = f"{RESULTS}/tables"
FIGURES = f"{RESULTS}/figures"
# The targets `tables` and `figures` take the rules and figures that are named here.
TABLE_RULES = []
FIGURE_RULES = []
# Figures of the catalogue that this study has.
FIGURE_NAMES = []
# Results besides tables and figures: one that was deleted is made again.
RESULT_FILES = []
# Every figure of workflow/figures.yaml; a study has those that its stages add to FIGURE_NAMES.
CATALOGUE = catalogue.read(Path(workflow.basedir) / "workflow" / "figures.yaml")
# Tables and figures of the kind that this study cannot have, by rule.
LEFT_OUT = []


def block(name, *keys):
    """A block of the configuration as a plain dict, or only some of its keys."""
    values = getattr(STUDY, name).model_dump(mode="json")
    return {key: values[key] for key in keys} if keys else values


def code(script, *entries):
    """Content hash of a script and the library modules behind it: a change reruns the rule.

    `entries` are those of registries that the script imports by name.
    """
    path = Path(workflow.basedir) / "scripts" / f"{script}.py"
    return provenance.code_hash(path, [entry.module for entry in entries])


def memory_MB(base):
    """Memory of the script with that of Snakemake around it; it grows with every attempt."""
    return lambda wildcards, attempt: (base + limits.SNAKEMAKE_MB) * attempt


def minutes(estimate):
    """Time limit that grows with every attempt; `estimate` is a number or a function of STUDY
    and the name of the system."""
    if not callable(estimate):
        return lambda wildcards, attempt: estimate * attempt
    return lambda wildcards, attempt: estimate(STUDY, wildcards.system) * attempt


def say_before_the_run(workflow):
    """Stop where a program is missing that jobs would look for here; say what should be known."""
    elsewhere = workflow.non_local_exec or workflow.deployment_settings.deployment_method
    if not (elsewhere or workflow.touch):
        try:
            programs.check(STUDY, {job.rule.name for job in workflow.dag.needrun_jobs()})
        except InputError as error:
            raise WorkflowError(str(error)) from None
    for notice in KIND.notices(STUDY):
        logger.warning(notice)


def tell_progress(workflow):
    """Say now and then what is done, running and left, and about how long it will take."""
    record = costs.Record("results", STUDY.study)
    jobs = progress.of_jobs(
        workflow.dag.needrun_jobs(), lambda rule, job: record.expect(rule, job).core_h
    )
    cores = None if workflow.non_local_exec else workflow.cores
    logger.addHandler(progress.Teller(progress.Run(jobs, cores), logger.info))


def configuration_file():
    """The study's configuration as a command names it."""
    return os.path.relpath(workflow.configfiles[0])


def closing_words(left_out, first_page):
    """What is said at the end of a run: what archived predictions could not give is named."""
    if not left_out:
        return f"Everything is there. Begin with {first_page}"
    names = ", ".join(left_out)
    return (
        f"Everything is there that the archived predictions give. Begin with {first_page}. Left "
        f"out, as it takes trajectories, labels, the model or further columns: {names}"
    )


def tables_of_figure(wildcards):
    entry = CATALOGUE[wildcards.figure]
    return {name: f"{RESULTS}/{path}" for name, path in entry.tables.items()}


def options_of_figure(wildcards):
    entry = CATALOGUE[wildcards.figure]
    return {name: catalogue.option(STUDY, key) for name, key in entry.options.items()}
