"""Tables of a study of four concentrations, such as the demo leaves, for its first page."""

import pandas as pd

SYSTEMS = ["1M", "2M", "3M", "4M"]
SETTINGS = {
    "study": "demo",
    "nucleus": "Li",
    "archive": "",
    "min_ok_share": 0.9,
    "replicas": 1,
    "production_ps": 80.0,
    "exploration_rounds": None,
}
CONFIG = "config/config.yaml"
OF_ARCHIVE = (
    *("shifts", "coordination", "speciation", "settling", "experiment"),
    *("exchange", "mean_error"),
)
"""What archived predictions give."""


def tables():
    """A new copy of every table that the page reads, by name."""
    return {
        "shifts": pd.DataFrame(
            {
                "system": SYSTEMS,
                "molarity_M": [1.0212, 2.0551, 3.0198, 4.0914],
                "shift_ppm": [0.1152, 0.0904, 0.0221, -0.1271],
                "sampling_err_ppm": [0.0262, 0.0221, 0.0419, 0.0579],
                "model_err_ppm": [0.005, 0.0031, 0.0029, 0.0061],
                "n_environments": [960, 1600, 2240, 2880],
                "change_model_err_ppm": [0.0, 0.0031, 0.0033, 0.0062],
                "extrapolated_share": [0.016, 0.012, 0.023, 0.22],
                "change_ppm": [0.0, -0.0248, -0.0931, -0.2423],
                "change_sampling_err_ppm": [0.0, 0.0343, 0.0494, 0.0635],
            }
        ),
        "coordination": pd.DataFrame(
            {
                "system": SYSTEMS,
                "molarity_M": [1.0212, 2.0551, 3.0198, 4.0914],
                "n_anion": [0.5, 0.92, 1.6, 2.26],
                "n_anion_err": [0.22, 0.13, 0.26, 0.32],
                "n_solvent": [2.51, 2.18, 1.61, 1.39],
                "n_solvent_err": [0.22, 0.10, 0.21, 0.23],
                "coordination": [5.71, 5.69, 5.41, 5.33],
                "coordination_err": [0.04, 0.05, 0.06, 0.07],
                "n_anion_first_half": [0.5, 0.90, 1.58, 2.20],
                "n_anion_second_half": [0.5, 0.94, 1.62, 2.33],
                "n_anion_replica_sd": float("nan"),
            }
        ),
        "speciation": pd.DataFrame(
            [
                {
                    "system": system,
                    "molarity_M": molarity,
                    "solvation_class": name,
                    "share": share,
                    "share_err": error,
                }
                for system, molarity, shares in (
                    ("1M", 1.0212, [0.5, 0.5, 0.0, 0.0]),
                    ("2M", 2.0551, [0.14, 0.80, 0.06, 0.0]),
                    ("3M", 3.0198, [0.10, 0.43, 0.47, 0.0]),
                    ("4M", 4.0914, [0.11, 0.20, 0.44, 0.25]),
                )
                for name, share, error in zip(
                    ["SSIP", "CIP", "AGG", "AGG+"], shares, [0.11, 0.13, 0.09, 0.10], strict=True
                )
            ]
        ),
        "settling": pd.DataFrame(
            [
                {"system": system, "replica": 0, "start_ps": 16.0 * n, "n_anion": 1.0}
                for system in SYSTEMS
                for n in range(5)
            ]
        ),
        "experiment": pd.DataFrame(
            columns=["molarity_M", "change_ppm", "change_err_ppm", "source"]
        ),
        "exchange": pd.DataFrame(
            {
                "system": SYSTEMS,
                "static_share": [0.05, 0.09, 0.34, 0.57],
                "static_share_err": [0.02, 0.03, 0.08, 0.09],
            }
        ),
        "mean_error": pd.DataFrame(
            {
                "system": SYSTEMS,
                "block_err_ppm": [0.010, 0.022, 0.012, 0.008],
                "path_err_ppm": [0.026, 0.020, 0.042, 0.058],
            }
        ),
        "labels": pd.DataFrame(
            {"status": ["ok"] * 821 + ["failed"] * 2 + ["unconverged"], "reason": ""}
        ),
        "metrics": pd.DataFrame(
            {
                "part": ["train", "test", *(f"without {system}" for system in SYSTEMS)],
                "n": [666, 158, 206, 206, 206, 206],
                "rmse_ppm": [0.06, 0.0921, 0.098, 0.088, 0.094, 0.1041],
                "baseline_rmse_ppm": [0.28, 0.2772, 0.262, 0.249, 0.338, 0.354],
                "coverage_68": [0.8, 0.70, 0.66, 0.7, 0.68, 0.6],
                "coverage_90": [0.97, 0.911, 0.9, 0.91, 0.9, 0.86],
            }
        ),
        "learning_curve": pd.DataFrame(
            {
                "n_train": [170.0, 340.0, 666.0],
                "target_rmse_ppm": 0.08,
                "n_for_target": 1234.5,
            }
        ),
        "label_correction": pd.DataFrame(
            {"n_pairs": [20], "uncorrected_ppm": [0.0712], "corrected_ppm": [0.0313]}
        ),
        "costs": pd.DataFrame(
            {
                "rule": ["run_md", "measure_elf", "label_shard", "train_model"],
                "n_jobs": [4, 4, 4, 1],
                "core_h": [0.24, 0.11, 0.05, 0.04],
                "longest_wall_h": [0.07, 0.03, 0.02, 0.041],
                "max_rss_MB": [410.0, 3100.0, 2800.0, float("nan")],
            }
        ),
    }


def changed(name, **columns):
    """The tables with other columns in one of them."""
    found = tables()
    found[name] = found[name].assign(**columns)
    return found


def write(folder, found):
    """Write tables as CSV or, for the labels, Parquet; returns name to path."""
    paths = {}
    for name, table in found.items():
        paths[name] = str(folder / f"{name}.{'parquet' if name == 'labels' else 'csv'}")
        if name == "labels":
            table.to_parquet(paths[name], index=False)
        else:
            table.to_csv(paths[name], index=False)
    return paths
