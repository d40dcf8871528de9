"""Tables of the model of the shielding and of the principal components."""

from ionshift.config.registries.properties import SHIELDING
from ionshift.core.schemas import Table, correlation, count, error, number, share, size, text
from ionshift.core.table_columns import (
    CLASS,
    KEY_OF_PLACE,
    LSI,
    N_ANION,
    N_ENVIRONMENTS,
    PLACE,
    SCORE_COLUMNS,
    SYSTEM,
)

in_unit = SHIELDING.column
PART = text("part", "train, test, or a system that was left out")
COMPONENT = text("component", "principal component, from pc1")
LABELS_FOR_TARGET = {
    "n_for_target": "labels that would reach the wanted error",
    "n_for_target_low": "16 % quantile of that number",
    "n_for_target_high": "84 % quantile of that number",
}

MODEL = (
    Table(
        name="metrics",
        row="part of the labels",
        files={"model/metrics.csv": "evaluate_model"},
        columns=(
            PART,
            count("n", "labels", least=1),
            size(in_unit("rmse"), "root-mean-square error"),
            size(in_unit("mae"), "mean absolute error"),
            number(in_unit("bias"), "mean error"),
            number("r2", "coefficient of determination", most=1.0, nullable=True),
            error(in_unit("label_sd"), "standard deviation of the labels"),
            size(in_unit("baseline_rmse"), "error of predicting the training mean"),
            error(in_unit("mean_sd"), "mean half width of 68 %"),
            share("coverage_68", "labels within the interval of 68 %", nullable=True),
            share("coverage_90", "labels within the interval of 90 %", nullable=True),
        ),
        key=("part",),
    ),
    Table(
        name="parity",
        row="label",
        files={"model/parity.csv": "evaluate_model"},
        columns=(
            text("part", "train or test", values=("train", "test")),
            number(in_unit("label"), "label"),
            number(in_unit("predicted"), "prediction"),
            error(in_unit("predicted_sd"), "half width of 68 %"),
            error(in_unit("half_width_90"), "half width of 90 %"),
            text("cluster_id", "name of the cluster"),
            SYSTEM,
            CLASS,
        ),
        key=("cluster_id",),
    ),
    Table(
        name="learning_curve",
        row="number of training labels",
        files={"model/learning_curve.csv": "evaluate_model"},
        columns=(
            size("n_train", "training labels, mean over subsets"),
            count("n_test", "held-out labels", least=1),
            size(in_unit("rmse"), "root-mean-square error"),
            error(in_unit("rmse_sd"), "standard deviation over subsets"),
            size(in_unit("baseline_rmse"), "error of predicting the training mean"),
            size(in_unit("power_a"), "a of the power law a n^-b", nullable=True),
            number("power_b", "b of the power law", nullable=True),
            error("power_b_err"),
            size(in_unit("target_rmse"), "wanted error", nullable=True),
            *(
                size(name, meaning, nullable=True, infinite=True)
                for name, meaning in LABELS_FOR_TARGET.items()
            ),
        ),
    ),
)

COMPONENTS = (
    Table(
        name="pca",
        row="environment that is drawn",
        files={"tables/pca.csv": "tabulate_map"},
        columns=(
            SYSTEM,
            *(column for column in PLACE if column.name != "time_ps"),
            *SCORE_COLUMNS,
            number("shift_ppm", "predicted shift"),
            CLASS,
            N_ANION,
            LSI,
        ),
        key=("system", *KEY_OF_PLACE),
    ),
    Table(
        name="pca_variance",
        row="principal component",
        files={"tables/pca_variance.csv": "find_axes or import_tables"},
        columns=(
            COMPONENT,
            size("variance", "variance along it, of the descriptor", optional=True),
            share("explained_share", "share of the total variance"),
            share("cumulative_share", "shares summed up", optional=True),
        ),
        key=("component",),
        may_be_empty=True,
    ),
    Table(
        name="pca_meaning",
        row="system, component and quantity",
        files={"tables/pca_meaning.csv": "tabulate_pca_meaning"},
        columns=(
            SYSTEM,
            COMPONENT,
            text("quantity", "what the component is compared with"),
            correlation("spearman", "Spearman's rank correlation"),
            error("spearman_err"),
            N_ENVIRONMENTS,
        ),
        key=("system", "component", "quantity"),
    ),
)

TABLES = (*MODEL, *COMPONENTS)
