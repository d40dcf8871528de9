from ionshift.core import provenance
from ionshift.core.errors import InputError
from ionshift.core.tables import SCORES
from ionshift.runs import archive, archived, limits, preflight
from ionshift.solvation import sampling
from ionshift.studies import registry
from ionshift.systems import electrolyte


def load_study():
    try:
        study = registry.load(dict(config))
        preflight.check(study)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    return study


STUDY = load_study()
ARCHIVE = Path(STUDY.inference.archive) if STUDY.inference.archive else None
SYSTEMS = list(STUDY.systems)
WITH_POTENTIAL = STUDY.md.engine == "potential"
REPLICAS = range(STUDY.md.replicas)
N_TO_LABEL = {name: sampling.n_to_label(STUDY.sampling, name) for name in SYSTEMS}
LABELLED_SYSTEMS = [name for name in SYSTEMS if N_TO_LABEL[name]]
SHIPPED = range(len(STUDY.labelling.shipped))
RESULTS = f"results/{STUDY.study}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
TABLES = f"{RESULTS}/tables"
FIGURES = f"{RESULTS}/figures"
MD_TABLE = f"{TABLES}/md.csv"
# The targets `tables` and `figures` take the rules that are named here.
TABLE_RULES = []
FIGURE_RULES = []


wildcard_constraints:
    system="|".join(name.replace(".", r"\.") for name in SYSTEMS),
    replica=r"\d+",
    shard=r"\d+",
    set=r"\d+",


def block(name, *keys):
    """A block of the configuration as a plain dict, or only some of its keys."""
    values = getattr(STUDY, name).model_dump(mode="json")
    return {key: values[key] for key in keys} if keys else values


def code(script, without=()):
    """Content hash of a script and the library modules behind it: a change reruns the rule."""
    return provenance.code_hash(Path(workflow.basedir) / "scripts" / f"{script}.py", without)


def other_engines(engine):
    """Modules of MD engines that a run with `engine` does not use."""
    return [f"md/engines/{name}.py" for name in ("gromacs", "potential") if name != engine]


def seed_of(wildcards):
    return provenance.derive_seed(STUDY.seed, wildcards.system, wildcards.replica)


def memory_MB(base):
    """Memory of the script with that of Snakemake around it; it grows with every attempt."""
    return lambda wildcards, attempt: (base + limits.SNAKEMAKE_MB) * attempt


def minutes(estimate):
    """Time limit that grows with every attempt; `estimate` is a number or a function of STUDY
    and the name of the system."""
    if not callable(estimate):
        return lambda wildcards, attempt: estimate * attempt
    return lambda wildcards, attempt: estimate(STUDY, wildcards.system) * attempt


def shards(system):
    """Numbers of the labelling jobs of a system."""
    return range(-(-N_TO_LABEL[system] // STUDY.labelling.shard_size))


def closing_words(left_out):
    """What is said at the end of a run: what archived predictions could not give is named."""
    if not left_out:
        return "Everything is there"
    names = ", ".join(left_out)
    return (
        "Everything is there that the archived predictions give. Left out, as it takes "
        f"trajectories, labels, the model or further columns: {names}"
    )


def templates():
    return [species.template for species in STUDY.electrolyte.species.values()]


def trajectories(wildcards):
    return expand(rules.run_md.output.trajectory, system=wildcards.system, replica=REPLICAS)


def topologies(wildcards):
    return expand(rules.run_md.output.topology, system=wildcards.system, replica=REPLICAS)
