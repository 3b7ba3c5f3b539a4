//! SVG.

use std::fmt::Write;

use super::layout::{Frame, LINE, Layout, Point, layout, pin_height};
use crate::plan::{FilterKind, Plan, PlannedPin};

const STYLE: &str = "\
text{font:12px sans-serif;fill:#1d1d1f}\
.name{font-weight:bold;font-size:14px}.small{fill:#555}\
.clock{fill:#8a2be2;font-weight:bold}\
.box{stroke:#555;rx:6}.source{fill:#e6f4e6}.transform{fill:#e8eefb}.renderer{fill:#fdf0e0}\
.edge{fill:none;stroke:#444;stroke-width:1.6}.leaky{stroke-dasharray:5 4}\
.pin{fill:#444}.queue{fill:#fff;stroke:#444;stroke-width:1.4}\
.label{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.right{text-anchor:end}";

/// Room for the headline.
const TOP: f64 = 76.0;

impl Plan {
    /// The plan as an SVG image: boxes with pins, edges with media types, queues as stacks of bars,
    /// the clock and every stream offset in words. Nothing but this text is needed to show it.
    pub fn svg(&self) -> String {
        let layout = layout(self, TOP);
        let headline = self.headline();
        let longest = headline.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        let width = layout.width.max(longest as f64 * 7.0 + 48.0);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\">\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            height = layout.height,
        );
        text(&mut out, "name", (24.0, 28.0), &self.name);
        for (number, line) in headline.iter().enumerate() {
            text(&mut out, "small", (24.0, 48.0 + LINE * number as f64), line);
        }
        for index in 0..self.connections.len() {
            self.edge(&mut out, index, &layout);
        }
        for (index, frame) in layout.frames.iter().enumerate() {
            self.frame(&mut out, index, frame);
        }
        out.push_str("</svg>\n");
        out
    }

    fn frame(&self, out: &mut String, index: usize, frame: &Frame) {
        let filter = &self.filters[index];
        let Frame { x, y, width, height, .. } = frame;
        let class = match filter.descriptor.kind {
            FilterKind::Source => "source",
            FilterKind::Transform => "transform",
            FilterKind::Renderer => "renderer",
        };
        let _ = writeln!(
            out,
            "<rect class=\"box {class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        );
        text(out, "name", (x + 12.0, y + 20.0), &filter.name);
        for (number, caption) in self.captions(index).iter().enumerate() {
            let class = if caption == "reference clock" { "clock" } else { "small" };
            text(out, class, (x + 12.0, y + 20.0 + LINE * (number as f64 + 1.0)), caption);
        }
        pins(out, &filter.inputs, frame, (*x, x + 10.0), "pin-name");
        pins(out, &filter.outputs, frame, (x + width, x + width - 10.0), "pin-name right");
    }

    fn edge(&self, out: &mut String, index: usize, layout: &Layout) {
        let path = &layout.paths[index];
        let queue = self.connections[index].queue.as_ref();
        let leaky = if queue.is_some_and(|queue| queue.leaky) { " leaky" } else { "" };
        let _ = writeln!(out, "<path class=\"edge{leaky}\" d=\"{}\"/>", curve(path));
        // The label stands over the first stretch, where there is room for it.
        let ((x0, y0), (x1, y1)) = (path[0], path[1]);
        let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
        if queue.is_some() {
            let _ = writeln!(
                out,
                "<rect class=\"queue\" x=\"{:.1}\" y=\"{:.1}\" width=\"18\" height=\"14\"/>\
                 <path class=\"edge\" d=\"M{:.1} {:.1}v14m6 -14v14\"/>",
                x - 9.0,
                y - 7.0,
                x - 3.0,
                y - 7.0
            );
        }
        for (number, label) in self.edge_labels(index).iter().enumerate() {
            let below = if number == 0 { -12.0 } else { 22.0 };
            text(out, "label", (x, y + below), label);
        }
    }
}

fn pins(out: &mut String, pins: &[PlannedPin], frame: &Frame, (at, beside): Point, class: &str) {
    for (number, pin) in pins.iter().enumerate() {
        let y = pin_height(frame, number);
        let _ = writeln!(out, "<circle class=\"pin\" cx=\"{at:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>");
        text(out, class, (beside, y + 4.0), &pin.name);
    }
}

/// A line through all points that leaves and arrives level.
fn curve(path: &[Point]) -> String {
    let mut out = format!("M{:.1} {:.1}", path[0].0, path[0].1);
    for pair in path.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let middle = (x0 + x1) / 2.0;
        let _ = write!(out, "C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}");
    }
    out
}

fn text(out: &mut String, class: &str, (x, y): Point, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}
