//! The plugins that are there, known without running any of them.

mod content;
mod error;
mod headers;
mod precheck;
mod section;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::thread;

use driftless_plugin_api::descriptor::{Descriptor, FilterDescriptor, PluginDescriptor};
use driftless_plugin_api::document::Mistake;

pub use content::Content;
pub use error::PrecheckError;
pub use precheck::{Checked, Trust, precheck};
pub use section::EntryPoint;

use crate::loader::library::Loading;

/// Where a filter's code is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Provider {
    /// In the library at this path, canonical.
    Library(PathBuf),
    /// In this process: the number that [`Catalog::register`] was given.
    Process(usize),
}

/// A filter that is there.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What the library says of itself.
    pub plugin: Arc<PluginDescriptor>,
    /// What it says of the filter.
    pub filter: Arc<FilterDescriptor>,
    /// Where its code is.
    pub provider: Provider,
}

/// A file that is no good plugin, and why.
#[derive(Debug)]
pub struct Refused {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub error: PrecheckError,
}

/// All filters that are there, and every file that was refused. `[main]`
#[derive(Debug, Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    refused: Vec<Refused>,
    loading: Loading,
}

impl Catalog {
    /// Looks at every library file in `folders`, in their order and by name. `[main]`
    ///
    /// Opens no library and runs no code. Never fails: files and folders that cannot be used are in
    /// [`refused`](Self::refused), and of two files that describe the same filter the second is.
    pub fn scan<P: AsRef<Path>>(folders: &[P]) -> Self {
        Self::scan_with(folders, &Loading::default())
    }

    /// As [`scan`](Self::scan), with another idea of whom to trust, and of how libraries are opened when
    /// a graph needs them.
    pub fn scan_with<P: AsRef<Path>>(folders: &[P], loading: &Loading) -> Self {
        let mut catalog = Self { loading: loading.clone(), ..Self::default() };
        let files = catalog.libraries(folders);
        let checked = precheck_all(&files, loading.trust);
        for (path, checked) in files.into_iter().zip(checked) {
            catalog.add_checked(path, checked);
        }
        catalog
    }

    /// As [`scan_with`](Self::scan_with), and has every library opened by the prober at once: one that
    /// crashes, hangs or is refused there is in [`refused`](Self::refused). Takes at most about the
    /// prober's time limit for every 64 that hang. Without a prober nothing is opened.
    pub fn scan_trying<P: AsRef<Path>>(folders: &[P], loading: &Loading) -> Self {
        let Some(prober) = &loading.prober else { return Self::scan_with(folders, loading) };
        let mut catalog = Self { loading: loading.clone(), ..Self::default() };
        let files = catalog.libraries(folders);
        let checked = precheck_all(&files, loading.trust);
        let good = checked.iter().flatten().map(|checked| checked.path.clone()).collect();
        let mut tried = prober.try_all(good).into_iter();
        for (path, checked) in files.into_iter().zip(checked) {
            let checked = checked.and_then(|checked| match tried.next() {
                Some(Err(error)) => Err(PrecheckError::Tried { why: error.to_string() }),
                _ => Ok(checked),
            });
            catalog.add_checked(path, checked);
        }
        catalog
    }

    /// How the libraries of a graph are opened.
    pub fn loading(&self) -> &Loading {
        &self.loading
    }

    /// Adds filters that are linked into this process; `number` finds their code again.
    ///
    /// # Errors
    ///
    /// What is wrong with the descriptor, or that a filter of its ids is there already.
    pub fn register(&mut self, descriptor: &str, number: usize) -> Result<(), PrecheckError> {
        let parsed = Descriptor::parse(descriptor).map_err(|mistakes: Vec<Mistake>| {
            PrecheckError::BadDescriptor { text: descriptor.to_owned(), mistakes }
        })?;
        self.add(parsed, Provider::Process(number))
    }

    /// The filter with this id.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.filter.id == id)
    }

    /// All filters, in the order they were found.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every file and folder that could not be used.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The files that are named like libraries; folders that cannot be read are refused.
    fn libraries<P: AsRef<Path>>(&mut self, folders: &[P]) -> Vec<PathBuf> {
        let mut libraries = Vec::new();
        for folder in folders.iter().map(AsRef::as_ref) {
            match fs::read_dir(folder) {
                Ok(files) => {
                    let files = files.filter_map(|file| Some(file.ok()?.path()));
                    let mut files: Vec<_> =
                        files.filter(|file| precheck::is_named_like_a_library(file)).collect();
                    files.sort();
                    libraries.extend(files);
                }
                Err(error) => {
                    let error = precheck::unreadable(error);
                    self.refused.push(Refused { path: folder.to_owned(), error });
                }
            }
        }
        libraries
    }

    fn add_checked(&mut self, path: PathBuf, checked: Result<Checked, PrecheckError>) {
        let added = checked
            .and_then(|checked| self.add(checked.descriptor, Provider::Library(checked.path)));
        if let Err(error) = added {
            self.refused.push(Refused { path, error });
        }
    }

    fn add(&mut self, descriptor: Descriptor, provider: Provider) -> Result<(), PrecheckError> {
        let taken = |filter: &FilterDescriptor| match filter.id == BUILT_IN_QUEUE {
            true => Some((filter.id.clone(), "the engine".to_owned())),
            false => self
                .find(&filter.id)
                .map(|entry| (filter.id.clone(), format!("`{}`", entry.plugin.name))),
        };
        // The same library found through two folders is one library.
        if self
            .entries
            .iter()
            .any(|entry| entry.provider == provider && matches!(provider, Provider::Library(_)))
        {
            return Ok(());
        }
        if let Some((id, first)) = descriptor.filters.iter().find_map(taken) {
            return Err(PrecheckError::DuplicateFilterId { id, first });
        }
        let plugin = Arc::new(descriptor.plugin);
        self.entries.extend(descriptor.filters.into_iter().map(|filter| Entry {
            plugin: Arc::clone(&plugin),
            filter: Arc::new(filter),
            provider: provider.clone(),
        }));
        Ok(())
    }
}

/// Fewer files than this are looked at on one thread: starting others would take longer.
const FEW: usize = 16;

/// What is to be known of each file, in their order. Reading a file that nobody has read lately is
/// waiting for the disk, so several are read at once.
fn precheck_all(files: &[PathBuf], trust: Trust) -> Vec<Result<Checked, PrecheckError>> {
    let check =
        |files: &[PathBuf]| -> Vec<_> { files.iter().map(|file| precheck(file, trust)).collect() };
    if files.len() < FEW {
        return check(files);
    }
    let threads = 4 * thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(threads));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || check(part))).collect();
        let done = parts.into_iter().map(|part| part.join());
        done.flat_map(|part| part.expect("looking at a file does not panic")).collect()
    })
}

/// The id under which manifests ask for a queue. No library is behind it: the plan turns it into a
/// thread border.
pub const BUILT_IN_QUEUE: &str = "queue";

/// The descriptor of the built-in queue, which is checked like any other.
pub fn built_in_queue() -> &'static FilterDescriptor {
    static QUEUE: LazyLock<FilterDescriptor> = LazyLock::new(|| {
        let text = include_str!("catalog/queue.toml");
        let filters = Descriptor::parse(text).expect("the built-in descriptor is tested").filters;
        filters.into_iter().next().expect("the built-in descriptor has one filter")
    });
    &QUEUE
}

#[cfg(test)]
mod tests;
