//! The life of a filter.

use driftless_plugin_api::Span;
use driftless_plugin_api::descriptor::FilterKind;
use driftless_plugin_api::testing::Order;

use crate::bench::{Bench, tolerate};
use crate::subject::Subject;
use crate::trouble::{Outcome, Trouble};

/// Longest order of legal transitions that is tried, and of illegal ones.
const LEGAL: usize = 6;
const ILLEGAL: usize = 3;
/// How long it stays in each state.
const WHILE: Span = Span::from_millis(200);

/// One whole life.
pub(super) fn plays(subject: &Subject) -> Outcome {
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(Span::from_secs(1))?;
    bench.driver.counters();
    bench.pause()?;
    bench.driver.cue();
    bench.look()?;
    bench.deactivate()?;
    bench.check_errors()
}

use Order::{Activate, Deactivate, Pause, Run};

fn carry_out(order: Order, bench: &mut Bench<'_>) -> Outcome {
    match order {
        Activate => bench.activate(),
        Run => bench.run(),
        Pause => bench.pause(),
        Deactivate => bench.deactivate(),
    }
}

/// What may follow an order.
fn successors(order: Order) -> &'static [Order] {
    match order {
        Activate | Pause => &[Run, Deactivate],
        Run => &[Pause],
        Deactivate => &[Activate],
    }
}

/// All legal orders of `length` transitions from the stopped state.
fn legal_orders(length: usize) -> Vec<Vec<Order>> {
    let mut orders = vec![vec![Activate]];
    for _ in 1..length {
        let longer = orders.into_iter().flat_map(|order: Vec<Order>| {
            let next = order.last().map_or(&[][..], |last| successors(*last));
            next.iter().map(move |next| [order.as_slice(), &[*next]].concat()).collect::<Vec<_>>()
        });
        orders = longer.collect();
    }
    orders
}

/// All orders of `length` transitions, most of them illegal.
fn all_orders(length: usize) -> Vec<Vec<Order>> {
    (0..length).fold(vec![Vec::new()], |orders, _| {
        let longer = orders.iter().flat_map(|order: &Vec<Order>| {
            Order::ALL.iter().map(|next| [order.as_slice(), &[*next]].concat())
        });
        longer.collect()
    })
}

/// Every legal order; dropped in the state in which it ends.
pub(super) fn legal(subject: &Subject) -> Outcome {
    let delivers = delivers(subject)?;
    for order in (1..=LEGAL).flat_map(legal_orders) {
        subject.note(|| format!("{order:?}"));
        let mut bench = Bench::new(subject)?;
        for transition in &order {
            carry_out(*transition, &mut bench)?;
            bench.play(WHILE)?;
            let silent = bench.heard().is_empty();
            if delivers && silent && *transition == Run {
                return Err(Trouble::wrong(
                    "samples after every change to running",
                    format!("none in {WHILE} after {order:?}"),
                ));
            }
        }
    }
    Ok(())
}

/// Whether it delivers in its first while, and in the third: a file may have ended by then.
fn delivers(subject: &Subject) -> Outcome<bool> {
    let mut bench = Bench::new(subject)?;
    bench.run()?;
    bench.play(WHILE)?;
    let first = !bench.heard().is_empty();
    bench.play(WHILE + WHILE)?;
    Ok(first && !bench.heard().is_empty())
}

/// Every order there is, with pins connected and open; anything may be refused.
pub(super) fn illegal(subject: &Subject) -> Outcome {
    for connected in [true, false] {
        for order in (1..=ILLEGAL).flat_map(all_orders) {
            subject.note(|| format!("{order:?}, pins connected: {connected}"));
            let settings = &subject.settings;
            let made = match connected {
                true => Bench::with(subject, settings),
                false => Bench::unconnected(subject, settings),
            };
            let Some(mut bench) = tolerate(made)? else { continue };
            survive(subject, &mut bench, &order)
                .map_err(|trouble| after(trouble, &order, connected))?;
        }
    }
    Ok(())
}

fn survive(subject: &Subject, bench: &mut Bench<'_>, order: &[Order]) -> Outcome {
    for transition in order {
        tolerate(bench.driver.order(*transition))?;
        bench.look()?;
        if subject.filter.kind != FilterKind::Source {
            let sample = match bench.feeds.first_mut() {
                Some(feed) => feed.next(&bench.driver, None),
                None => bench.driver.sample(64),
            };
            bench.receive(0, sample)?;
        }
        bench.step()?;
        bench.driver.cue();
        bench.driver.counters();
        bench.look()?;
    }
    Ok(())
}

fn after(trouble: Trouble, order: &[Order], connected: bool) -> Trouble {
    let pins = if connected { "connected" } else { "not connected" };
    match trouble {
        Trouble::Wrong { expected, seen } => {
            Trouble::Wrong { expected, seen: format!("{seen}; after {order:?}, pins {pins}") }
        }
        other => other,
    }
}
