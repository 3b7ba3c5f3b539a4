//! Graphviz text.

use std::fmt::Write;

use crate::plan::{Direction, Plan, PlannedPin};

impl Plan {
    /// The plan in Graphviz's language: boxes with pins, edges with media types, queues marked.
    pub fn dot(&self) -> String {
        let mut out = String::from("digraph plan {\n  rankdir=LR;\n  node [shape=record];\n");
        for filter in &self.filters {
            let ports = |pins: &[PlannedPin], direction: Direction| {
                let ports =
                    pins.iter().map(|pin| format!("<{}_{}> {}", direction, pin.name, pin.name));
                ports.collect::<Vec<_>>().join("|")
            };
            let parts = [
                format!("{{{}}}", ports(&filter.inputs, Direction::Input)),
                format!("{}\\n{}", filter.name, filter.descriptor.id),
                format!("{{{}}}", ports(&filter.outputs, Direction::Output)),
            ];
            let parts: Vec<&str> =
                parts.iter().map(String::as_str).filter(|part| *part != "{}").collect();
            let _ = writeln!(out, "  \"{}\" [label=\"{}\"];", filter.name, parts.join("|"));
        }
        for connection in &self.connections {
            let (from, to) = (connection.from, connection.to);
            let (sender, receiver) = (&self.filters[from.filter], &self.filters[to.filter]);
            let queue =
                connection.queue.as_ref().map(|queue| format!("\\nqueue {}", queue.capacity));
            let style = if queue.is_some() { "bold" } else { "solid" };
            let _ = writeln!(
                out,
                "  \"{}\":\"output_{}\" -> \"{}\":\"input_{}\" [label=\"{}{}\", style={style}];",
                sender.name,
                sender.outputs[from.pin].name,
                receiver.name,
                receiver.inputs[to.pin].name,
                connection.media,
                queue.unwrap_or_default(),
            );
        }
        out.push_str("}\n");
        out
    }
}
