"""Compare the LMBTR kernel with DScribe, and the recipes with each other, on a label set."""

from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.core.files import atomic_path
from ionshift.learning.benchmarks import compare_recipes, kernel_against_dscribe, labelled, summary

N_SPLITS = 20
N_SPLITS_PUBLISHED = 2
LMBTR, SOAP = Descriptor(), Descriptor(kind="soap")
PUBLISHED = Descriptor(kind="lmbtr_published")


def main(labels: Path, folder: str = "results/benchmarks") -> None:
    settings = Model(committee_size=4)
    krr = settings.model_copy(update={"recipe": "krr"})
    published = settings.model_copy(update={"recipe": "published", "committee_size": 2})
    clusters, table = labelled([labels])
    kernel = kernel_against_dscribe(clusters, {"lmbtr": LMBTR, "lmbtr_published": PUBLISHED})
    candidates = [
        ("krr, lmbtr", krr, LMBTR, N_SPLITS),
        ("krr, lmbtr_published", krr, PUBLISHED, N_SPLITS),
        ("krr, soap", krr, SOAP, N_SPLITS),
        ("mlp, lmbtr", settings, LMBTR, N_SPLITS),
        ("mlp, soap", settings, SOAP, N_SPLITS),
        ("published, lmbtr", published, LMBTR, N_SPLITS_PUBLISHED),
    ]
    splits = compare_recipes(clusters, table["shielding_ppm"], table["group"], candidates)
    tables = {"descriptor": kernel, "recipe_splits": splits, "recipes": summary(splits)}
    for name, content in tables.items():
        with atomic_path(Path(folder) / f"{name}.csv") as path:
            content.to_csv(path, index=False)
    for name in ("descriptor", "recipes"):
        print(f"\n{tables[name].to_string(index=False, float_format='%.3g')}")
