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
use driftless_plugin_api::abi::abi_stable::sabi_types::{VersionNumber, VersionStrings};
use driftless_plugin_api::abi::filter::FactoryRef;
use driftless_plugin_api::abi::layout::Layouts;
use driftless_plugin_api::abi::module::{C_ENTRY_SYMBOL, ModuleRef};
use driftless_plugin_api::descriptor::Descriptor;
use driftless_plugin_api::testing::Driver;
use driftless_plugin_api::{FilterError, Settings};

use super::c_plugin::{self, CFactoryRef};
use super::error::{LayoutError, LoadError, Step};
use super::probe::Prober;
use crate::catalog::{Checked, Content, EntryPoint, PrecheckError, Trust, precheck};

/// How libraries are opened.
#[derive(Debug, Clone, Default)]
pub struct Loading {
    /// Whose files are opened.
    pub trust: Trust,
    /// Opens each library in a process of its own first. Without one, a library that is damaged or
    /// hostile can end this process.
    pub prober: Option<Prober>,
}

/// A kind of filter, as its library makes it.
#[derive(Clone, Copy)]
pub enum Maker {
    /// From a plugin in Rust.
    Rust(FactoryRef),
    /// From a plugin in C.
    C(CFactoryRef),
}

impl From<FactoryRef> for Maker {
    fn from(factory: FactoryRef) -> Self {
        Self::Rust(factory)
    }
}

impl Maker {
    /// The filter's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Rust(factory) => factory.id().as_str(),
            Self::C(factory) => factory.id(),
        }
    }

    /// Makes a filter on a test bench instead of in a graph. `[main]`
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn drive(&self, settings: &Settings) -> Result<Driver, FilterError> {
        match self {
            Self::Rust(factory) => Driver::of(*factory, settings),
            // SAFETY: the filter was made just now, behind the table for those in C.
            Self::C(factory) => unsafe { Driver::with(|host| factory.create(settings, host)) },
        }
    }

    /// 1 source, 2 transform, 3 renderer.
    fn kind(&self) -> u32 {
        match self {
            Self::Rust(factory) => factory.kind(),
            Self::C(factory) => factory.kind(),
        }
    }
}

/// A library that is open and checked. It is never closed.
#[derive(Clone)]
pub struct Library {
    makers: Vec<Maker>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.makers.iter().map(Maker::id).collect();
        f.debug_struct("Library").field("filters", &ids).finish()
    }
}

impl Library {
    /// What makes the filter `id`.
    pub fn maker(&self, id: &str) -> Option<Maker> {
        self.makers.iter().copied().find(|maker| maker.id() == id)
    }
}

/// Opens the library at `path`, once for the process, without trying it out elsewhere first. `[main]`
///
/// # Errors
///
/// The first step that failed.
pub fn load(path: &Path) -> Result<Library, LoadError> {
    load_with(path, None, &Loading::default())
}

/// Opens the library at `path`, once for the process. `[main]`
///
/// The file was read before it is opened, so what is opened at least is a whole library for this
/// machine that says it is a plugin. With a prober, another process has opened it before. What a library
/// does only in this process and at a later time is what the owner of a plugin folder vouches for.
///
/// # Errors
///
/// The first step that failed.
pub fn load_with(
    path: &Path,
    pinned: Option<Content>,
    loading: &Loading,
) -> Result<Library, LoadError> {
    static LOADED: OnceLock<Mutex<HashMap<PathBuf, Library>>> = OnceLock::new();
    let loaded = LOADED.get_or_init(Mutex::default);
    let mut loaded = loaded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // What is open stays what it is, whatever became of the file: it need not be read once more.
    if let Some(library) = loaded.get(path).filter(|_| pinned.is_none()) {
        return Ok(library.clone());
    }
    let checked = precheck(path, loading.trust).map_err(LoadError::Refused)?;
    if let Some(pinned) = pinned {
        check_content(&checked.path, pinned)?;
    }
    if let Some(library) = loaded.get(&checked.path) {
        return Ok(library.clone());
    }
    if let Some(prober) = &loading.prober {
        prober.try_out(&checked.path)?;
    }
    let library = open(&checked, &mut |_| ())?;
    loaded.insert(checked.path, library.clone());
    Ok(library)
}

/// Whether the file at `path` has the content that is pinned.
///
/// # Errors
///
/// What it has instead.
pub(crate) fn check_content(path: &Path, pinned: Content) -> Result<(), LoadError> {
    let found = Content::of(path).map_err(PrecheckError::Unreadable).map_err(LoadError::Refused)?;
    if found == pinned {
        return Ok(());
    }
    Err(LoadError::Refused(PrecheckError::OtherContent { found, pinned }))
}

/// Opens a file that was checked; `begins` is told each step before it is done.
///
/// # Errors
///
/// The first step that failed.
pub(super) fn open(checked: &Checked, begins: &mut dyn FnMut(Step)) -> Result<Library, LoadError> {
    begins(Step::Open);
    let library = open_now(&checked.path).map_err(|error| {
        // `Display` says only that it failed; the loader's own words are in the source.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        LoadError::Open(cause.unwrap_or_else(|| error.to_string()))
    })?;
    let library = ManuallyDrop::new(library);
    begins(Step::Entry);
    let makers = match &checked.entry {
        EntryPoint::C => {
            // SAFETY: a symbol of this name is what driftless.h makes; the library is never closed.
            let symbol = unsafe { library.get::<c_plugin::Entry>(C_ENTRY_SYMBOL.as_bytes()) };
            c_plugin::makers(*symbol.map_err(|_| LoadError::NoEntrySymbol)?)?
        }
        EntryPoint::Rust(symbol) => {
            // The symbol is the header itself, so its address, which `get` returns, is the reference.
            // SAFETY: a symbol of this name is only ever the header that `export_plugin!` writes; the
            // library is never closed, so the reference lives as long as the process.
            let header = unsafe { library.get::<AbiHeaderRef>(symbol.as_bytes()) };
            rust_makers(*header.map_err(|_| LoadError::NoEntrySymbol)?, begins)?
        }
    };
    begins(Step::Filters);
    let library = Library { makers };
    compare(&checked.descriptor, &library)?;
    Ok(library)
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

fn rust_makers(
    reference: AbiHeaderRef,
    begins: &mut dyn FnMut(Step),
) -> Result<Vec<Maker>, LoadError> {
    let header = reference.upgrade().map_err(|error| match error {
        LibraryError::InvalidCAbi { .. } => LoadError::CAbi(error.to_string()),
        other => LoadError::AbiStableVersion(first_line(&other.to_string())),
    })?;
    check_major(header)?;
    begins(Step::Layouts);
    check_layout(header)?;
    begins(Step::Start);
    // SAFETY: the layouts were found compatible just now.
    let module = unsafe { header.init_root_module_with_unchecked_layout::<ModuleRef>() }
        .map_err(|error| LoadError::Init(error.to_string()))?;
    Ok(module.factories()().into_iter().map(Maker::Rust).collect())
}

fn check_major(header: &LibHeader) -> Result<(), LoadError> {
    let (host, plugin) = (version(ModuleRef::VERSION_STRINGS)?, version(header.version_strings())?);
    if host.major == plugin.major {
        Ok(())
    } else {
        Err(LoadError::ApiMajor { host: host.major, plugin: plugin.major })
    }
}

fn version(strings: VersionStrings) -> Result<VersionNumber, LoadError> {
    VersionNumber::new(strings).map_err(|error| LoadError::Init(error.to_string()))
}

fn check_layout(header: &LibHeader) -> Result<(), LoadError> {
    let IsLayoutChecked::Yes(plugin) = header.root_mod_consts().layout() else {
        return Err(LoadError::NoLayout);
    };
    let host = <ModuleRef as StableAbi>::LAYOUT;
    let versions = (version(ModuleRef::VERSION_STRINGS)?, version(header.version_strings())?);
    // The check wants the older interface first: it lets the second have more functions, not fewer.
    let plugin_is_older = versions.1.minor < versions.0.minor;
    let (first, second) = if plugin_is_older { (plugin, host) } else { (host, plugin) };
    // Fresh globals for every check: with shared ones, an odd plugin makes later good ones fail.
    let checked = check_layout_compatibility_with_globals(first, second, &CheckingGlobals::new());
    checked.map_err(|error| {
        LoadError::Layout(Box::new(LayoutError {
            host: versions.0.to_string(),
            plugin: versions.1.to_string(),
            differences: Layouts::of(&[first]).broken_by(&Layouts::of(&[second])),
            plugin_is_older,
            otherwise: said(&error.to_string()),
        }))
    })
}

/// What abi_stable's 500 to 1,000 lines come down to.
fn said(error: &str) -> Vec<String> {
    let of_line = |line: &str| Some(line.trim().strip_prefix("Error:")?.trim().to_owned());
    let mut lines: Vec<String> = error.lines().filter_map(of_line).collect();
    lines.dedup();
    lines.truncate(8);
    lines
}

fn compare(descriptor: &Descriptor, library: &Library) -> Result<(), LoadError> {
    for declared in &descriptor.filters {
        let maker = library
            .maker(&declared.id)
            .ok_or_else(|| LoadError::UnknownFilter(declared.id.clone()))?;
        let kind = ["source", "transform", "renderer"].get((maker.kind() as usize).wrapping_sub(1));
        if kind != Some(&declared.kind.name()) {
            return Err(LoadError::DescriptorMismatch(format!(
                "`{}` is declared as {}, but made as {}",
                declared.id,
                declared.kind,
                kind.unwrap_or(&"something unknown")
            )));
        }
    }
    match library.makers.iter().find(|maker| descriptor.filter(maker.id()).is_none()) {
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
