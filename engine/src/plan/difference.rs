//! What becomes of a running graph when its plan changes (LS-125): what stays, what goes, what comes.

use std::fmt;

use super::{Connection, PinNumber, Plan, PlannedFilter};

/// What stays of one plan in another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// For each filter of the new plan the index it has in the old one, if it stays.
    pub filters: Vec<Option<usize>>,
    /// For each connection of the new plan the index it has in the old one, if its pins stay joined.
    pub connections: Vec<Option<usize>>,
    /// For each segment of the new plan the index it has in the old one, if nothing in it changes.
    pub segments: Vec<Option<usize>>,
    /// The names of the filters that come.
    pub added: Vec<String>,
    /// The names of the filters that go; one whose settings change goes and comes.
    pub removed: Vec<String>,
    /// The connections that come, each as `microphone.out -> tee.in`.
    pub joined: Vec<String>,
    /// The connections that go.
    pub parted: Vec<String>,
}

impl Difference {
    /// What stays of `old` in `new`. A filter stays when its name, its plugin and its settings do, and
    /// `usable` has it that it can be kept. `[any]`
    pub fn between(old: &Plan, new: &Plan, usable: impl Fn(usize) -> bool) -> Self {
        let stays = |filter: &PlannedFilter| {
            let index = old.filter(&filter.name)?;
            (is_same(&old.filters[index], filter) && usable(index)).then_some(index)
        };
        let filters: Vec<Option<usize>> = new.filters.iter().map(stays).collect();
        let connections: Vec<Option<usize>> =
            new.connections.iter().map(|it| same_connection(old, &filters, it)).collect();
        let mut difference = Self { filters, connections, ..Self::default() };
        difference.segments =
            (0..new.segments.len()).map(|it| difference.same_segment(old, new, it)).collect();
        difference.tell(old, new);
        difference
    }

    /// Whether the plans are one.
    pub fn is_empty(&self) -> bool {
        let lists = [&self.added, &self.removed, &self.joined, &self.parted];
        lists.into_iter().all(Vec::is_empty)
    }

    /// The index in the new plan of a filter of the old one.
    pub fn new_index(&self, old: usize) -> Option<usize> {
        self.filters.iter().position(|kept| *kept == Some(old))
    }

    /// Whether a segment of the old plan goes on untouched.
    pub fn keeps_segment(&self, old: usize) -> bool {
        self.segments.contains(&Some(old))
    }

    fn same_segment(&self, old: &Plan, new: &Plan, index: usize) -> Option<usize> {
        let filters: Option<Vec<usize>> =
            new.segments[index].filters.iter().map(|filter| self.filters[*filter]).collect();
        let filters = filters?;
        let found = old.segments.iter().position(|segment| segment.filters == filters)?;
        let touches = |filters: &[usize], connection: &Connection| {
            filters.contains(&connection.from.filter) || filters.contains(&connection.to.filter)
        };
        // Every connection of its filters stays, and is of the same kind…
        let its_own = new.connections.iter().zip(&self.connections);
        let mut its_own = its_own.filter(|(it, _)| touches(&new.segments[index].filters, it));
        let unchanged = its_own
            .all(|(it, kept)| kept.is_some_and(|kept| same_kind(&old.connections[kept], it)));
        // … and none goes.
        let mut before =
            (0..old.connections.len()).filter(|it| touches(&filters, &old.connections[*it]));
        let complete = before.all(|connection| self.connections.contains(&Some(connection)));
        (unchanged && complete).then_some(found)
    }

    fn tell(&mut self, old: &Plan, new: &Plan) {
        let name = |plan: &Plan, it: &Connection| {
            format!("{} -> {}", plan.output_name(it.from), plan.input_name(it.to))
        };
        let came = new.filters.iter().zip(&self.filters).filter(|(_, kept)| kept.is_none());
        self.added = came.map(|(filter, _)| filter.name.clone()).collect();
        let went = (0..old.filters.len()).filter(|index| !self.filters.contains(&Some(*index)));
        self.removed = went.map(|index| old.filters[index].name.clone()).collect();
        let came = new.connections.iter().zip(&self.connections).filter(|(_, kept)| kept.is_none());
        self.joined = came.map(|(connection, _)| name(new, connection)).collect();
        let went = (0..old.connections.len()).filter(|it| !self.connections.contains(&Some(*it)));
        self.parted = went.map(|index| name(old, &old.connections[index])).collect();
    }
}

fn is_same(old: &PlannedFilter, new: &PlannedFilter) -> bool {
    let (a, b) = (&old.descriptor, &new.descriptor);
    (a.as_ref(), &old.provider, &old.settings) == (b.as_ref(), &new.provider, &new.settings)
}

fn same_connection(old: &Plan, filters: &[Option<usize>], new: &Connection) -> Option<usize> {
    let in_old = |pin: PinNumber| Some(PinNumber { filter: filters[pin.filter]?, ..pin });
    let (from, to) = (in_old(new.from)?, in_old(new.to)?);
    old.connections.iter().position(|it| (it.from, it.to) == (from, to))
}

/// Whether both are direct calls, or both queues that treat their samples alike.
fn same_kind(old: &Connection, new: &Connection) -> bool {
    let leaky = |it: &Connection| it.queue.as_ref().map(|queue| queue.leaky);
    leaky(old) == leaky(new)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changes");
        }
        let lists =
            [("+", &self.added), ("-", &self.removed), ("+", &self.joined), ("-", &self.parted)];
        let words: Vec<String> = lists
            .into_iter()
            .flat_map(|(sign, names)| names.iter().map(move |name| format!("{sign} {name}")))
            .collect();
        f.write_str(&words.join(", "))
    }
}
