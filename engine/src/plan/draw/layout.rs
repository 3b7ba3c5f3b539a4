//! Where boxes and edges go.
