//! Opening a plugin library, step by step, each step with its own error.
#![allow(unsafe_code)] // opening a library runs its code

use std::collections::HashMap;
use std::fmt;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use driftless_plugin_api::abi::abi_stable::StableAbi;
use driftless_plugin_api::abi::abi_stable::abi_stability::abi_checking::{
    CheckingGlobals, check_layout_compatibility_with_globals,
};
use driftless_plugin_api::abi::abi_stable::library::{
    AbiHeaderRef, IsLayoutChecked, LibHeader, LibraryError, RootModule,
};
use driftless_plugin_api::abi::abi_stable::sabi_types::VersionNumber;
use driftless_plugin_api::abi::filter::FactoryRef;
use driftless_plugin_api::abi::module::{ENTRY_SYMBOL, ModuleRef};
use driftless_plugin_api::descriptor::Descriptor;

use crate::catalog::{PrecheckError, Trust, precheck};

/// Why a library was not loaded. Nothing of it stays in the process, except that one which was opened
/// stays mapped: unloading code that may have started threads is never safe.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file is not a plugin library, or not to be trusted; it was not opened.
    Refused(PrecheckError),
    /// The dynamic loader refused it; its own words.
    Open(String),
    /// The entry symbol that the file shows is not what the opened library has.
    NoEntrySymbol,
    /// Made with another abi_stable.
    AbiStableVersion(String),
    /// Its compiler passes arguments otherwise.
    CAbi(String),
    /// Written for another major version of plugin-api.
    ApiMajor {
        /// What this engine has.
        host: u32,
        /// What the library wants.
        plugin: u32,
    },
    /// It hides its layouts, so nothing can be checked.
    NoLayout,
    /// Types differ; one line for each difference.
    Layout(Vec<String>),
    /// Its own start failed.
    Init(String),
    /// Descriptor and code disagree; says in what.
    DescriptorMismatch(String),
    /// The library does not make a filter that its descriptor declares.
    UnknownFilter(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Open(why) => write!(f, "the system could not open it: {why}"),
            Self::NoEntrySymbol => write!(f, "the opened library has no symbol `{ENTRY_SYMBOL}`"),
            Self::AbiStableVersion(found) => write!(
                f,
                "it was made with an abi_stable that differs from the host's ({found}); rebuild it \
                 against the plugin-api of this host"
            ),
            Self::CAbi(why) => write!(f, "its compiler passes arguments otherwise: {why}"),
            Self::ApiMajor { host, plugin } => write!(
                f,
                "it was written for plugin-api {plugin}, this host has {host}; rebuild the plugin, or \
                 use a host with plugin-api {plugin}"
            ),
            Self::NoLayout => write!(
                f,
                "it carries no type layouts to check; build it with `export_plugin!` unchanged"
            ),
            Self::Layout(differences) => {
                write!(f, "its types differ from the host's: {}", differences.join("; "))
            }
            Self::Init(why) => write!(f, "it failed to start: {why}"),
            Self::DescriptorMismatch(what) => {
                write!(f, "its descriptor and its code disagree: {what}")
            }
            Self::UnknownFilter(id) => {
                write!(f, "its descriptor declares `{id}`, but its code does not make it")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// A library that is open and checked. It is never closed.
#[derive(Clone)]
pub struct Library {
    factories: Vec<FactoryRef>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.factories.iter().map(|factory| factory.id()).collect();
        f.debug_struct("Library").field("filters", &ids).finish()
    }
}

impl Library {
    /// What makes the filter `id`.
    pub fn factory(&self, id: &str) -> Option<FactoryRef> {
        self.factories.iter().copied().find(|factory| factory.id() == id)
    }
}

/// Opens the library at `path`, once for the process. `[main]`
///
/// The file was read before it is opened, so what is opened at least is a whole library for this
/// machine that says it is a plugin. Its initialisers run here; that they are harmless is what the
/// owner of a plugin folder vouches for, and nothing that can be checked proves it.
///
/// # Errors
///
/// The first step that failed.
pub fn load(path: &Path) -> Result<Library, LoadError> {
    static LOADED: OnceLock<Mutex<HashMap<PathBuf, Library>>> = OnceLock::new();
    let loaded = LOADED.get_or_init(Mutex::default);
    let mut loaded = loaded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // What is open stays what it is, whatever became of the file: it need not be read once more.
    if let Some(library) = loaded.get(path) {
        return Ok(library.clone());
    }
    let checked = precheck(path, Trust::Owner).map_err(LoadError::Refused)?;
    if let Some(library) = loaded.get(&checked.path) {
        return Ok(library.clone());
    }
    let library = open(&checked.path)?;
    compare(&checked.descriptor, &library)?;
    loaded.insert(checked.path, library.clone());
    Ok(library)
}

fn open(path: &Path) -> Result<Library, LoadError> {
    let header = header(path)?;
    check_major(header)?;
    check_layout(header)?;
    // SAFETY: the layouts were found compatible just now.
    let module = unsafe { header.init_root_module_with_unchecked_layout::<ModuleRef>() }
        .map_err(|error| LoadError::Init(error.to_string()))?;
    Ok(Library { factories: module.factories()().into_vec() })
}

fn header(path: &Path) -> Result<&'static LibHeader, LoadError> {
    let library = open_now(path).map_err(|error| {
        // `Display` says only that it failed; the loader's own words are in the source.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        LoadError::Open(cause.unwrap_or_else(|| error.to_string()))
    })?;
    let library = ManuallyDrop::new(library);
    // The symbol is the header itself, so its address, which `get` returns, is the reference.
    // SAFETY: a symbol of this name is only ever the header that `export_plugin!` writes; the library
    // is never closed, so the reference lives as long as the process.
    let symbol = unsafe { library.get::<AbiHeaderRef>(ENTRY_SYMBOL.as_bytes()) };
    let reference = *symbol.map_err(|_| LoadError::NoEntrySymbol)?;
    reference.upgrade().map_err(|error| match error {
        LibraryError::InvalidCAbi { .. } => LoadError::CAbi(error.to_string()),
        other => LoadError::AbiStableVersion(first_line(&other.to_string())),
    })
}

#[cfg(unix)]
fn open_now(path: &Path) -> Result<libloading::Library, libloading::Error> {
    use libloading::os::unix::{Library as UnixLibrary, RTLD_LOCAL, RTLD_NOW};
    // At once, not lazily: an undefined function would otherwise end the process at its first call.
    // SAFETY: the file was checked; its initialisers are the folder owner's to vouch for.
    unsafe { UnixLibrary::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
}

#[cfg(not(unix))]
fn open_now(path: &Path) -> Result<libloading::Library, libloading::Error> {
    // SAFETY: the file was checked; its initialisers are the folder owner's to vouch for.
    unsafe { libloading::Library::new(path) }
}

fn check_major(header: &LibHeader) -> Result<(), LoadError> {
    let (host, plugin) = (version(ModuleRef::VERSION_STRINGS)?, version(header.version_strings())?);
    if host.major == plugin.major {
        Ok(())
    } else {
        Err(LoadError::ApiMajor { host: host.major, plugin: plugin.major })
    }
}

fn version(
    strings: driftless_plugin_api::abi::abi_stable::sabi_types::VersionStrings,
) -> Result<VersionNumber, LoadError> {
    VersionNumber::new(strings).map_err(|error| LoadError::Init(error.to_string()))
}

fn check_layout(header: &LibHeader) -> Result<(), LoadError> {
    let IsLayoutChecked::Yes(plugin) = header.root_mod_consts().layout() else {
        return Err(LoadError::NoLayout);
    };
    let host = <ModuleRef as StableAbi>::LAYOUT;
    let minors = (version(ModuleRef::VERSION_STRINGS)?, version(header.version_strings())?);
    // The check wants the older interface first: it lets the second have more functions, not fewer.
    let (first, second) =
        if minors.1.minor >= minors.0.minor { (host, plugin) } else { (plugin, host) };
    // Fresh globals for every check: with shared ones, an odd plugin makes later good ones fail.
    check_layout_compatibility_with_globals(first, second, &CheckingGlobals::new()).map_err(
        |error| {
            let mut lines: Vec<String> = error
                .to_string()
                .lines()
                .filter_map(|line| {
                    line.trim().strip_prefix("Error:").map(|text| text.trim().to_owned())
                })
                .collect();
            lines.dedup();
            lines.truncate(8);
            LoadError::Layout(lines)
        },
    )
}

fn compare(descriptor: &Descriptor, library: &Library) -> Result<(), LoadError> {
    for declared in &descriptor.filters {
        let factory = library
            .factory(&declared.id)
            .ok_or_else(|| LoadError::UnknownFilter(declared.id.clone()))?;
        let kind =
            ["source", "transform", "renderer"].get((factory.kind() as usize).wrapping_sub(1));
        if kind != Some(&declared.kind.name()) {
            return Err(LoadError::DescriptorMismatch(format!(
                "`{}` is declared as {}, but made as {}",
                declared.id,
                declared.kind,
                kind.unwrap_or(&"something unknown")
            )));
        }
    }
    match library.factories.iter().find(|factory| descriptor.filter(&factory.id()).is_none()) {
        Some(surplus) => Err(LoadError::DescriptorMismatch(format!(
            "the code makes `{}`, which is not declared",
            surplus.id()
        ))),
        None => Ok(()),
    }
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}
