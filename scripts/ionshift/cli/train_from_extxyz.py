"""Train a model of any nucleus on an extxyz file and write it with its measured errors.

    python -m ionshift.cli.train_from_extxyz data.extxyz results/fluorine \\
        --target shielding_ppm --nucleus F --radius-A 6 --recipe krr
"""

import argparse
from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.config.registries.recipes import RECIPES
from ionshift.core.files import atomic_path
from ionshift.learning.extxyz import train_from_extxyz


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="extxyz file")
    parser.add_argument("folder", type=Path, help="folder for committee.pt and the tables")
    parser.add_argument("--target", default="shielding_ppm", help="column of the atoms, or key")
    parser.add_argument("--unit", help="unit of the target, at the end of the columns (ppm)")
    parser.add_argument("--nucleus", help="element of the nuclei")
    parser.add_argument("--radius-A", type=float, help="radius of an environment")
    parser.add_argument("--group", help="key that names groups to keep together")
    parser.add_argument("--recipe", default="mlp", choices=RECIPES.names())
    parser.add_argument("--descriptor", default="lmbtr", choices=DESCRIPTORS.names())
    arguments = vars(parser.parse_args())
    folder = arguments.pop("folder")
    model = Model(recipe=arguments.pop("recipe"))
    descriptor = Descriptor(kind=arguments.pop("descriptor"))
    committee, study = train_from_extxyz(**arguments, model=model, descriptor=descriptor)
    committee.save(folder / "committee.pt")
    for name, table in vars(study).items():
        with atomic_path(folder / f"{name}.csv") as path:
            table.to_csv(path, index=False)
    print(study.metrics.to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
