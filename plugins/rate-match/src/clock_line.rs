//! The line that turns a count of frames into a time, learned from noisy readings.
//!
//! A reading that lies far off the line is an outlier and is left out. When all readings stay away and
//! agree on where, the clock has stepped: the line is shifted there and keeps its slope, for a clock
//! that paused has not changed its rate.

mod away;
mod robust;
mod time;

pub use time::ClockTime;

use crate::estimate::{Estimator, Fit, Point, Windows};
use away::Away;
use robust::{FEW, FEWEST, LEAST_SCALE_S, sigma, typical};

/// A worse fit must show so often in a row, ten times a second, to be believed.
const DOUBTS: u32 = 10;
/// The line is drawn anew after this part of its length: it hardly moves before.
const REDRAW_PART: f64 = 0.01;
/// But at least so often, seconds, and no oftener where it is as exact as can be, as in virtual time,
const REDRAW_S: f64 = 1.0;
/// and at once where a reading is so many standard deviations off: the clock may change its rate.
const SURPRISE: f64 = 3.0;
/// Standard deviations from the line beyond which a reading counts as if it stood there (P. J. Huber,
/// "Robust estimation of a location parameter", 1964): a callback that came late says that it is
/// late, not how much.
const CLIP: f64 = 4.0;
/// Standard deviations from the line beyond which a reading is left out.
const OUTLIER: f64 = 8.0;
/// How quickly the median of the residuals follows them, per reading.
const SCALE_STEP: f64 = 0.05;
/// Until then the earliest readings are only being found, seconds.
const EDGE_FOUND_S: f64 = 1.0;

/// What a line is expected to meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineConfig {
    /// Nominal rate, frames a second.
    pub rate_hz: f64,
    /// How far a crystal is off before anything is known, standard deviation in ppm.
    pub prior_ppm: f64,
    /// Distance below which no reading is an outlier.
    pub outlier_ns: f64,
    /// How long readings stay away, and agree, before the line is shifted to them.
    pub patience_ns: f64,
    /// Readings in a row that must stay away before that.
    pub run: usize,
    /// Which estimator gives the slope.
    pub estimator: Estimator,
}

impl Default for LineConfig {
    fn default() -> Self {
        Self {
            rate_hz: 48_000.0,
            prior_ppm: 200.0,
            outlier_ns: 200e3,
            patience_ns: 1e9,
            run: 6,
            estimator: Estimator::Best,
        }
    }
}

/// Which line through the readings is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// Through their middle.
    #[default]
    Mean,
    /// Along the earliest: for readings that can be late but not early.
    Earliest,
}

/// Learns the line from (count of frames, time) readings.
#[derive(Debug, Clone)]
pub struct ClockLine {
    config: LineConfig,
    windows: Windows,
    fit: Option<Fit>,
    /// Drawn towards zero as far as the readings are worse than the expectation.
    slope: f64,
    /// (frames, ns) that all points are counted from.
    origin: Option<(i64, i64)>,
    /// Seconds by which the line was shifted since.
    shift: f64,
    /// Distance of the line from the edge, or the middle, that it goes along with, seconds.
    held: f64,
    /// Distance of the earliest readings from the line, smoothed, seconds.
    edge: f64,
    /// The first readings, which are judged together when there are so many.
    few: [Point; FEW],
    count: usize,
    /// Median distance of the readings from the line, seconds, once it is known.
    scale: Option<f64>,
    /// Where the line was last drawn, and where the last reading stood.
    drawn: f64,
    latest: f64,
    /// A reading since then was far from the line.
    is_surprised: bool,
    /// Fits in a row that were much worse than the one in use.
    doubts: u32,
    away: Away,
    shifts: u32,
}

impl ClockLine {
    /// A line of which nothing is known but its nominal rate. `[main]`
    pub fn new(config: LineConfig) -> Self {
        Self {
            config,
            windows: Windows::new(0.1, config.estimator),
            fit: None,
            slope: 0.0,
            origin: None,
            shift: 0.0,
            held: 0.0,
            edge: 0.0,
            few: [Point::default(); FEW],
            count: 0,
            scale: None,
            drawn: 0.0,
            latest: 0.0,
            is_surprised: false,
            doubts: 0,
            away: Away::default(),
            shifts: 0,
        }
    }

    /// Forgets everything, the rate as well. `[any]`
    pub fn clear(&mut self) {
        self.windows.clear();
        (self.fit, self.slope, self.origin) = (None, 0.0, None);
        (self.shift, self.held, self.edge) = (0.0, 0.0, 0.0);
        (self.scale, self.count, self.drawn, self.latest) = (None, 0, 0.0, 0.0);
        self.away = Away::default();
    }

    /// Is there a line yet?
    pub fn is_known(&self) -> bool {
        self.origin.is_some()
    }

    /// Adds a reading: frame `frames` was seen at `time_ns`. `[any]`
    pub fn observe(&mut self, frames: i64, time_ns: i64) {
        self.observe_within(frames, time_ns, self.config.patience_ns);
    }

    /// As [`observe`](Self::observe), with another patience than the configured one. `[any]`
    pub fn observe_within(&mut self, frames: i64, time_ns: i64, patience_ns: f64) {
        let (first, start) = *self.origin.get_or_insert((frames, time_ns));
        let x = (frames - first) as f64 / self.config.rate_hz;
        let y = (time_ns - start) as f64 * 1e-9 - x - self.shift;
        let Some(scale) = self.scale else { return self.begin(Point { x, y }) };
        self.weigh(Point { x, y }, scale, patience_ns * 1e-9);
    }

    /// Takes one of the first readings as it is. When there are enough they are looked at once more.
    fn begin(&mut self, point: Point) {
        self.few[self.count] = point;
        self.count += 1;
        self.latest = point.x;
        self.take(point);
        if self.count == FEW {
            self.judge();
        }
    }

    /// Looks at the first readings together: a stream that is being set up has some that are far off. It is
    /// done as soon as there are 32; who goes on from the line before that asks for it. `[any]`
    pub fn judge(&mut self) {
        if self.scale.is_some() || self.count < FEWEST {
            return;
        }
        let (line, scale) = typical(&self.few[..self.count]);
        self.scale = Some(scale);
        self.windows.clear();
        let clip = CLIP * sigma(scale);
        for Point { x, y } in self.few.into_iter().take(self.count) {
            let off = y - line.y - line.x * x;
            self.windows.add(Point { x, y: y - off + off.clamp(-clip, clip) });
        }
        self.redraw(self.latest);
    }

    /// Takes a reading as what it is beside all before it.
    fn weigh(&mut self, Point { x, y }: Point, scale: f64, patience: f64) {
        let off = y - self.middle(x);
        let passed = (x - std::mem::replace(&mut self.latest, x)).max(0.0);
        let is_outlier = off.abs() > (OUTLIER * sigma(scale)).max(self.config.outlier_ns * 1e-9);
        let step = match is_outlier {
            // Slower than those who are away need to be believed.
            true => SCALE_STEP.min(0.5 * passed / patience.max(1e-9)),
            false => SCALE_STEP,
        };
        let grows = off.abs() > scale;
        self.scale = Some(scale.max(LEAST_SCALE_S) * if grows { 1.0 + step } else { 1.0 - step });
        if is_outlier {
            return self.follow_away(Point { x, y }, patience);
        }
        self.away = Away::default();
        self.is_surprised |= off.abs() > SURPRISE * sigma(scale);
        let clip = CLIP * sigma(scale);
        self.take(Point { x, y: y - off + off.clamp(-clip, clip) });
    }

    fn take(&mut self, point: Point) {
        let has_more = self.windows.add(point) && self.is_due(point.x);
        if has_more || self.windows.readings() < 50.0 {
            self.redraw(point.x);
        }
    }

    fn is_due(&self, x: f64) -> bool {
        let wait = self.fit.map_or(0.0, |fit| match fit.is_exact() {
            true => REDRAW_S,
            false => (REDRAW_PART * fit.length).min(REDRAW_S),
        });
        self.is_surprised || self.doubts > 0 || x - self.drawn >= wait
    }

    fn redraw(&mut self, x: f64) {
        self.is_surprised = false;
        let Some(fit) = self.windows.fit() else { return };
        if self.is_doubtful(&fit) {
            return;
        }
        let turned = self.fit.is_some_and(|old| old.by_hull != fit.by_hull);
        let before = self.middle(x);
        let prior = (self.config.prior_ppm * 1e-6).powi(2);
        self.slope = fit.slope * prior / (prior + fit.slope_error.powi(2));
        self.fit = Some(fit);
        if turned {
            self.held += before - self.middle(x);
            self.return_to_readings(&fit, x);
        }
        self.draw_edge(&fit, x);
    }

    /// A step that is not much wider than the noise makes no outliers: least squares end up between the
    /// readings before and after it. Who went on from there along the edge would stay beside all readings,
    /// so the line is moved back among them, as after any other step.
    fn return_to_readings(&mut self, fit: &Fit, x: f64) {
        let beside = fit.edge + self.held;
        if !fit.by_hull || beside.abs() <= fit.spread.max(self.config.outlier_ns * 1e-9) {
            return;
        }
        self.held = -fit.edge;
        self.edge = self.found_edge(fit, x);
        self.shifts += 1;
    }

    /// How far from the line the earliest readings are.
    fn found_edge(&self, fit: &Fit, x: f64) -> f64 {
        fit.mean.y + fit.edge + self.slope * (x - fit.mean.x) - self.middle(x)
    }

    /// The more readings there are, the earlier is the earliest of them, and a window that became
    /// shorter knows fewer. The noise's width over the time that has passed is as fast as the first
    /// of that can be; the second nobody shall hear.
    fn draw_edge(&mut self, fit: &Fit, x: f64) {
        let edge = self.found_edge(fit, x);
        let most = match x > EDGE_FOUND_S {
            // Frames may be counted anew from an earlier one.
            true => fit.spread * (x - self.drawn).max(0.0) / x,
            false => f64::INFINITY,
        };
        self.edge += (edge - self.edge).clamp(-most, most);
        self.drawn = x;
    }

    /// A much worse fit than the last means that the clock has changed, or, now and then, chance.
    /// Chance passes.
    fn is_doubtful(&mut self, fit: &Fit) -> bool {
        let worse = self.fit.is_some_and(|old| fit.slope_error > 2.0 * old.slope_error);
        self.doubts = if worse { self.doubts + 1 } else { 0 };
        (1..DOUBTS).contains(&self.doubts)
    }

    fn follow_away(&mut self, Point { x, y }: Point, patience: f64) {
        self.away.add(x, y - self.middle(x));
        let alike = sigma(self.scale.unwrap_or(0.0)).max(self.config.outlier_ns * 1e-9);
        if let Some(step) = self.away.step(self.config.run, patience, alike) {
            self.shift_by(step);
        }
    }

    /// Moves the line; what was learned of its slope stays. `[any]`
    pub(crate) fn shift_by(&mut self, seconds: f64) {
        self.shift += seconds;
        self.shifts += 1;
        self.away = Away::default();
    }

    /// Height of the line that began in the middle of the readings.
    ///
    /// Where the readings have a sharp edge, their edge stands ten times as still as their middle.
    /// So the line goes along with the edge then, at the distance it had when that was found.
    fn middle(&self, x: f64) -> f64 {
        self.fit.map_or(0.0, |fit| {
            let edge = if fit.by_hull { fit.edge } else { 0.0 };
            fit.mean.y + edge + self.held + self.slope * (x - fit.mean.x)
        })
    }

    fn height(&self, x: f64, anchor: Anchor) -> f64 {
        let edge = if anchor == Anchor::Earliest { self.edge } else { 0.0 };
        self.shift + self.middle(x) + edge
    }

    /// When frame `frames` (and a fraction) is, nanoseconds. `[any]`
    pub fn time_ns(&self, frames: i64, fraction: f64, anchor: Anchor) -> Option<ClockTime> {
        let (first, start) = self.origin?;
        let x = (frames.saturating_sub(first) as f64 + fraction) / self.config.rate_hz;
        let offset = (x + self.height(x, anchor)) * 1e9;
        let whole = offset.floor();
        // A stamp may be any number, and so may the line's place.
        Some(ClockTime { ns: start.saturating_add(whole as i64), fraction_ns: offset - whole })
    }

    /// The frame, and fraction, that is at `time`. `[any]`
    pub fn frame_at(&self, time: ClockTime, anchor: Anchor) -> Option<(i64, f64)> {
        let (first, start) = self.origin?;
        let elapsed = (time.ns.saturating_sub(start) as f64 + time.fraction_ns) * 1e-9;
        let slope = self.slope;
        let x = (elapsed - self.height(0.0, anchor)) / (1.0 + slope);
        let frames = x * self.config.rate_hz;
        let whole = frames.floor();
        Some((first.saturating_add(whole as i64), frames - whole))
    }

    /// How much longer than nominal a frame is, ppm.
    pub fn slope_ppm(&self) -> f64 {
        self.slope * 1e6
    }

    /// Standard error of [`slope_ppm`](Self::slope_ppm).
    pub fn slope_error_ppm(&self) -> f64 {
        self.fit
            .map_or(self.config.prior_ppm, |fit| (fit.slope_error * 1e6).min(self.config.prior_ppm))
    }

    /// Standard error of the line's height now, seconds.
    pub fn height_error(&self) -> f64 {
        self.fit.map_or(1e-3, |fit| match fit.by_hull {
            true => fit.edge_error,
            // At the end of a line of least squares the error is twice that of its middle.
            false => 2.0 * fit.mean_error,
        })
    }

    /// How often the line was shifted.
    pub fn shifts(&self) -> u32 {
        self.shifts
    }

    /// The fit behind the line.
    pub fn fit(&self) -> Option<&Fit> {
        self.fit.as_ref()
    }
}

#[cfg(test)]
mod tests;
