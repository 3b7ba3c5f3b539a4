//! What comes into a graph is made, connected and opened while everything else goes on.

use std::sync::Arc;

use driftless_plugin_api::host::State;
use driftless_plugin_api::{MediaType, Pin};

use super::negotiate::{self, End};
use super::{Graph, RunError};
use crate::catalog::Provider;
use crate::loader::chain::OwnedNode;
use crate::loader::error::LoadError;
use crate::loader::host::FilterHost;
use crate::loader::instance::Instance;
use crate::loader::library::{self, Maker};
use crate::loader::process;
use crate::plan::{Connection, Difference, PinNumber, Plan};

/// What a new plan needs beyond what is there, by the indices of that plan.
pub(super) struct Prepared {
    /// The filters that come; `None` where one stays.
    pub nodes: Vec<Option<OwnedNode>>,
    /// What the engine knows of each filter.
    pub hosts: Vec<Arc<FilterHost>>,
    /// The media type of each connection.
    pub media: Vec<MediaType>,
}

/// Filters of a new plan: those that come are here, those that stay are on their segments' threads.
pub(super) struct Filters<'a> {
    graph: &'a mut Graph,
    kept: &'a [Option<usize>],
    nodes: &'a [Option<OwnedNode>],
    /// Ends of filters that stay which were connected anew.
    changed: Vec<End>,
}

impl Filters<'_> {
    /// Asks a filter, wherever it is.
    pub fn ask<R: Send + 'static>(
        &mut self,
        filter: usize,
        question: impl FnOnce(&Instance) -> R + Send + 'static,
    ) -> Result<R, RunError> {
        match (&self.nodes[filter], self.kept[filter]) {
            (Some(node), _) => Ok(question(&node.node().instance)),
            (None, Some(kept)) => self.graph.with_filter(kept, question),
            (None, None) => unreachable!("a filter that does not stay was made"),
        }
    }

    /// Lets an end be as it was before it was connected anew.
    pub fn undo(&mut self, end: End) -> Result<(), RunError> {
        self.ask(end.filter, move |filter| {
            filter.disconnect(end.pin);
            if let Some(media) = end.has {
                // It took this type once; should it refuse it now, its next start says so.
                let _ = filter.connect(end.pin, media);
            }
        })
    }
}

impl Graph {
    /// Makes, connects and activates the filters that come. On failure all is as it was.
    pub(super) fn prepare(
        &mut self,
        plan: &Plan,
        difference: &Difference,
    ) -> Result<Prepared, RunError> {
        let hosts = self.new_hosts(plan, difference);
        let nodes = create(plan, difference, &hosts)?;
        let kept = &difference.filters;
        let mut filters = Filters { graph: self, kept, nodes: &nodes, changed: Vec::new() };
        let connected = connect(&mut filters, plan, difference);
        let opened = connected.and_then(|media| {
            filters.graph.open(plan, &nodes)?;
            Ok(media)
        });
        match opened {
            Ok(media) => Ok(Prepared { nodes, hosts, media }),
            Err(error) => {
                for end in std::mem::take(&mut filters.changed) {
                    // The first failure is the one to tell.
                    let _ = filters.undo(end);
                }
                Err(error)
            }
        }
    }

    fn new_hosts(&self, plan: &Plan, difference: &Difference) -> Vec<Arc<FilterHost>> {
        let host = |(filter, kept): (&crate::plan::PlannedFilter, &Option<usize>)| match kept {
            Some(old) => Arc::clone(&self.hosts[*old]),
            None => FilterHost::new(&self.host, &filter.name),
        };
        plan.filters.iter().zip(&difference.filters).map(host).collect()
    }

    /// Activates the filters that come, unless the graph is stopped: renderers first (LS-119).
    fn open(&self, plan: &Plan, nodes: &[Option<OwnedNode>]) -> Result<(), RunError> {
        if self.state == State::Stopped {
            return Ok(());
        }
        for (index, node) in nodes.iter().enumerate().rev() {
            let Some(node) = node else { continue };
            if let Err(error) = node.node().activate() {
                let now = self.host.clock.now();
                nodes.iter().rev().flatten().for_each(|node| node.node().deactivate(now));
                let filter = plan.filters[index].name.clone();
                return Err(RunError::State { filter, doing: "be activated", error });
            }
        }
        Ok(())
    }
}

fn create(
    plan: &Plan,
    difference: &Difference,
    hosts: &[Arc<FilterHost>],
) -> Result<Vec<Option<OwnedNode>>, RunError> {
    let make = |index: usize| {
        if difference.filters[index].is_some() {
            return Ok(None);
        }
        let filter = &plan.filters[index];
        let host = Arc::clone(&hosts[index]).into_raw();
        let made = Instance::create(maker(plan, index)?, &filter.settings, host);
        let made = made.map_err(|error| RunError::Create { filter: filter.name.clone(), error })?;
        Ok(Some(OwnedNode::new(made, Arc::clone(&hosts[index]), filter.outputs.len())))
    };
    (0..plan.filters.len()).map(make).collect()
}

fn maker(plan: &Plan, index: usize) -> Result<Maker, RunError> {
    let filter = &plan.filters[index];
    let id = &filter.descriptor.id;
    match &filter.provider {
        Provider::Library(path) => {
            let failed = |error| RunError::Load {
                filter: filter.name.clone(),
                path: path.clone(),
                error: Box::new(error),
            };
            let library = library::load_with(path, filter.pinned, &plan.loading).map_err(failed)?;
            library.maker(id).ok_or_else(|| failed(LoadError::UnknownFilter(id.clone())))
        }
        Provider::Process(number) => process::factory(*number, id)
            .map(Maker::Rust)
            .ok_or_else(|| RunError::NotRegistered { filter: filter.name.clone() }),
    }
}

/// Connects what is to be joined, from the sources on, so that a transform knows its input before its
/// output. Returns the media types of all connections.
fn connect(
    filters: &mut Filters<'_>,
    plan: &Plan,
    difference: &Difference,
) -> Result<Vec<MediaType>, RunError> {
    let mut order: Vec<usize> = (0..plan.connections.len()).collect();
    order.sort_by_key(|index| plan.connections[*index].from);
    let mut media = vec![None; plan.connections.len()];
    for index in order {
        media[index] = Some(match difference.connections[index] {
            Some(kept) => filters.graph.media[kept],
            None => join(filters, plan, difference, &plan.connections[index])?,
        });
    }
    Ok(media.into_iter().flatten().collect())
}

fn join(
    filters: &mut Filters<'_>,
    plan: &Plan,
    difference: &Difference,
    connection: &Connection,
) -> Result<MediaType, RunError> {
    let old = |pin: PinNumber| Some(PinNumber { filter: difference.filters[pin.filter]?, ..pin });
    let graph = &*filters.graph;
    let carries = |is_it: &dyn Fn(&Connection) -> bool| {
        Some(graph.media[graph.plan.connections.iter().position(is_it)?])
    };
    let from = End {
        filter: connection.from.filter,
        pin: Pin::Output(connection.from.pin as u32),
        has: old(connection.from).and_then(|pin| carries(&|it| it.from == pin)),
    };
    let to = End {
        filter: connection.to.filter,
        pin: Pin::Input(connection.to.pin as u32),
        has: old(connection.to).and_then(|pin| carries(&|it| it.to == pin)),
    };
    if let Some(max) = plan.wishes.max_latency {
        // Before the connection, because some sources size their buffers by it (LS-46).
        filters.ask(from.filter, move |filter| filter.set_max_stream_offset(from.pin, max))?;
    }
    let agreed = negotiate::connect(filters, (from, to), connection.media)?;
    let media = agreed.map_err(|why| RunError::Connect {
        from: plan.output_name(connection.from),
        to: plan.input_name(connection.to),
        why,
    })?;
    let stays = |end: &End| difference.filters[end.filter].is_some() && end.has != Some(media);
    filters.changed.extend([from, to].into_iter().filter(stays));
    Ok(media)
}
