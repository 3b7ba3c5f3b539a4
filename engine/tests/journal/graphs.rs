//! Random graphs: sources, transforms where streams part and meet, renderers; one filter may fail.

use driftless_engine::{Manifest, Plan};

use super::Random;
use super::filters::catalog;

/// A graph that parts of can be left out of.
#[derive(Debug, Clone)]
pub struct Shape {
    pub run: String,
    pub filters: Vec<Node>,
    /// Pairs of indices, each perhaps with a queue.
    pub joints: Vec<(usize, usize, bool)>,
    /// Timing of sections 2 to 4 (LS-18).
    pub classic: bool,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    pub plugin: &'static str,
    pub settings: String,
    /// It fails or panics some day.
    pub fails: bool,
}

/// Calls in which a filter may fail.
const CALLS: [&str; 6] = ["activate", "run", "pause", "deactivate", "step", "receive"];

impl Shape {
    /// A graph from a seed.
    pub fn random(run: &str, random: &mut Random) -> Self {
        let classic = random.percent(30);
        let mut shape =
            Self { run: run.to_owned(), filters: Vec::new(), joints: Vec::new(), classic };
        for source in 0..1 + random.below(3) {
            shape.add_source(source, random);
        }
        for index in 0..random.below(4) {
            let holds = ["0 ms", "0 ms", "3 ms", "25 ms"][random.below(4) as usize];
            let above = shape.filters.len() as u64;
            let pass =
                shape.add(format!("pass{index}"), "probe.pass", format!("holds = \"{holds}\""));
            let first = random.below(above);
            shape.joints.push((first as usize, pass, random.percent(20)));
            let second = random.below(above);
            if second != first && random.percent(50) {
                shape.joints.push((second as usize, pass, random.percent(20)));
            }
        }
        let above = shape.filters.len();
        for index in 0..above {
            let leads_on = shape.joints.iter().any(|(from, ..)| *from == index);
            if !leads_on || random.percent(30) {
                let cues_with = format!("cues-with = {}", 1 + random.below(3));
                let show = shape.add(format!("show{index}"), "probe.show", cues_with);
                shape.joints.push((index, show, random.percent(20)));
            }
        }
        if random.percent(50) {
            shape.spoil(random);
        }
        shape
    }

    fn add_source(&mut self, source: u64, random: &mut Random) {
        let ends = random.percent(40);
        if random.percent(60) {
            let count = if ends { 20 + random.below(200) } else { 1_000_000_000 };
            let flushes = if random.percent(30) { 2 } else { 0 };
            let latency = [0, 5, 20, 80][random.below(4) as usize];
            let stamps = ["delivery", "capture"][random.below(2) as usize];
            let settings = format!(
                "source = {source}\ncount = {count}\nflush-percent = {flushes}\n\
                 latency = \"{latency} ms\"\nstamps = \"{stamps}\""
            );
            self.add(format!("live{source}"), "probe.live", settings);
        } else {
            let count = random.below(300);
            let pace = [0, 0, 4, 20][random.below(4) as usize];
            let settings = format!("source = {source}\ncount = {count}\npace = \"{pace} ms\"");
            self.add(format!("file{source}"), "probe.file", settings);
        }
    }

    fn add(&mut self, name: String, plugin: &'static str, settings: String) -> usize {
        self.filters.push(Node { name, plugin, settings, fails: false });
        self.filters.len() - 1
    }

    fn spoil(&mut self, random: &mut Random) {
        let index = random.below(self.filters.len() as u64) as usize;
        let call = CALLS[random.below(6) as usize];
        let good = random.below(if call == "step" || call == "receive" { 100 } else { 2 });
        let panics = random.percent(50) || call == "pause" || call == "deactivate";
        let filter = &mut self.filters[index];
        filter.settings += &format!("\nfails-in = \"{call}\"\ngood = {good}\npanics = {panics}");
        filter.fails = true;
    }

    /// The plan of this graph without the sources and transforms at these indices, and what hangs on
    /// them alone.
    pub fn plan_without(&self, left_out: &[usize]) -> Option<Plan> {
        let mut there: Vec<bool> =
            (0..self.filters.len()).map(|it| !left_out.contains(&it)).collect();
        for index in 0..self.filters.len() {
            let fed = self.joints.iter().any(|(from, to, _)| *to == index && there[*from]);
            there[index] &= fed
                || self.filters[index].plugin.ends_with("live")
                || self.filters[index].plugin.ends_with("file");
        }
        for index in (0..self.filters.len()).rev() {
            let leads_on = self.joints.iter().any(|(from, to, _)| *from == index && there[*to]);
            there[index] &= leads_on || self.filters[index].plugin == "probe.show";
        }
        if !there.contains(&true) {
            return None;
        }
        let text = self.manifest(&there);
        let manifest =
            Manifest::parse("random.toml", &text).unwrap_or_else(|it| panic!("{it}\n{text}"));
        Some(Plan::new(&manifest, catalog()).unwrap_or_else(|it| panic!("{it}\n{text}")))
    }

    fn manifest(&self, there: &[bool]) -> String {
        let (mut connect, mut filters) = (Vec::new(), String::new());
        for (index, (from, to, queued)) in self.joints.iter().enumerate() {
            if !(there[*from] && there[*to]) {
                continue;
            }
            let (from, to) = (&self.filters[*from].name, &self.filters[*to].name);
            if *queued {
                connect.push(format!("\"{from} -> queue{index} -> {to}\""));
                filters += &format!("[filter.queue{index}]\nplugin = \"queue\"\n");
            } else {
                connect.push(format!("\"{from} -> {to}\""));
            }
        }
        for (_, node) in self.filters.iter().enumerate().filter(|(index, _)| there[*index]) {
            let Node { name, plugin, settings, .. } = node;
            filters += &format!(
                "[filter.{name}]\nplugin = \"{plugin}\"\nrun = \"{}\"\nname = \"{name}\"\n{settings}\n",
                self.run
            );
        }
        let timing = if self.classic { "classic" } else { "native" };
        let connect = connect.join(", ");
        format!("[graph]\ntiming = \"{timing}\"\nconnect = [{connect}]\n{filters}")
    }
}
