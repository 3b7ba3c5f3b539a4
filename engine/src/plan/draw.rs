//! The plan as a drawing: Graphviz text, and SVG laid out here.

mod dot;
mod layout;
mod svg;
