"""How good the model is."""

from ionshift.plotting.style import bar_length, make_axes
from ionshift.speciation import CLASSES


def parity(table, metrics, style):
    """Predicted against computed shielding of the held-out labels, with spread bars."""
    figure, axis = make_axes(style, aspect=0.95)
    test = table[table["part"] == "test"]
    train = table[table["part"] == "train"]
    axis.plot(train["label_ppm"], train["predicted_ppm"], ".", color="#CCCCCC", label="training")
    for name in CLASSES:
        part = test[test["class"] == name]
        axis.errorbar(
            part["label_ppm"],
            part["predicted_ppm"],
            yerr=part["predicted_sd_ppm"],
            fmt="o",
            ms=3,
            lw=0.6,
            color=style.class_colours[name],
            label=f"test {name}",
        )
    ends = [table["label_ppm"].min() - 0.1, table["label_ppm"].max() + 0.1]
    axis.plot(ends, ends, color="black", lw=0.6)
    row = metrics[metrics["part"] == "test"].iloc[0]
    axis.text(
        0.97,
        0.03,
        f"RMSE {row['rmse_ppm']:.2f} ppm\nMAE {row['mae_ppm']:.2f} ppm\nR$^2$ {row['r2']:.2f}\n"
        f"mean as guess {row['baseline_rmse_ppm']:.2f} ppm",
        transform=axis.transAxes,
        ha="right",
        va="bottom",
    )
    axis.set_xlabel("DFT shielding / ppm")
    axis.set_ylabel("predicted shielding / ppm")
    axis.legend(loc="upper left", handletextpad=0.2)
    return figure


def learning_curve(table, style):
    """Test error against the number of training labels."""
    figure, axis = make_axes(style)
    axis.errorbar(
        table["n_train"],
        table["rmse_ppm"],
        yerr=bar_length(table["rmse_sd_ppm"]),
        fmt="o-",
        color="#0072B2",
        label="committee",
    )
    axis.axhline(
        table["baseline_rmse_ppm"].iloc[-1], color="#D55E00", ls="--", label="mean as guess"
    )
    axis.set_ylim(0, None)
    axis.set_xlabel("training labels")
    axis.set_ylabel("test RMSE / ppm")
    axis.legend()
    return figure
