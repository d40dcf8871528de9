"""A changed, valid value for every key of the configuration model."""

import copy
from contextlib import chdir
from pathlib import Path
from typing import Literal, get_args, get_origin

from archives import write_archive
from ionshift.config import messages, protocol
from ionshift.config.base import OneOf
from ionshift.config.registries.references import REFERENCES
from ionshift.core.errors import InputError
from ionshift.runs import preflight
from ionshift.studies import liquid_nmr, registry

PRIOR = {"charges": {"Li": 1.0}, "permittivity": 4.0}
BOX = {"box": {"counts": {"LI": 2, "FSI": 2, "DME": 5}, "density_g_cm3": 1.2}}
SHIPPED_BOX = "resources/boxes/lifsi_dme/1M_0.pdb"
TRAINED = {
    "md.engine": "potential",
    "potential": {"kind": "mace", "model": "results/demo/potential/potential.model"},
    "potential_training": {"systems": BOX},
}
EXPLORED = TRAINED | {"potential_training": {"systems": BOX, "exploration": {"rounds": 1}}}
CP2K = TRAINED | {"potential_training": {"systems": BOX, "reference": {"calculator": "cp2k"}}}
OF_CLUSTERS = TRAINED | {
    "potential_md": {"npt_ps": 0},
    "potential_training": {
        "systems": BOX,
        "reference": {"calculator": "pyscf"},
        "model": {"stress_weight": 0},
        "validation": {"md_npt_ps": 0},
    },
}
LIKE_THE_SHIPPED_BOX = TRAINED | {
    "potential_training": {
        "systems": {
            "box": {"counts": {"LI": 6, "FSI": 6, "DME": 53}, "density_g_cm3": 0.975},
        }
    }
}
# What must be set before a key can matter: dotted prefix of the key to other keys and values.
CONTEXTS = {
    "potential.prior": {"md.engine": "potential", "potential.prior": PRIOR},
    "potential": {"md.engine": "potential"},
    "potential_training.prior": {"potential_training": {"systems": BOX, "prior": PRIOR}},
    **{
        f"potential_training.reference.{name}": OF_CLUSTERS
        for name in REFERENCES.get("pyscf").settings
    },
    **{f"potential_training.reference.{name}": CP2K for name in REFERENCES.get("cp2k").settings},
    "potential_training.exploration": EXPLORED,
    "potential_training.systems.*.starts": LIKE_THE_SHIPPED_BOX,
    "potential_training": TRAINED,
    "potential_md": {"md.engine": "potential"},
    "geometry_optimization": {"geometry_optimization": {}},
    "labelling.protocols": {
        "labelling.protocols": {"own": protocol.PROTOCOLS["fast"].model_dump(mode="json")},
        "labelling.protocol": "own",
    },
}
# Keys for which trial finds no changed value that the model accepts: what to set instead.
VALUES = {
    "systems.*.starts": {"systems.1M.starts": [SHIPPED_BOX]},
    "potential_training.systems.*.starts": {"potential_training.systems.box.starts": [SHIPPED_BOX]},
    "labelling.protocol": {"labelling.protocol": "reference"},
    "labelling.reference_labels": {"labelling.reference_labels": []},
    "electrolyte.species.*.charge": {
        "electrolyte.species.LI.charge": 2,
        "electrolyte.species.FSI.charge": -2,
    },
    # A role and its charge change together.
    "electrolyte.species.*.role": {
        "electrolyte.species.LI.role": "anion",
        "electrolyte.species.LI.charge": -1,
        "electrolyte.species.FSI.role": "cation",
        "electrolyte.species.FSI.charge": 1,
    },
    "potential.model": {"potential.model": "GFN2-xTB"},
    "potential.options": {"potential.options": {"accuracy": 0.1}},
    "potential_training.model.learning_shares": {"potential_training.model.learning_shares": [0.5]},
    "geometry_optimization.potential.model": {"geometry_optimization.potential.model": "GFN2-xTB"},
    "geometry_optimization.potential.options": {
        "geometry_optimization.potential.options": {"accuracy": 0.1}
    },
    "dynamics.viscosity_mPa_s": {"dynamics.viscosity_mPa_s": {"1M": 1.0}},
    "sampling.chosen": {"sampling.chosen": ["round.csv"]},
    "inference.archive": {"inference.archive": "archive"},
    "spectrum.experiment": {"spectrum.experiment": "measured.csv"},
}
# Files that such a value names.
FILES = {"sampling.chosen": {"round.csv": "system,replica,frame,nucleus\n1M,0,0,0\n"}}
TRIED_NUMBERS = (
    lambda x: x + 1,
    lambda x: 2 * x,
    lambda x: x / 2,
    lambda x: x - 1,
    lambda x: 0.9 * x,
    lambda x: 10 * x,
)
TRIED_WHEN_NONE = (1, 2.5, "own", [0.0, 1.0], ["F"])
TRIED_STRINGS = ("F", "plasma", "#000000", "own")


def model_keys(block=liquid_nmr.Study, prefix=""):
    """Dotted names of all keys; `*` stands for any name in a mapping (or list) of blocks."""
    for name, field in block.model_fields.items():
        inner = messages.block_of(field.annotation)
        if inner is None:
            yield prefix + name
        else:
            yield from model_keys(inner, f"{prefix}{name}.{'*.' if _holds_many(field) else ''}")


def _holds_many(field):
    parts = (field.annotation, *get_args(field.annotation))
    return any(get_origin(part) in (dict, list) for part in parts)


def is_fixed(key):
    """Whether the model allows one value only."""
    field = _field(key)
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1


def _field(key):
    block, field = liquid_nmr.Study, None
    for part in key.split("."):
        if part != "*":
            field = block.model_fields[part]
            block = messages.block_of(field.annotation)
    return field


def changed_config(key, demo, folder):
    """The demo's configuration with another value at `key`.

    Files that a changed value needs are written into `folder`, the project.

    Returns
    -------
    (dict, bool) : the configuration, and whether the checks of files accept it

    Raises
    ------
    ValueError
        if no value is found that the model accepts.
    """
    for name, text in FILES.get(key, {}).items():
        (Path(folder) / name).write_text(text)
    base = base_config(key, demo)
    acceptable = []
    for config in _changed(key, base, folder):
        with chdir(folder):
            try:
                study = registry.load(config)
                acceptable.append(config)
                preflight.check(study)
                return config, True
            except InputError:
                continue
    if acceptable:
        return acceptable[0], False
    raise ValueError(
        f"no valid changed value found for {key}: name one in changes.VALUES, or what must be set "
        "before it in changes.CONTEXTS"
    )


def _context(key):
    """What must be set before a key matters."""
    return next((CONTEXTS[name] for name in CONTEXTS if f"{key}.".startswith(f"{name}.")), {})


def base_config(key, demo):
    """The demo's configuration, all defaults in it, with what must be set before `key` matters."""
    config = registry.load(demo).model_dump(mode="json")
    for name, value in _context(key).items():
        _put(config, name.split("."), value)
    return registry.load(config).model_dump(mode="json")


def _put(config, path, value):
    *parents, last = path
    for part in parents:
        config = config[part]
    config[last] = value


def _changed(key, base, folder):
    """Configurations with another value at `key`, valid or not."""
    if key in VALUES:
        _write_files(key, base, folder)
        config = copy.deepcopy(base)
        for name, value in VALUES[key].items():
            _put(config, name.split("."), value)
        yield config
        return
    for path in _paths(base, key.split(".")):
        current = base
        for part in path:
            current = current[part]
        for value in [*_choices(_field(key)), *_variants(current, folder)]:
            if value != current:
                config = copy.deepcopy(base)
                _put(config, path, value)
                yield config


def _write_files(key, base, folder):
    """What a value of `VALUES` names must be there."""
    if key == "inference.archive":
        write_archive(Path(folder) / "archive", list(base["systems"]), n_frames=2)
    if key == "spectrum.experiment":
        series = "# source: test data\nmolarity_M,shift_ppm\n1,0.0\n2,-0.1\n"
        (Path(folder) / "measured.csv").write_text(series)


def _paths(block, parts):
    """Where a key stands in a configuration, for every name that `*` can be."""
    if not parts:
        return [[]]
    if block is None:
        return []
    names = parts[:1]
    if parts[0] == "*":
        names = range(len(block)) if isinstance(block, list) else list(block)
    return [[name, *rest] for name in names for rest in _paths(block[name], parts[1:])]


def _choices(field):
    names = [
        name for item in field.metadata if isinstance(item, OneOf) for name in item.registry.names()
    ]
    return [*names, *_literals(field.annotation)]


def _literals(annotation):
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [value for part in get_args(annotation) for value in _literals(part)]


def _variants(value, folder):
    match value:
        case bool():
            return [not value]
        case int():
            return [round(change(value)) for change in TRIED_NUMBERS]
        case float():
            return [change(value) for change in TRIED_NUMBERS]
        case None:
            return list(TRIED_WHEN_NONE)
        case str():
            return _string_variants(value, folder)
        case list():
            return _list_variants(value, folder)
        case dict():
            return [
                value | {name: new} for name, old in value.items() for new in _variants(old, folder)
            ]
    raise TypeError(f"no way known to change {value!r}")


def _string_variants(value, folder):
    source = Path(folder) / value
    if not source.is_file():
        return list(TRIED_STRINGS)
    copied = source.with_stem(f"{source.stem}_copy")
    copied.write_bytes(source.read_bytes())
    return [str(copied.relative_to(folder))]


def _list_variants(value, folder):
    changed = [
        [*value[:place], new, *value[place + 1 :]]
        for place, old in enumerate(value)
        for new in _variants(old, folder)
    ]
    return [*changed, value[:-1], [1], [1.0, 2.0], ["F"], ["own"], [True]]
