"""Cost against error of label protocols on a few clusters of a label set.

Labels go to the label store: a second run goes on where the first stopped. Reference labels that
ship are not computed again, and their clusters are taken first; all others are, so that costs
are those of this machine.
PROTOCOL names (see label_benchmark.variants) limit the run; `reference` is always computed.
Leaves labels.csv and labels.{pdf,png} in results/benchmarks.
"""

from pathlib import Path

from ionshift.config.figures import Figures
from ionshift.config.labelling import Labelling
from ionshift.core.files import atomic_path
from ionshift.figures import benchmark, style
from ionshift.labels import protocol_benchmark, sets
from ionshift.labels import store as labels_store
from ionshift.labels.shieldings import label_clusters

FOLDER = Path("results/benchmarks")
SHIPPED = {"reference": Path("resources/labels/lifsi_dme_reference.extxyz")}


def main(source: Path, n_clusters: int, workers: int = 1, *names: str) -> None:
    clusters = protocol_benchmark.choose(
        sets.read_clusters(source), int(n_clusters), ids_with_reference()
    )
    store = labels_store.LabelStore(Labelling().store)
    tables = {}
    for name, protocol in protocol_benchmark.variants().items():
        if not names or name in (*names, "reference"):
            print(f"protocol {name}", flush=True)
            if name in SHIPPED and SHIPPED[name].is_file():
                sets.import_label_set(SHIPPED[name], protocol, store)
            tables[name] = label_clusters(clusters, protocol, store, int(workers))
    table = protocol_benchmark.compare(tables)
    print(table.to_string(index=False, float_format="%.3f"))
    with atomic_path(FOLDER / "labels.csv") as path:
        table.to_csv(path, index=False)
    figure = benchmark.cost_against_error(table, Figures())
    style.save(figure, [FOLDER / "labels.pdf", FOLDER / "labels.png"], Figures().dpi)


def ids_with_reference() -> set[str]:
    """Ids of the clusters whose reference labels ship."""
    shipped = SHIPPED["reference"]
    if not shipped.is_file():
        return set()
    return {atoms.info["cluster_id"] for atoms in sets.read_clusters(shipped)}
