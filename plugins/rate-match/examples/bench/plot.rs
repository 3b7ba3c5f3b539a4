//! One picture a scenario: error of the ratio above, error of the delay below, over time.

use std::fmt::Write;

use crate::{
    scenario::Scenario,
    simulate::{Point, Trace},
};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const COLOURS: [&str; 4] = ["#c9a227", "#5b8db8", "#6a9a58", "#c0392b"];

pub fn svg(scenario: &Scenario, traces: &[(&str, &Trace)]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"20\">{}: seed 1</text>\n",
        WIDTH + LEFT + 20.0,
        2.0 * HEIGHT + 100.0,
        scenario.name
    );
    for (i, (name, _)) in traces.iter().enumerate() {
        let x = LEFT + 330.0 + 140.0 * i as f64;
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"20\" fill=\"{}\">{name}</text>",
            COLOURS[i % COLOURS.len()]
        );
    }
    panel(&mut out, 40.0, "ratio error, ppm", 10.0, scenario, traces, |p| p.ratio_ppm - p.true_ppm);
    panel(&mut out, 70.0 + HEIGHT, "delay error, ms", 2.0, scenario, traces, |p| p.delay_error_ms);
    out.push_str("</svg>\n");
    out
}

fn panel(
    out: &mut String,
    top: f64,
    label: &str,
    range: f64,
    scenario: &Scenario,
    traces: &[(&str, &Trace)],
    of: impl Fn(&Point) -> f64,
) {
    let y = |value: f64| top + HEIGHT / 2.0 * (1.0 - value.clamp(-range, range) / range);
    let x = |t: f64| LEFT + WIDTH * t / scenario.seconds;
    let _ = writeln!(
        out,
        "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" stroke=\"#bbb\"/>\n\
         <line x1=\"{LEFT}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"#bbb\"/>\n\
         <text x=\"{}\" y=\"{}\">{label}, ±{range}</text>\n\
         <text x=\"{}\" y=\"{}\">{} s</text>",
        LEFT + WIDTH,
        y(0.0),
        y(0.0),
        LEFT + 8.0,
        top + 16.0,
        LEFT + WIDTH - 50.0,
        top + HEIGHT + 16.0,
        scenario.seconds
    );
    for (i, (_, trace)) in traces.iter().enumerate() {
        let every = (trace.points.len() / 1500).max(1);
        let points: Vec<String> = (trace.points.iter().step_by(every))
            .filter(|p| p.playing)
            .map(|p| format!("{:.1},{:.1}", x(p.t), y(of(p))))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\"/>",
            points.join(" "),
            COLOURS[i % COLOURS.len()]
        );
    }
}
