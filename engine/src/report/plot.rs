//! The report as a picture: error and rate of each stream over time.

use kuva::backend::svg::SvgBackend;
use kuva::plot::LinePlot;
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::{Report, StreamReport};
use crate::segment::recorder::Point;

const COLOURS: [&str; 6] = ["steelblue", "darkorange", "seagreen", "crimson", "purple", "sienna"];

impl Report {
    /// An SVG picture: above, how far each stream was from its due time, in milliseconds; below, the
    /// rate of each source's clock against its renderer's, in parts per million.
    pub fn plot(&self) -> String {
        let error = |point: &Point| point.error_ns as f64 * 1e-6;
        let errors = self.lines(|_| true, error);
        let rates = self.lines(|stream| stream.row != 0, |point| point.ppm);
        let titled = |lines: &[Plot], title: &str, unit: &str| {
            Layout::auto_from_plots(lines)
                .with_title(title)
                .with_x_label("time, s")
                .with_y_label(unit)
        };
        let layouts = vec![
            titled(&errors, &format!("{}: error at the renderer", self.name), "late, ms"),
            titled(&rates, &format!("{}: clock rate", self.name), "fast, ppm"),
        ];
        let figure = Figure::new(2, 1)
            .with_plots(vec![errors, rates])
            .with_layouts(layouts)
            .with_figure_size(900.0, 720.0);
        SvgBackend::new().render_scene(&figure.render())
    }

    fn lines(
        &self,
        wanted: impl Fn(&StreamReport) -> bool,
        value: impl Fn(&Point) -> f64,
    ) -> Vec<Plot> {
        // Every stream has its colour, so that it has the same one in both halves.
        let coloured = self.streams.iter().zip(COLOURS.into_iter().cycle());
        let lines = coloured.filter(|(stream, _)| wanted(stream)).map(|(stream, colour)| {
            let at = |point: &Point| ((point.at - self.started).secs_f64(), value(point));
            let name = format!("{} -> {}", stream.source, stream.renderer);
            let points: Vec<(f64, f64)> = stream.points.iter().map(at).collect();
            Plot::Line(LinePlot::new().with_data(points).with_color(colour).with_legend(name))
        });
        let lines: Vec<Plot> = lines.collect();
        // A picture without a line has no axes to draw.
        if lines.is_empty() {
            vec![Plot::Line(LinePlot::new().with_data(vec![(0.0, 0.0)]))]
        } else {
            lines
        }
    }
}
