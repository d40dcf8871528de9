from ionshift.systems import formulas

from ionshift.config.potential_training import LIQUID_KEYS
from ionshift.config.registries.references import REFERENCES
from ionshift.potential_training.references.settings import effective as effective_reference

# What the rules of a potential's training share: included with them.
TRAINING = STUDY.potential_training
TRAINING_SYSTEMS = TRAINING.systems or STUDY.systems
TRAINING_ENGINE = ENGINES.get(TRAINING.md.engine)
TRAINED_FAMILY = FAMILIES.get(TRAINING.model.backend)
TRAINING_RUNS = TRAINING.model.runs()
MEMBERS = [name for name in TRAINING_RUNS if name.startswith("member")]
LAST_ROUND = TRAINING.exploration.rounds
# A reference of molecules cuts clusters, for which it must know the ions.
REFERENCE = REFERENCES.get(TRAINING.reference.calculator)
REFERENCE_CHARGES = (
    formulas.charges_by_formula(STUDY.electrolyte) if REFERENCE.of_clusters else None
)
PRIOR = TRAINING.prior and TRAINING.prior.model_dump(mode="json")
POTENTIAL_FOLDER = f"{RESULTS}/potential"
TRAINING_MD_FOLDER = f"{POTENTIAL_FOLDER}/md/{{box}}/{{replica}}"
ROUNDS_FOLDER = f"{POTENTIAL_FOLDER}/rounds"
ROUND_FOLDER = f"{ROUNDS_FOLDER}/{{round}}"
LAST_FOLDER = f"{ROUNDS_FOLDER}/{LAST_ROUND}"
# The member that MD uses.
FIRST_MEMBER = "member0"
# Keys that choose among the frames of a run, and those of the run.
WINDOW_KEYS = {"deviation_low_eV_A", "deviation_high_eV_A", "n_frames", "converged_share"}
WINDOW = TRAINING.exploration.model_dump(mode="json", include=WINDOW_KEYS)
EXPLORATION = TRAINING.exploration.model_dump(mode="json", exclude=WINDOW_KEYS | {"rounds"})
# The box whose MD is run with the potential as well.
VALIDATION_BOX = next(iter(TRAINING_SYSTEMS))
# Systems whose MD with the potential has its classical counterpart.
COMPARED = STUDY.systems_with_both()
TABLE_RULES += ["evaluate_potential", "validate_potential"]
FIGURE_NAMES += ["potential_parity", "potential_errors", "potential_validation"]
if LAST_ROUND:
    TABLE_RULES += ["tabulate_rounds"]
    FIGURE_NAMES += ["potential_rounds"]


wildcard_constraints:
    round=r"\d+",
    box="|".join(name.replace(".", r"\.") for name in TRAINING_SYSTEMS),
    run="|".join(TRAINING_RUNS),


def training_model(*left_out):
    """Settings of the model that change a training, as a dict."""
    return TRAINING.model.model_dump(mode="json", exclude={"threads", *left_out})


def training_seed(wildcards):
    return provenance.derive_seed(STUDY.seed, "training", wildcards.box, wildcards.replica)


def training_md(output, box):
    """Files of the classical MD of a training box, one a replica."""
    return expand(
        getattr(rules.run_training_md.output, output),
        box=box,
        replica=range(TRAINING.md.replicas),
    )


def shards_up_to(wildcards, suffix):
    """Labelled shards of a round and of those before it."""
    return [
        f"{ROUNDS_FOLDER}/{number}/shards/{box}_{shard}.{suffix}"
        for number in range(int(wildcards.round) + 1)
        for box in TRAINING_SYSTEMS
        for shard in range(TRAINING.n_shards(number))
    ]


def members_of(number):
    """Models of a round's committee."""
    return expand(rules.train_potential.output.model, round=number, run=MEMBERS)


def members_before(wildcards):
    return members_of(int(wildcards.round) - 1)
