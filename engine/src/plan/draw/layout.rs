//! Where boxes and edges go: layers from left to right, lanes for edges that pass by a layer.
//!
//! After K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
//! structures" (1981): layers by longest path, a stand-in on every layer that an edge passes, and
//! each layer sorted by the mean place of its neighbours.

use super::rows;
use crate::plan::{PinNumber, Plan};

/// A place in pixels, `y` downwards.
pub(super) type Point = (f64, f64);

/// A filter's box.
pub(super) struct Frame {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// Where its first pin stands, below the top.
    pub pins_below: f64,
}

/// A drawing without its ink.
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    /// One for each filter.
    pub frames: Vec<Frame>,
    /// One for each connection: the points it passes, from pin to pin.
    pub paths: Vec<Vec<Point>>,
}

/// Mean width of a character at 12 pixels.
const CHARACTER: f64 = 7.0;
/// Height of a line of text.
pub(super) const LINE: f64 = 17.0;
const MARGIN: f64 = 24.0;
/// Between boxes, one above the other.
const ROOM: f64 = 28.0;
/// Around an edge's label.
const LABEL_ROOM: f64 = 56.0;

/// What stands on a layer.
#[derive(Clone, Copy, PartialEq)]
enum Node {
    Filter(usize),
    /// The connection of this index passes by.
    Passing(usize),
}

pub(super) fn layout(plan: &Plan, top: f64) -> Layout {
    let layer = layers(plan);
    let columns = sorted(plan, &layer, columns(plan, &layer));
    place(plan, &layer, &columns, top)
}

/// The layer of every filter: one more than the last of those that feed it, but a source stands
/// right before the first it feeds.
fn layers(plan: &Plan) -> Vec<usize> {
    let mut layer = vec![0; plan.filters.len()];
    for index in 0..plan.filters.len() {
        let feeders = plan.connections.iter().filter(|it| it.to.filter == index);
        layer[index] = feeders.map(|it| layer[it.from.filter] + 1).max().unwrap_or(0);
    }
    for index in (0..plan.filters.len()).filter(|&index| plan.filters[index].inputs.is_empty()) {
        let fed = plan.connections.iter().filter(|it| it.from.filter == index);
        layer[index] = fed.map(|it| layer[it.to.filter] - 1).min().unwrap_or(0);
    }
    layer
}

fn columns(plan: &Plan, layer: &[usize]) -> Vec<Vec<Node>> {
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut columns = vec![Vec::new(); count];
    for (index, &layer) in layer.iter().enumerate() {
        columns[layer].push(Node::Filter(index));
    }
    for (index, connection) in plan.connections.iter().enumerate() {
        for column in &mut columns[layer[connection.from.filter] + 1..layer[connection.to.filter]] {
            column.push(Node::Passing(index));
        }
    }
    columns
}

/// Sorts every column by the mean place of what it is joined to in the column before, then after.
fn sorted(plan: &Plan, layer: &[usize], mut columns: Vec<Vec<Node>>) -> Vec<Vec<Node>> {
    for sweep in 0..6 {
        let forward = sweep % 2 == 0;
        let order: Vec<usize> = match forward {
            true => (1..columns.len()).collect(),
            false => (0..columns.len().saturating_sub(1)).rev().collect(),
        };
        for column in order {
            let beside = if forward { column - 1 } else { column + 1 };
            let mut keyed: Vec<(f64, Node)> = columns[column]
                .iter()
                .enumerate()
                .map(|(place, &node)| {
                    let mean = mean_place(plan, layer, node, forward, &columns[beside], beside);
                    (mean.unwrap_or(place as f64), node)
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            columns[column] = keyed.into_iter().map(|(_, node)| node).collect();
        }
    }
    columns
}

/// The mean place, in the column `beside`, of what `node` is joined to there; pins count a little.
fn mean_place(
    plan: &Plan,
    layer: &[usize],
    node: Node,
    forward: bool,
    column: &[Node],
    beside: usize,
) -> Option<f64> {
    let mut places = Vec::new();
    for (index, connection) in plan.connections.iter().enumerate() {
        let (near, far) = match forward {
            true => (connection.to, connection.from),
            false => (connection.from, connection.to),
        };
        if node != Node::Filter(near.filter) && node != Node::Passing(index) {
            continue;
        }
        let (at, pin) = match layer[far.filter] == beside {
            true => (Node::Filter(far.filter), far.pin),
            false => (Node::Passing(index), 0),
        };
        if let Some(place) = column.iter().position(|&other| other == at) {
            places.push(place as f64 + pin as f64 / 256.0);
        }
    }
    (!places.is_empty()).then(|| places.iter().sum::<f64>() / places.len() as f64)
}

fn place(plan: &Plan, layer: &[usize], columns: &[Vec<Node>], top: f64) -> Layout {
    let mut frames: Vec<Frame> = (0..plan.filters.len()).map(|index| frame(plan, index)).collect();
    let height_of = |frames: &[Frame], node: &Node| match node {
        Node::Filter(index) => frames[*index].height,
        Node::Passing(_) => LINE,
    };
    let tall = |column: &Vec<Node>| {
        let heights: f64 = column.iter().map(|node| height_of(&frames, node)).sum();
        heights + ROOM * column.len().saturating_sub(1) as f64
    };
    let tallest = columns.iter().map(tall).fold(0.0, f64::max);
    let starts: Vec<f64> =
        columns.iter().map(|column| top + MARGIN + (tallest - tall(column)) / 2.0).collect();
    let mut lanes: Vec<Vec<Point>> = vec![Vec::new(); plan.connections.len()];
    let mut x = MARGIN;
    for (number, column) in columns.iter().enumerate() {
        let width = column_width(&frames, column);
        let mut y = starts[number];
        for node in column {
            let height = height_of(&frames, node);
            match node {
                Node::Filter(index) => {
                    let frame = &mut frames[*index];
                    (frame.x, frame.y, frame.width) = (x, y, width);
                }
                Node::Passing(index) => {
                    let middle = y + height / 2.0;
                    lanes[*index].extend([(x, middle), (x + width, middle)]);
                }
            }
            y += height + ROOM;
        }
        x += width + gap(plan, layer, number);
    }
    let paths = plan.connections.iter().zip(lanes).map(|(connection, lane)| {
        let mut path = vec![output(&frames, connection.from)];
        path.extend(lane);
        path.push(input(&frames, connection.to));
        path
    });
    let paths = paths.collect();
    let right = frames.iter().map(|frame| frame.x + frame.width).fold(0.0, f64::max);
    Layout { width: right + MARGIN, height: top + tallest + 2.0 * MARGIN, frames, paths }
}

fn column_width(frames: &[Frame], column: &[Node]) -> f64 {
    let widths = column.iter().map(|node| match node {
        Node::Filter(index) => frames[*index].width,
        Node::Passing(_) => 0.0,
    });
    widths.fold(0.0, f64::max)
}

/// The room behind a column: as wide as the longest label of an edge that begins there.
fn gap(plan: &Plan, layer: &[usize], column: usize) -> f64 {
    let begins = |index: &usize| layer[plan.connections[*index].from.filter] == column;
    let edges = (0..plan.connections.len()).filter(begins);
    let longest =
        edges.flat_map(|index| plan.edge_labels(index)).map(|it| it.chars().count()).max();
    longest.unwrap_or_default() as f64 * CHARACTER + LABEL_ROOM
}

/// A box as large as its text, nowhere yet.
fn frame(plan: &Plan, index: usize) -> Frame {
    let filter = &plan.filters[index];
    let captions = plan.captions(index);
    let text = captions.iter().chain([&filter.name]).map(|it| it.chars().count()).max();
    let longest = |pins: &[crate::plan::PlannedPin]| {
        pins.iter().map(|pin| pin.name.chars().count()).max().unwrap_or_default()
    };
    let pins = longest(&filter.inputs) + longest(&filter.outputs) + 4;
    let pins_below = (captions.len() as f64 + 1.0) * LINE + 14.0;
    Frame {
        x: 0.0,
        y: 0.0,
        width: text.unwrap_or_default().max(pins) as f64 * CHARACTER + 24.0,
        height: pins_below + rows(filter) as f64 * LINE + 8.0,
        pins_below,
    }
}

fn output(frames: &[Frame], pin: PinNumber) -> Point {
    let frame = &frames[pin.filter];
    (frame.x + frame.width, pin_height(frame, pin.pin))
}

fn input(frames: &[Frame], pin: PinNumber) -> Point {
    let frame = &frames[pin.filter];
    (frame.x, pin_height(frame, pin.pin))
}

/// How far down pin `number` of a box is.
pub(super) fn pin_height(frame: &Frame, number: usize) -> f64 {
    frame.y + frame.pins_below + (number as f64 + 0.5) * LINE
}
