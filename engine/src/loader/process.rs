//! Filters that are linked into this process.

use std::sync::{Mutex, MutexGuard};

use driftless_plugin_api::Registration;
use driftless_plugin_api::abi::filter::FactoryRef;

use crate::catalog::{Catalog, PrecheckError};

static KEPT: Mutex<Vec<Vec<FactoryRef>>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Vec<FactoryRef>>> {
    KEPT.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Catalog {
    /// Adds filters that are linked into this program. `[main]`
    ///
    /// # Errors
    ///
    /// What is wrong with the descriptor, or that a filter of its ids is there already.
    pub fn embed(&mut self, registration: Registration) -> Result<(), PrecheckError> {
        let number = keep(registration.factories);
        self.register(&registration.descriptor, number)
    }
}

/// Keeps what makes a registration's filters, until the process ends; returns the number to find it
/// by. Factories are never freed, whoever made them. `[main]`
fn keep(factories: Vec<FactoryRef>) -> usize {
    let mut kept = kept();
    kept.push(factories);
    kept.len() - 1
}

/// What makes the filter `id` of registration `number`.
pub fn factory(number: usize, id: &str) -> Option<FactoryRef> {
    kept().get(number)?.iter().copied().find(|factory| factory.id() == id)
}
