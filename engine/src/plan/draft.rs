//! A plan in the making: filters and connections that still move.

use std::ops::Range;
use std::sync::Arc;

use super::{Clock, ClockSource, Connection, Plan, PlannedFilter, Settled, Timing, Wishes};
use crate::catalog::Catalog;
use crate::manifest::Manifest;

/// Filters and connections, and where in the manifest each connection stands.
pub(super) struct Draft {
    pub filters: Vec<PlannedFilter>,
    pub connections: Vec<Connection>,
    pub places: Vec<Range<usize>>,
}

impl Draft {
    /// Puts the filters into the order of the indices in `order`, which may leave some out. Their
    /// connections must be gone by then.
    pub fn reorder(&mut self, order: &[usize]) {
        let mut moved_to = vec![usize::MAX; self.filters.len()];
        for (new, &old) in order.iter().enumerate() {
            moved_to[old] = new;
        }
        self.filters = order.iter().map(|&old| self.filters[old].clone()).collect();
        for connection in &mut self.connections {
            connection.from.filter = moved_to[connection.from.filter];
            connection.to.filter = moved_to[connection.to.filter];
        }
        self.link();
    }

    /// Tells every pin which connection it has.
    pub fn link(&mut self) {
        link(&mut self.filters, &self.connections);
    }

    /// The plan, with nothing decided yet.
    pub fn into_plan(self, manifest: &Manifest, catalog: &Catalog) -> Plan {
        Plan {
            name: manifest.name.clone(),
            wishes: Wishes {
                clock: manifest.graph.clock.value.clone(),
                clock_policy: manifest.graph.clock_policy,
                sync: manifest.graph.sync,
                timing: manifest.graph.timing,
                latency: manifest.graph.latency,
                max_latency: manifest.graph.max_latency,
                strict: manifest.graph.strict,
            },
            filters: self.filters,
            connections: self.connections,
            segments: Vec::new(),
            settled: Settled {
                clock: Clock { source: ClockSource::None, why: String::new() },
                timing: Timing::default(),
                streams: Vec::new(),
            },
            manifest: Arc::new(manifest.clone()),
            loading: catalog.loading().clone(),
        }
    }
}

/// Tells every pin which connection it has.
pub(super) fn link(filters: &mut [PlannedFilter], connections: &[Connection]) {
    for filter in filters.iter_mut() {
        for pin in filter.inputs.iter_mut().chain(&mut filter.outputs) {
            pin.connection = None;
        }
    }
    for (index, connection) in connections.iter().enumerate() {
        let (from, to) = (connection.from, connection.to);
        filters[from.filter].outputs[from.pin].connection = Some(index);
        filters[to.filter].inputs[to.pin].connection = Some(index);
    }
}
