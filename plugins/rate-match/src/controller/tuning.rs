//! Every number of the controller that is a matter of judgement.

/// What can be tuned, each with its unit and what it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Largest deviation of the ratio from nominal, ppm. Clocks 451 ppm off have been met.
    pub limit_ppm: f64,
    /// How far a clock is expected to be off before it is measured, standard deviation, ppm.
    /// Smaller starts steadier, larger finds an odd clock a little sooner.
    pub prior_ppm: f64,
    /// How fast the ratio may move while acquiring, ppm a second.
    pub acquire_slew_ppm_s: f64,
    /// How fast the ratio may move once it tracks, ppm a second. 20 is inaudible.
    pub track_slew_ppm_s: f64,
    /// Time constant, twice over, with which the ratio follows the estimate while acquiring, seconds.
    pub acquire_smoothing_s: f64,
    /// The same once it tracks. Longer is smoother.
    pub ratio_smoothing_s: f64,
    /// It follows quicker, up to five times, when it is off by more than this, ppm.
    pub calm_ppm: f64,
    /// Time constant with which an error of the position is worked off while acquiring, seconds.
    pub acquire_correction_s: f64,
    /// The same once it tracks.
    pub correction_s: f64,
    /// While the ratio is less well known than `locked_ppm`, an error of the position bends it by no more
    /// than this, ppm, or by as much as takes `unhurried_s`. Who sends in bursts is placed a few
    /// milliseconds late to begin with; to make up for that at once would be heard, a delay is not.
    pub unhurried_ppm: f64,
    /// Time constant with which a larger error is worked off then, seconds.
    pub unhurried_s: f64,
    /// An error beyond this may bend the ratio by more than `wander_ppm` while it tracks, seconds.
    pub gentle_error_s: f64,
    /// Time constant with which that is worked off, seconds.
    pub gentle_correction_s: f64,
    /// Wander of the ratio that noise in the position may cause, ppm.
    pub wander_ppm: f64,
    /// Acquire ends when the ratio is this near the estimate, as far as noise lets that be known, ppm.
    pub track_ppm: f64,
    /// And the position this near its place, seconds.
    pub track_error_s: f64,
    /// It begins again when the ratio is this far from the estimate, ppm. More than a time line turns
    /// by while it learns of a device whose callbacks come in bursts: that can be tracked.
    pub lost_ppm: f64,
    /// Or the position this far from its place, seconds.
    pub lost_error_s: f64,
    /// Standard error of the ratio below which it can be tracked, ppm.
    pub found_ppm: f64,
    /// Standard error of the ratio above which a link keeps the place that a private clock's first packets
    /// gave it, ppm. What is thought of their place changes by milliseconds until then.
    pub placed_ppm: f64,
    /// Standard error of the ratio at which it counts as locked, ppm.
    pub locked_ppm: f64,
    /// A step of a clock beyond this is taken by one cross-fade, seconds; below, by the ratio. As much
    /// as the delay may be off: at a ratio that nobody hears it would be off by more for minutes.
    pub step_s: f64,
    /// Length of cross-fades and fades, 0.002 to 1 seconds (LS-M21).
    pub fade_s: f64,
    /// While nothing is left to play: how long all frames must come late before the position is set
    /// anew instead of waiting for the old one, seconds.
    pub starved_patience_s: f64,
    /// The same while there is something to play, seconds.
    pub patience_s: f64,
    /// A stamp that is off by less is only jitter, seconds (more where the stamps jitter more).
    pub alignment_s: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            limit_ppm: 5_000.0,
            prior_ppm: 200.0,
            acquire_slew_ppm_s: 2_000.0,
            track_slew_ppm_s: 15.0,
            acquire_smoothing_s: 0.05,
            ratio_smoothing_s: 2.0,
            calm_ppm: 5.0,
            acquire_correction_s: 0.3,
            correction_s: 5.0,
            unhurried_ppm: 300.0,
            unhurried_s: 8.0,
            gentle_error_s: 0.9e-3,
            gentle_correction_s: 20.0,
            wander_ppm: 0.1,
            track_ppm: 0.1,
            track_error_s: 0.5e-6,
            lost_ppm: 50.0,
            lost_error_s: 3e-3,
            found_ppm: 40.0,
            placed_ppm: 10.0,
            locked_ppm: 2.0,
            step_s: 1e-3,
            fade_s: 0.0025,
            starved_patience_s: 0.030,
            patience_s: 1.0,
            alignment_s: 0.001,
        }
    }
}
