//! Segments that change stand still, are taken apart and put together anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::{HostTime, MediaType, Pin};

use super::prepare::Prepared;
use super::wire::{renew, seats, wire};
use super::{Graph, RunError};
use crate::executor::Stand;
use crate::loader::chain::Node;
use crate::loader::host::FilterHost;
use crate::plan::{Difference, Facts, PinNumber, Plan};
use crate::segment::queue::Queue;
use crate::segment::{Member, Segment};

/// Filters that are out of the graph and may take their time to close.
pub(super) struct Leaving(Vec<Member>);

impl Leaving {
    /// Closes them, renderers first.
    pub fn retire(self, now: HostTime) {
        self.0.iter().for_each(|member| member.node.node().deactivate(now));
    }
}

impl Graph {
    /// Makes the prepared filters and those that stay the graph of `plan`. The segments that changed are
    /// left blocked.
    ///
    /// # Errors
    ///
    /// A segment that is stuck: then nothing has changed.
    pub(super) fn reconnect(
        &mut self,
        plan: Plan,
        difference: &Difference,
        prepared: Prepared,
    ) -> Result<Leaving, RunError> {
        let now = self.host.clock.now();
        let taken = self.block(difference)?;
        self.drain(&plan, difference, &taken, now);
        let mut places = BTreeMap::new();
        let (mut staying, mut leaving) = (BTreeMap::new(), Vec::new());
        for (index, segment) in taken {
            let filters = self.plan.segments[index].filters.clone();
            places.insert(filters[0], self.places[index]);
            for (old, member) in filters.into_iter().zip(segment.dissolve()).rev() {
                match difference.new_index(old) {
                    Some(new) => drop(staying.insert(new, member)),
                    None => leaving.push(member),
                }
            }
        }
        self.part(&plan, difference, &staying, now);
        self.adopt(plan, difference, prepared, Taken { staying, places }, now);
        Ok(Leaving(leaving))
    }

    /// Takes the segments that change out of their places, sources last, so that nobody delivers into
    /// a place that is empty.
    fn block(&mut self, difference: &Difference) -> Result<Vec<(usize, Segment)>, RunError> {
        let mut taken = Vec::new();
        for index in (0..self.plan.segments.len()).rev() {
            if difference.keeps_segment(index) || self.dead.contains(&self.places[index]) {
                continue;
            }
            match self.executor.take(self.places[index]) {
                Ok(segment) => taken.push((index, segment)),
                Err(stuck) => {
                    for (index, segment) in taken {
                        // Its thread answered a moment ago.
                        let _ = self.executor.put(self.places[index], segment);
                    }
                    return Err(self.stuck(stuck));
                }
            }
        }
        Ok(taken)
    }

    /// What stands in queues that go arrives first, from the sources on.
    fn drain(
        &self,
        plan: &Plan,
        difference: &Difference,
        taken: &[(usize, Segment)],
        now: HostTime,
    ) {
        let stay: Vec<&Arc<Queue>> = (0..plan.connections.len())
            .filter_map(|new| self.kept_queue(plan, difference, new))
            .collect();
        let stays = |queue: &Arc<Queue>| stay.iter().any(|kept| Arc::ptr_eq(kept, queue));
        for (_, segment) in taken.iter().rev() {
            segment.drain(stays, now);
        }
    }

    /// The queue of a connection that had one of the same kind before.
    fn kept_queue(&self, plan: &Plan, difference: &Difference, new: usize) -> Option<&Arc<Queue>> {
        let planned = plan.connections[new].queue.as_ref()?;
        let queue = self.queues[difference.connections[new]?].as_ref()?;
        (queue.is_leaky() == planned.leaky).then_some(queue)
    }

    /// Pins of filters that stay, and that lead nowhere from now on, are told.
    fn part(
        &self,
        plan: &Plan,
        difference: &Difference,
        staying: &BTreeMap<usize, Member>,
        now: HostTime,
    ) {
        for (index, connection) in self.plan.connections.iter().enumerate() {
            if difference.connections.contains(&Some(index)) {
                continue;
            }
            let new = |pin: PinNumber| {
                let filter = difference.new_index(pin.filter)?;
                Some((PinNumber { filter, ..pin }, staying.get(&filter)?.node.node()))
            };
            let receiver = new(connection.to);
            let is_open =
                |(pin, _): &(PinNumber, &Node)| !plan.connections.iter().any(|it| it.to == *pin);
            if let Some((pin, node)) = receiver.filter(is_open) {
                node.lose_stream(pin.pin as u32, now);
                node.instance.disconnect(Pin::Input(pin.pin as u32));
            }
            let sender = new(connection.from);
            let is_open =
                |(pin, _): &(PinNumber, &Node)| !plan.connections.iter().any(|it| it.from == *pin);
            if let Some((pin, node)) = sender.filter(is_open) {
                node.instance.disconnect(Pin::Output(pin.pin as u32));
            }
        }
    }

    /// From here on the graph is that of `plan`.
    fn adopt(
        &mut self,
        plan: Plan,
        difference: &Difference,
        prepared: Prepared,
        mut taken: Taken,
        now: HostTime,
    ) {
        let Prepared { nodes, hosts, media } = prepared;
        let queues = self.new_queues(&plan, difference, &hosts, &media);
        for (index, node) in nodes.into_iter().enumerate() {
            let member = |node| Member::new(node, plan.filters[index].is(FilterKind::Renderer));
            taken.staying.extend(node.map(|node| (index, member(node))));
        }
        let mut built: Vec<Option<Segment>> = (0..plan.segments.len())
            .map(|it| {
                difference.segments[it].is_none().then(|| self.assemble(&plan, it, &mut taken, now))
            })
            .collect();
        let seats = seats(&plan);
        for (index, connection) in plan.connections.iter().enumerate() {
            let ends = [connection.from, connection.to].map(|pin| (seats[pin.filter], pin.pin));
            wire(&mut built, ends, queues[index].as_ref());
        }
        for (index, connection) in plan.connections.iter().enumerate() {
            if difference.connections[index].is_none() {
                let ends = [connection.from, connection.to].map(|pin| (seats[pin.filter], pin.pin));
                renew(
                    &mut built,
                    ends,
                    self.new_media(&plan, difference, index, media[index]),
                    now,
                );
            }
        }
        built.iter_mut().flatten().for_each(|segment| segment.chain_mut().reopen());
        self.give_places(&plan, difference, &hosts, built, &mut taken.places);
        self.carry_over(&plan, difference);
        (self.hosts, self.queues, self.media, self.seats) = (hosts, queues, media, seats);
        self.plan = plan;
    }

    fn new_queues(
        &self,
        plan: &Plan,
        difference: &Difference,
        hosts: &[Arc<FilterHost>],
        media: &[MediaType],
    ) -> Vec<Option<Arc<Queue>>> {
        let queue = |index: usize| {
            let connection = &plan.connections[index];
            let planned = connection.queue.as_ref()?;
            if let Some(kept) = self.kept_queue(plan, difference, index) {
                kept.set_capacity(planned.capacity);
                return Some(Arc::clone(kept));
            }
            let writer = Arc::clone(&hosts[connection.from.filter]);
            let reader = Arc::clone(&hosts[connection.to.filter]);
            let (capacity, leaky) = (planned.capacity, planned.leaky);
            let to = (reader, connection.to.pin as u32);
            Some(Arc::new(Queue::new(index, capacity, leaky, media[index], writer, to)))
        };
        (0..plan.connections.len()).map(queue).collect()
    }

    fn assemble(&self, plan: &Plan, index: usize, taken: &mut Taken, now: HostTime) -> Segment {
        let filters = &plan.segments[index].filters;
        let member = |filter: &usize| {
            let mut member = taken.staying.remove(filter)?;
            member.node.set_outputs(plan.filters[*filter].outputs.len());
            Some(member)
        };
        let members = filters.iter().filter_map(member).collect();
        Segment::new(members, self.state, now)
    }

    /// What the receiver must be told of: it stays, and knew another type.
    fn new_media(
        &self,
        plan: &Plan,
        difference: &Difference,
        index: usize,
        media: MediaType,
    ) -> Option<MediaType> {
        let to = plan.connections[index].to;
        let to = PinNumber { filter: difference.filters[to.filter]?, ..to };
        let before = self.plan.connections.iter().position(|it| it.to == to)?;
        (self.media[before] != media).then_some(media)
    }

    /// Puts the segments into the executor, renderers first; one whose first filter stays keeps its
    /// place.
    fn give_places(
        &mut self,
        plan: &Plan,
        difference: &Difference,
        hosts: &[Arc<FilterHost>],
        built: Vec<Option<Segment>>,
        free: &mut BTreeMap<usize, usize>,
    ) {
        let declared = Facts::declared(&plan.filters);
        let mut places = Vec::new();
        for (index, segment) in plan.segments.iter().enumerate() {
            let first = segment.filters[0];
            let stand =
                Stand { filters: segment.filters.len(), live: declared.filters[first].is_live() };
            let before = difference.filters[first]
                .filter(|old| free.get(old).is_some_and(|place| self.executor.fits(*place, stand)));
            places.push(match difference.segments[index] {
                Some(kept) => self.places[kept],
                None => before
                    .and_then(|old| free.remove(&old))
                    .unwrap_or_else(|| self.executor.open(stand)),
            });
        }
        for (index, segment) in built.into_iter().enumerate().rev() {
            let Some(segment) = segment else { continue };
            for filter in &plan.segments[index].filters {
                hosts[*filter].set_place(places[index]);
            }
            // A place without a thread is found at the first order.
            let _ = self.executor.put(places[index], segment);
        }
        for place in std::mem::take(free).into_values() {
            self.executor.close(place);
        }
        self.places = places;
    }
}

/// Filters that stay and places that are free, while nothing is where it was.
struct Taken {
    /// By their indices in the new plan.
    staying: BTreeMap<usize, Member>,
    /// By the index in the old plan of the first filter that was there.
    places: BTreeMap<usize, usize>,
}
