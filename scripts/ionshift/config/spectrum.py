"""Block `spectrum`: spectra and means."""

from pydantic import Field, model_validator

from ionshift.config.base import Block, FileName, Positive


class Spectrum(Block):
    reference_shielding_ppm: float | None = Field(
        None,
        description="sigma_ref of delta = sigma_ref - sigma; null takes the mean shielding of "
        "the training labels.",
    )
    larmor_MHz: Positive = Field(155.5, description="7Li Larmor frequency (155.5 MHz at 9.4 T).")
    t2_s: Positive = Field(0.05, description="Transverse relaxation time: width 1 / (pi T2).")
    range_ppm: tuple[float, float] | None = Field(
        None, description="Shift range of the distribution; null fits the data."
    )
    n_points: int = Field(801, ge=11, le=1_000_000, description="Points of each spectrum.")
    distribution_sigma_ppm: Positive = Field(0.05, description="Broadening of the distribution.")
    n_blocks: int = Field(5, ge=2, description="Time blocks a replica of the sampling error.")
    experiment: FileName | None = Field(
        None,
        description="CSV with a measured series to draw beside the computed changes of the shift "
        "(resources/reference/README.md); null: none.",
    )

    @model_validator(mode="after")
    def _range_rises(self):
        if self.range_ppm and self.range_ppm[0] >= self.range_ppm[1]:
            low, high = self.range_ppm
            raise ValueError(f"range_ppm = [{low:g}, {high:g}] does not rise; swap its ends")
        return self
