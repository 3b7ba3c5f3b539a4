//! Many seeds of one simulation: which one was worst in what.

use std::fmt;

use driftless_plugin_api::Span;
use kuva::backend::svg::SvgBackend;
use kuva::plot::LinePlot;
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use serde_json::{Value, json};

/// What is kept of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What its random choices started from.
    pub seed: u64,
    /// The streams, by their ends, with the numbers that a sweep compares.
    pub streams: Vec<(String, Vec<f64>)>,
    /// Why it failed, if it did: expectations that are broken, filters that failed.
    pub failures: Vec<String>,
}

/// A number that runs are compared by: its name, whether it is a time, and where it is in the report.
type Number = (&'static str, bool, fn(&Value) -> f64);

/// What runs are compared by; the largest is the worst.
const NUMBERS: [Number; 6] = [
    ("error, worst", true, |stream| stream["error_ns"]["max"].as_f64().unwrap_or(f64::NAN)),
    ("error, rms", true, |stream| stream["error_ns"]["rms"].as_f64().unwrap_or(f64::NAN)),
    ("locked after", true, |stream| stream["locked_after_ns"].as_f64().unwrap_or(f64::INFINITY)),
    ("frames lost or made up", false, |stream| {
        ["dropped_frames", "inserted_frames", "concealed_frames"]
            .iter()
            .filter_map(|name| stream[*name].as_f64())
            .sum()
    }),
    ("underruns", false, |stream| stream["underruns"].as_f64().unwrap_or(f64::NAN)),
    ("overruns", false, |stream| stream["overruns"].as_f64().unwrap_or(f64::NAN)),
];

impl Run {
    /// Reads the JSON of an [`Outcome`](super::Outcome); `None` if it is none. `[any]`
    pub fn read(json: &Value) -> Option<Self> {
        let simulation = &json["simulation"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let streams = json["streams"].as_array()?.iter().map(|stream| {
            let ends = format!("{} -> {}", text(&stream["source"]), text(&stream["renderer"]));
            (ends, NUMBERS.iter().map(|(.., read)| read(stream)).collect())
        });
        let broken = simulation["broken"].as_array()?.iter().map(|broken| {
            let at = Span::from_nanos(broken["at_ns"].as_i64().unwrap_or_default());
            let (what, of) = (text(&broken["expectation"]), text(&broken["of"]));
            format!("broken at {:.3} s: {what} ({of})", at.secs_f64())
        });
        let failed = json["filters"].as_array()?.iter().filter(|filter| filter["failed"] == true);
        let failed = failed.map(|filter| format!("{} failed", text(&filter["filter"])));
        Some(Self {
            seed: simulation["seed"].as_u64()?,
            streams: streams.collect(),
            failures: broken.chain(failed).collect(),
        })
    }

    /// A run that gave no report, and why.
    pub fn without_report(seed: u64, why: String) -> Self {
        Self { seed, streams: Vec::new(), failures: vec![why] }
    }
}

/// The worst that one number of one stream was, over all seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Worst {
    /// The stream.
    pub stream: String,
    /// What the number is.
    pub number: &'static str,
    /// Whether it is a time, in nanoseconds.
    pub is_time: bool,
    /// Its value with the middle seed.
    pub median: f64,
    /// Its value with the worst seed.
    pub worst: f64,
    /// That seed.
    pub seed: u64,
}

/// Many runs, in the order of their seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    runs: Vec<Run>,
}

/// Failed runs that are told one by one.
const TOLD: usize = 10;

impl Sweep {
    /// All runs of a sweep.
    pub fn new(mut runs: Vec<Run>) -> Self {
        runs.sort_by_key(|run| run.seed);
        Self { runs }
    }

    /// The runs that failed, or in which an expectation was broken.
    pub fn failed(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.failures.is_empty())
    }

    /// The worst of every number of every stream. `[any]`
    pub fn worst(&self) -> Vec<Worst> {
        let Some(first) = self.runs.iter().find(|run| !run.streams.is_empty()) else {
            return Vec::new();
        };
        let streams = first.streams.iter().enumerate();
        streams
            .flat_map(|(index, (stream, _))| {
                NUMBERS.iter().enumerate().filter_map(move |(number, (name, is_time, _))| {
                    let (worst, seed, median) = self.extreme(index, number)?;
                    let (stream, is_time) = (stream.clone(), *is_time);
                    Some(Worst { stream, number: name, is_time, median, worst, seed })
                })
            })
            .collect()
    }

    /// Largest value, its seed, and the middle one.
    fn extreme(&self, stream: usize, number: usize) -> Option<(f64, u64, f64)> {
        let sorted = self.sorted(stream, number);
        let (worst, _) = *sorted.last()?;
        // Of several that are as bad, the first: its seed is the easiest to remember.
        let seed =
            sorted.iter().filter(|(value, _)| *value == worst).map(|(_, seed)| *seed).min()?;
        Some((worst, seed, sorted[sorted.len() / 2].0))
    }

    fn sorted(&self, stream: usize, number: usize) -> Vec<(f64, u64)> {
        let value = |run: &Run| Some((*run.streams.get(stream)?.1.get(number)?, run.seed));
        let mut values: Vec<(f64, u64)> = self.runs.iter().filter_map(value).collect();
        values.retain(|(value, _)| !value.is_nan());
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values
    }

    /// The sweep as JSON; times in nanoseconds.
    pub fn json(&self) -> Value {
        let worst = self.worst().into_iter().map(|it| {
            json!({
                "stream": it.stream,
                "number": it.number,
                "unit": if it.is_time { "ns" } else { "" },
                "median": it.median,
                "worst": it.worst,
                "seed": it.seed,
            })
        });
        let failed = self.failed().map(|run| json!({ "seed": run.seed, "failures": run.failures }));
        json!({
            "seeds": self.runs.len(),
            "worst": worst.collect::<Vec<_>>(),
            "failed": failed.collect::<Vec<_>>(),
        })
    }

    /// An SVG picture: for every stream the largest error and the frames lost, over the share of seeds
    /// that did no worse.
    pub fn plot(&self) -> String {
        let panel = |number: usize, factor: f64, title: &str, unit: &str| {
            let lines = self.lines(number, factor);
            let layout = Layout::auto_from_plots(&lines)
                .with_title(title)
                .with_x_label("share of seeds that did no worse, %")
                .with_y_label(unit);
            (lines, layout)
        };
        let (errors, upper) = panel(0, 1e-6, "largest error at the renderer", "ms");
        let (lost, lower) = panel(3, 1.0, "frames lost or made up", "frames");
        let figure = Figure::new(2, 1)
            .with_plots(vec![errors, lost])
            .with_layouts(vec![upper, lower])
            .with_figure_size(900.0, 720.0);
        SvgBackend::new().render_scene(&figure.render())
    }

    fn lines(&self, number: usize, factor: f64) -> Vec<Plot> {
        const COLOURS: [&str; 4] = ["steelblue", "darkorange", "seagreen", "crimson"];
        let first = self.runs.iter().find(|run| !run.streams.is_empty());
        let streams = first.map_or(&[][..], |run| &run.streams).iter().enumerate();
        let lines = streams.zip(COLOURS.into_iter().cycle()).map(|((index, (ends, _)), colour)| {
            let sorted = self.sorted(index, number);
            let share = |at: usize| 100.0 * (at + 1) as f64 / sorted.len() as f64;
            let points = sorted.iter().enumerate().filter(|(_, (value, _))| value.is_finite());
            let points: Vec<(f64, f64)> =
                points.map(|(at, (value, _))| (share(at), value * factor)).collect();
            Plot::Line(
                LinePlot::new().with_data(points).with_color(colour).with_legend(ends.clone()),
            )
        });
        let lines: Vec<Plot> = lines.collect();
        match lines.is_empty() {
            // A picture without a line has no axes to draw.
            true => vec![Plot::Line(LinePlot::new().with_data(vec![(0.0, 0.0)]))],
            false => lines,
        }
    }
}

impl Worst {
    fn show(&self, value: f64) -> String {
        match (value.is_finite(), self.is_time) {
            (false, _) => "never".to_owned(),
            (_, true) => Span::from_nanos(value.round() as i64).to_string(),
            (_, false) => format!("{value:.0}"),
        }
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worst = self.worst();
        writeln!(f, "{:40} {:>12} {:>12} {:>8}", "", "median", "worst", "seed")?;
        let mut stream = "";
        for it in &worst {
            if it.stream != stream {
                stream = &it.stream;
                writeln!(f, "{stream}")?;
            }
            let (median, most) = (it.show(it.median), it.show(it.worst));
            writeln!(f, "  {:38} {median:>12} {most:>12} {:>8}", it.number, it.seed)?;
        }
        for run in self.failed().take(TOLD) {
            writeln!(f, "seed {}: {}", run.seed, run.failures.join("; "))?;
        }
        match (self.failed().count(), self.runs.len()) {
            (0, all) => writeln!(f, "all of {all} seeds went well"),
            (failed, all) => writeln!(f, "{failed} of {all} seeds failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, max: f64, broken: &[Value]) -> Run {
        let json = json!({
            "streams": [{
                "source": "a", "renderer": "b", "locked_after_ns": null, "underruns": 0,
                "error_ns": { "max": max, "rms": 1.0 }, "dropped_frames": 3, "overruns": 0,
            }],
            "filters": [{ "filter": "a", "failed": seed == 4 }],
            "simulation": { "seed": seed, "broken": broken },
        });
        Run::read(&json).unwrap()
    }

    #[test]
    fn the_worst_of_every_number_is_told_with_the_first_seed_that_reproduces_it() {
        let broken = json!({ "expectation": "x == 0", "of": "a -> b", "at_ns": 1_500_000_000 });
        let runs = [(3, 2e6), (1, 5e6), (2, 5e6)].map(|(seed, max)| run(seed, max, &[]));
        let more = [run(4, 1e6, &[broken]), Run::without_report(5, "it crashed".to_owned())];
        let sweep = Sweep::new([&runs[..], &more].concat());
        let worst = sweep.worst();
        let of = |name: &str| worst.iter().find(|it| it.number == name).unwrap();
        assert_eq!((of("error, worst").worst, of("error, worst").seed), (5e6, 1));
        assert_eq!((of("locked after").worst, of("locked after").seed), (f64::INFINITY, 1));
        let told = sweep.to_string();
        assert!(told.contains("seed 4: broken at 1.500 s: x == 0 (a -> b); a failed"), "{told}");
        assert!(told.contains("seed 5: it crashed\n2 of 5 seeds failed"), "{told}");
        assert!(sweep.plot().contains("<svg"));
    }
}
